// The how-tos of README.md, each in a few lines.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>
#include <openailb/testing/simulated_network.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <iostream>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using nlohmann::json;
using openailb::testing::Fault;
using openailb::testing::SimulatedServer;

namespace {

using Endpoints = std::vector<openailb::EndpointConfig>;

const std::string model = openailb_examples::model();
const openailb::ChatCompletionCreateParams params{.model = model,
                                                  .messages = {openailb::user_message("Hello!")}};
const openailb::ChatCompletionCreateParams poem{
    .model = model, .messages = {openailb::user_message("Write a haiku about load balancing.")}};
const openailb::ChatCompletionTool weather_tool = openailb::function_tool(
    "get_weather", "The weather in a city, now.",
    {{"type", "object"}, {"properties", {{"city", {{"type", "string"}}}}}, {"required", {"city"}}});

std::string get_weather(const std::string& arguments) {
  return json{{"city", json::parse(arguments).at("city")}, {"sky", "sunny"}, {"celsius", 22}}.dump();
}

void streams(const Endpoints& endpoints) {
  openailb::Client client(endpoints);
  // [streams]
  auto stream = client.chat.completions.stream(poem);
  for (const auto& chunk : stream) std::cout << chunk.text() << std::flush;
  // [/streams]
  std::cout << '\n';
}

void async(const Endpoints& endpoints) {
  // [async]
  openailb::AsyncClient client(endpoints);
  auto first = client.chat.completions.create(params);  // returns at once
  auto second = client.chat.completions.create(poem);
  std::cout << first.get()->text() << '\n' << second.get()->text() << '\n';  // or: co_await first
  // [/async]
}

void many(const Endpoints& endpoints) {
  // [for-each]
  const std::vector<std::string> prompts{"Hello!", "Hello again!", "My name is Ada."};  // any range
  openailb::AsyncClient client(endpoints);
  openailb::for_each(
      client, prompts,
      [](const std::string& prompt) {
        return openailb::ChatCompletionCreateParams{.model = model,
                                                    .messages = {openailb::user_message(prompt)}};
      },
      [](const std::string& prompt, const openailb::Result<openailb::ChatCompletion>& answer) {
        std::cout << prompt << ": " << (answer ? answer->text() : answer.error().message) << '\n';
      },
      {.concurrency = 512});
  // [/for-each]
}

void tools(const Endpoints& endpoints) {
  openailb::Client client(endpoints);
  // [tools]
  std::vector messages{openailb::user_message("What is the weather like in Paris?")};
  auto asks = client.chat.completions.create({.model = model, .messages = messages, .tools = {weather_tool}});
  messages.push_back(openailb::assistant_message(asks->choices[0].message));
  for (const auto& call : asks->choices[0].message.tool_calls)
    messages.push_back(openailb::tool_message(get_weather(call.function.arguments), call.id));
  auto answer = client.chat.completions.create({.model = model, .messages = messages});
  // [/tools]
  std::cout << answer->text() << '\n';
}

void endpoints_and_models() {
  // [endpoints]
  openailb::Client client({
      openailb::azure_endpoint("https://my-resource.openai.azure.com", "my-azure-key"),
      {.api_key = "my-key", .base_url = "https://openrouter.ai/api/v1", .model_map = {{"*", "openai/*"}}},
      {.base_url = "http://localhost:8000/v1", .model_map = {{"gpt-*", "llama-3.3-70b"}}, .name = "local"},
  });
  // [/endpoints]
  std::cout << client.endpoints().size() << " endpoints\n";
}

void breakers(const Endpoints& endpoints) {
  // [breakers]
  openailb::BreakerSettings breaker{.timeout = 10s};  // unset: open for 30 s after 3 failures in a row
  breaker.ready_to_trip = [](const openailb::Counts& counts) { return counts.consecutive_failures >= 5; };
  openailb::Client client(endpoints, {.breaker = breaker});
  auto completion = client.chat.completions.create(params, {.fallback_models = {"gpt-4o", "o4-mini"}});
  for (const auto& one : client.endpoints()) std::cout << one.name << ": " << one.state << '\n';
  // [/breakers]
  std::cout << completion->info.model << '\n';
}

void routing() {
  // [routing]
  openailb::Client client({{.api_key = "key-1", .name = "primary", .weight = 3, .max_in_flight = 20},
                           {.api_key = "key-2", .name = "second", .requests_per_minute = 500},
                           {.base_url = "http://localhost:8000/v1", .name = "backup", .priority = 1}},
                          {.scorer = openailb::lowest_latency});
  // [/routing]
  std::cout << client.endpoints().size() << " endpoints\n";
}

void errors(const Endpoints& endpoints) {
  openailb::Client client(endpoints);
  openailb_examples::fall_over("alpha");
  openailb_examples::fall_over("beta");
  // [errors]
  auto completion = client.chat.completions.create(params);
  if (!completion) std::cerr << completion.error().kind << ": " << completion.error().message << '\n';
  // [/errors]
  openailb_examples::recover("alpha");
  openailb_examples::recover("beta");
}

void timeouts(const Endpoints& endpoints) {
  // [timeouts]
  openailb::Client client(endpoints, {.timeout = 30s, .deadline = 60s});
  std::stop_source stop;  // stop.request_stop(), from any thread, ends the call at once
  auto completion = client.chat.completions.create(params, {.deadline = 5s, .stop_token = stop.get_token()});
  // [/timeouts]
  std::cout << completion->text() << '\n';
}

void seeing(const Endpoints& endpoints) {
  // [seeing]
  const auto listen = [](const openailb::Event& event) {
    if (const auto* ended = std::get_if<openailb::AttemptEnded>(&event))
      std::cout << ended->endpoint << ": " << ended->status << '\n';
  };
  openailb::Client client(endpoints, {.on_event = listen});
  auto completion = client.chat.completions.create(params);
  std::cout << completion->info.endpoint << ", attempt " << completion->info.attempts.size() << '\n';
  // [/seeing]
}

/// The code to be tested: it takes the client that it is to use.
std::string greeting(openailb::Client& client) { return client.chat.completions.create(params)->text(); }

bool test() {
  // [testing]
  openailb::testing::SimulatedNetwork network;
  network.serve("https://one.example", SimulatedServer({.faults = {{Fault::overloaded, 1.0}}}));
  network.serve("https://two.example", SimulatedServer({.content = [](const auto&) { return "Hi, you!"; }}));
  openailb::Client client({{.base_url = "https://one.example"}, {.base_url = "https://two.example"}},
                          {.event_loop = network.loops()});
  const bool passed = greeting(client) == "Hi, you!" && network.requests().size() == 2;
  // [/testing]
  return passed;
}

}  // namespace

int main() {
  const Endpoints endpoints = openailb_examples::endpoints();
  streams(endpoints);
  async(endpoints);
  many(endpoints);
  tools(endpoints);
  endpoints_and_models();
  breakers(endpoints);
  routing();
  errors(endpoints);
  timeouts(endpoints);
  seeing(endpoints);
  std::cout << (test() ? "passed" : "FAILED") << '\n';
}
