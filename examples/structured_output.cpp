// An answer in the form that a program wants.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>

using nlohmann::json;

int main() {
  openailb::Client client(openailb_examples::endpoints());

  // [structured-output]
  // Models answer in the order of the schema's keys, which ordered_json keeps.
  const nlohmann::ordered_json schema = {
      {"type", "object"},
      {"properties",
       {{"name", {{"type", "string"}}},
        {"day", {{"type", "string"}}},
        {"participants", {{"type", "array"}, {"items", {{"type", "string"}}}}}}},
      {"required", {"name", "day", "participants"}},
      {"additionalProperties", false},
  };
  auto completion = client.chat.completions.create({
      .model = openailb_examples::model(),
      .messages = {openailb::system_message("Extract the event."),
                   openailb::user_message("Alice and Bob are going to a science fair on Friday.")},
      .response_format = openailb::json_schema_format("event", schema),
  });

  const json event = json::parse(completion->text());
  std::cout << event.at("name").get<std::string>() << ", " << event.at("day").get<std::string>() << '\n';
  for (const json& who : event.at("participants")) std::cout << "- " << who.get<std::string>() << '\n';
  // [/structured-output]
}
