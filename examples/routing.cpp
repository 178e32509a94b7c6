// Which endpoint a call goes to: tiers, weights, limits, a scorer of your own, and a fleet that changes.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace {

void call(const openailb::Client& client, openailb::RequestOptions options = {}) {
  auto completion = client.chat.completions.create(
      {
          .model = openailb_examples::model(),
          .messages = {openailb::user_message("Hello!")},
      },
      std::move(options));
  std::cout << "  " << completion->info.endpoint << '\n';
}

}  // namespace

int main() {
  const auto given = openailb_examples::endpoints();
  const auto& alpha = given.front();
  const auto& beta = given.back();

  // [tiers]
  // Two keys of one account share its calls 3 to 1, and its limits. The backup is asked only while neither of
  // them can be.
  openailb::Client tiers({
      {.api_key = alpha.api_key,
       .base_url = alpha.base_url,
       .name = "primary",
       .weight = 3,
       .max_in_flight = 20,
       .quota_group = "my account"},
      {.api_key = alpha.api_key, .base_url = alpha.base_url, .name = "second", .quota_group = "my account"},
      {.api_key = beta.api_key,
       .base_url = beta.base_url,
       .name = "backup",
       .priority = 1,
       .requests_per_minute = 60},
  });
  // [/tiers]
  std::cout << "tiers and weights\n";
  for (int i = 0; i < 4; ++i) call(tiers);

  // [scorer]
  // A scorer says what it costs to ask an endpoint. The cheapest one that can be asked is asked.
  const std::map<std::string, double, std::less<>> prices{{"beta", 0.15}, {"alpha", 0.60}};
  openailb::Client cheapest(given, {.scorer = [prices](const openailb::EndpointLoad& endpoint) {
                              const auto price = prices.find(endpoint.name);
                              return price == prices.end() ? 1.0 : price->second;
                            }});
  // [/scorer]
  std::cout << "the cheapest\n";
  for (int i = 0; i < 2; ++i) call(cheapest);

  std::cout << "one session\n";
  // [affinity]
  // Calls of one session go to one endpoint, which has their prompts in its cache.
  openailb::Client sessions(given, {.scorer = openailb::affinity});
  call(sessions, {.session = "conversation 17"});
  // [/affinity]
  call(sessions, {.session = "conversation 17"});

  // [events]
  openailb::Client watched(given, {.on_event = [](const openailb::Event& event) {
                             if (const auto* ended = std::get_if<openailb::CallEnded>(&event)) {
                               std::cout << "  " << ended->path << ": " << ended->attempts << " attempts\n";
                             }
                           }});
  // [/events]
  std::cout << "a fleet that changes\n";
  // [fleet]
  watched.add_endpoint({.api_key = alpha.api_key, .base_url = alpha.base_url, .name = "new"});
  watched.remove_endpoint(watched.endpoints().front().name);  // what is under way there goes on
  // [/fleet]
  for (int i = 0; i < 2; ++i) call(watched);
}
