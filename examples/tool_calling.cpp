// A model that asks for the weather, and a program that knows it.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>
#include <vector>

using nlohmann::json;

// [tool]
const openailb::ChatCompletionTool weather_tool = openailb::function_tool(
    "get_weather", "The weather in a city, now.",
    {{"type", "object"}, {"properties", {{"city", {{"type", "string"}}}}}, {"required", {"city"}}});

json get_weather(const json& arguments) {
  const std::string city = arguments.at("city");
  if (city == "Oslo") return {{"city", city}, {"sky", "raining"}, {"celsius", 9}};
  return {{"city", city}, {"sky", "sunny"}, {"celsius", 22}};
}
// [/tool]

int main() {
  openailb::Client client(openailb_examples::endpoints());

  // [tool-loop]
  std::vector messages{openailb::user_message("What is the weather like in Paris and in Oslo?")};
  for (;;) {
    auto completion = client.chat.completions.create({
        .model = openailb_examples::model(),
        .messages = messages,
        .tools = {weather_tool},
    });
    const auto& message = completion->choices[0].message;
    if (message.tool_calls.empty()) {
      std::cout << message.content << '\n';
      break;
    }

    // The model wants to know something first: what it said goes into the history, then each result.
    messages.push_back(openailb::assistant_message(message));
    for (const auto& call : message.tool_calls) {
      std::cout << call.function.name << ' ' << call.function.arguments << '\n';
      const json result = get_weather(json::parse(call.function.arguments));
      messages.push_back(openailb::tool_message(result.dump(), call.id));
    }
  }
  // [/tool-loop]
}
