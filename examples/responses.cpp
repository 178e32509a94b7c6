// The Responses API: a model that calls a function, and a stream.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>
#include <vector>

using nlohmann::json;

int main() {
  openailb::Client client(openailb_examples::endpoints());

  // [responses]
  const openailb::ResponseTool weather{.name = "get_weather",
                                       .description = "The weather in a city, now.",
                                       .parameters = R"({"type": "object", "required": ["city"],
                                                         "additionalProperties": false,
                                                         "properties": {"city": {"type": "string"}}})"};
  std::vector input{openailb::response_message("user", "What is the weather like in Paris and in Oslo?")};
  auto response =
      client.responses.create({.model = openailb_examples::model(), .input = input, .tools = {weather}});
  for (const auto& item : response->output) {
    input.push_back(item);  // the model wants to see again what it said
    if (item.type != "function_call") continue;
    std::cout << item.name << ' ' << item.arguments << '\n';
    const json result{{"city", json::parse(item.arguments).at("city")}, {"sky", "sunny"}, {"celsius", 22}};
    input.push_back(openailb::function_call_output(item.call_id, result.dump()));
  }
  response =
      client.responses.create({.model = openailb_examples::model(), .input = input, .tools = {weather}});
  std::cout << response->output_text() << '\n';
  // [/responses]

  // [response-stream]
  auto stream = client.responses.stream({
      .model = openailb_examples::model(),
      .input = "Write a haiku about load balancing.",
  });
  for (const auto& event : stream) std::cout << event.output_text() << std::flush;
  std::cout << "\n(" << stream.completion().status << ")\n";
  // [/response-stream]
}
