// Options of a client and of one call: endpoints of services, headers, parameters, timeouts, cancellation.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <chrono>
#include <iostream>
#include <stop_token>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main() {
  // [timeouts]
  openailb::Client client(openailb_examples::endpoints(),
                          {.max_retries = 1, .timeout = 30s, .connect_timeout = 2s, .deadline = 60s});
  // [/timeouts]

  // [hedging]
  // If an answer takes longer than 95 % of them do, a second endpoint is asked too: at most one call in
  // twenty.
  openailb::Client hedging(openailb_examples::endpoints(),
                           {.hedge = openailb::HedgeOptions{.percentile = 0.95, .max_fraction = 0.05}});
  // [/hedging]
  // [services]
  const std::vector<openailb::EndpointConfig> services{
      openailb::azure_endpoint("https://my-resource.openai.azure.com", "my-azure-key"),
      openailb::openrouter_endpoint("my-openrouter-key", "https://my-app.example", "My app"),
      openailb::local_endpoint("http://localhost:11434"),
  };
  // [/services]
  for (const auto& service : services) std::cout << service.base_url << '\n';

  const openailb::ChatCompletionCreateParams slow{
      .model = openailb_examples::model(),
      .messages = {openailb::user_message("Take your time: what is the meaning of life?")},
  };

  // [deadline]
  auto too_late = client.chat.completions.create(slow, {.deadline = 200ms});
  if (!too_late) std::cout << too_late.error().kind << '\n';
  // [/deadline]

  // [cancel]
  std::stop_source stop;
  std::jthread user([&] {
    std::this_thread::sleep_for(200ms);
    stop.request_stop();  // from any thread; the call ends at once
  });
  auto canceled = client.chat.completions.create(slow, {.stop_token = stop.get_token()});
  if (!canceled) std::cout << canceled.error().kind << '\n';
  // [/cancel]

  // [per-call]
  // A header and a parameter that this library has no name for, and the one endpoint to use.
  auto completion = client.chat.completions.create(
      {
          .model = openailb_examples::model(),
          .messages = {openailb::user_message("Hello!")},
      },
      {
          .extra_headers = {{"X-Trace", "42"}},
          .extra_body = {{"top_k", 40}},
          .endpoint = client.endpoints().back().name,
      });
  std::cout << completion->info.endpoint << ": " << completion->text() << '\n';
  // [/per-call]
}
