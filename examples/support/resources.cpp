#include "resources.hpp"

#include "replies.hpp"

#include <nlohmann/json.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb_examples {

namespace {

using nlohmann::json;

/// A text or several as a list of texts.
json texts_of(const json& input) { return input.is_array() ? input : json::array({input}); }

std::string base64_of(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text += alphabet[bits >> (count - 6) & 63];
  }
  if (count > 0) text += alphabet[bits << (6 - count) & 63];
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

/// The numbers of a text as floats, the lowest byte of each first.
std::string floats_of(const std::string& text) {
  std::string bytes;
  for (const double number : embedding(text)) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(number));
    for (int byte = 0; byte < 4; ++byte) bytes += static_cast<char>(bits >> 8 * byte & 0xFF);
  }
  return bytes;
}

/// An item of a response's input as the message of a chat that says the same.
json message_of(const json& item) {
  const std::string type = item.value("type", "message");
  if (type == "function_call_output") return {{"role", "tool"}, {"content", item.value("output", "")}};
  if (type != "message") return {{"role", "assistant"}, {"content", ""}};
  return {{"role", item.value("role", "user")}, {"content", item.value("content", json(""))}};
}

/// The request for a chat completion that asks for the same as one for a response.
json chat_request(const json& request) {
  json chat{{"model", request.value("model", "")}, {"messages", json::array()}};
  const json input = request.value("input", json(""));
  if (input.is_string()) chat["messages"].push_back({{"role", "user"}, {"content", input}});
  if (input.is_array()) {
    for (const json& item : input) chat["messages"].push_back(message_of(item));
  }
  for (const json& tool : request.value("tools", json::array()))
    chat["tools"].push_back({{"function", tool}});
  return chat;
}

/// What a message of the assistant's is as the output of a response.
json output_of(const json& message) {
  json output = json::array();
  for (const json& call : message.value("tool_calls", json::array())) {
    output.push_back({{"type", "function_call"},
                      {"id", "fc_" + std::to_string(output.size() + 1)},
                      {"call_id", call.at("id")},
                      {"name", call.at("function").at("name")},
                      {"arguments", call.at("function").at("arguments")},
                      {"status", "completed"}});
  }
  if (!message.at("content").is_string()) return output;
  const json text{{"type", "output_text"}, {"text", message.at("content")}, {"annotations", json::array()}};
  output.push_back({{"type", "message"},
                    {"id", "msg_1"},
                    {"role", "assistant"},
                    {"status", "completed"},
                    {"content", json::array({text})}});
  return output;
}

std::string event(const std::string& type, json members) {
  members["type"] = type;
  return "event: " + type + "\ndata: " + members.dump() + "\n\n";
}

/// The events of a message: it begins, then come its words, then the whole of it.
void add_message(std::vector<std::string>& events, const json& message, std::size_t index) {
  json begun = message;
  begun["content"] = json::array();
  events.push_back(event("response.output_item.added", {{"output_index", index}, {"item", begun}}));
  const std::string text = message.at("content").at(0).at("text");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find_first_of(" \n", begin);
    const std::size_t size = end == std::string::npos ? text.size() - begin : end - begin + 1;
    events.push_back(event("response.output_text.delta", {{"output_index", index},
                                                          {"content_index", 0},
                                                          {"item_id", message.at("id")},
                                                          {"delta", text.substr(begin, size)}}));
    begin += size;
  }
  events.push_back(event("response.output_item.done", {{"output_index", index}, {"item", message}}));
}

}  // namespace

json embeddings(const json& request) {
  const bool in_base64 = request.value("encoding_format", "float") == "base64";
  json data = json::array();
  for (const json& text : texts_of(request.value("input", json::array()))) {
    json vector = in_base64 ? json(base64_of(floats_of(text.get<std::string>())))
                            : json(embedding(text.get<std::string>()));
    data.push_back({{"object", "embedding"}, {"index", data.size()}, {"embedding", std::move(vector)}});
  }
  return {{"object", "list"}, {"data", data}, {"model", request.value("model", "")}};
}

json models() {
  json data = json::array();
  for (const char* name : {"gpt-4o-mini", "text-embedding-3-small"}) {
    data.push_back({{"id", name}, {"object", "model"}, {"created", 1700000000}, {"owned_by", "openailb"}});
  }
  return {{"object", "list"}, {"data", data}};
}

json text_completion(const json& request) {
  json choices = json::array();
  for (const json& prompt : texts_of(request.value("prompt", json("")))) {
    const json message = reply({{"messages", {{{"role", "user"}, {"content", prompt}}}}});
    choices.push_back(
        {{"index", choices.size()}, {"text", message.at("content")}, {"finish_reason", "stop"}});
  }
  return {{"id", "cmpl-1"},
          {"object", "text_completion"},
          {"created", 1700000000},
          {"model", request.value("model", "")},
          {"choices", choices}};
}

json moderation(const json& request) {
  json results = json::array();
  for (const json& text : texts_of(request.value("input", json("")))) {
    const bool violence = text.dump().find("kill") != std::string::npos;
    results.push_back({{"flagged", violence},
                       {"categories", {{"violence", violence}}},
                       {"category_scores", {{"violence", violence ? 0.99 : 0.01}}}});
  }
  return {
      {"id", "modr-1"}, {"model", request.value("model", "omni-moderation-latest")}, {"results", results}};
}

json response(const json& request) {
  return {{"id", "resp_1"},
          {"object", "response"},
          {"created_at", 1700000000},
          {"status", "completed"},
          {"error", nullptr},
          {"incomplete_details", nullptr},
          {"model", request.value("model", "")},
          {"output", output_of(reply(chat_request(request)))}};
}

std::vector<std::string> response_events(const json& response) {
  json begun = response;
  begun["status"] = "in_progress";
  begun["output"] = json::array();
  std::vector<std::string> events{event("response.created", {{"response", begun}})};
  for (std::size_t index = 0; index < response.at("output").size(); ++index) {
    const json& item = response["output"][index];
    if (item.at("type") == "message") {
      add_message(events, item, index);
    } else {
      events.push_back(event("response.output_item.done", {{"output_index", index}, {"item", item}}));
    }
  }
  events.push_back(event("response.completed", {{"response", response}}));
  return events;
}

}  // namespace openailb_examples
