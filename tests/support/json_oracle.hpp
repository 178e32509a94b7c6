#pragma once

#include "support/golden_chat.hpp"
#include "support/written_json.hpp"
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/src/types/chat_stream.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/types/chat.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// What the scanner makes of a text, compared with what nlohmann_json makes of it.
namespace openailb::test {

/// A scanned value as nlohmann_json's, built from its nodes.
inline nlohmann::json tree_of(const detail::JsonNode& node) {
  using detail::JsonNode;
  using detail::JsonType;
  switch (node.type) {
    case JsonType::null: return nullptr;
    case JsonType::boolean: return node.text == "true";
    case JsonType::string: return detail::string_of(node);
    case JsonType::number: return detail::json_of(node);
    case JsonType::array: {
      nlohmann::json array = nlohmann::json::array();
      for (const JsonNode* one = &node + 1; one != node.end(); one = one->end())
        array.push_back(tree_of(*one));
      return array;
    }
    case JsonType::object: {
      nlohmann::json object = nlohmann::json::object();
      for (const JsonNode* name = &node + 1; name != node.end(); name = name[1].end()) {
        object[detail::string_of(*name)] = tree_of(name[1]);
      }
      return object;
    }
  }
  return nullptr;
}

/// Whether a chunk commits its stream, by its whole document.
inline bool document_commits(const nlohmann::json& chunk) {
  const auto says_something = [](const nlohmann::json& json) {
    return json.is_string() ? !json.get_ref<const std::string&>().empty() : !json.empty();
  };
  if (!chunk.is_object() || !chunk.contains("choices") || !chunk["choices"].is_array()) return false;
  for (const nlohmann::json& choice : chunk["choices"]) {
    if (!choice.is_object()) continue;
    if (choice.contains("finish_reason") && says_something(choice["finish_reason"])) return true;
    if (!choice.contains("delta") || !choice["delta"].is_object()) continue;
    for (const auto& [name, value] : choice["delta"].items()) {
      if (name != "role" && says_something(value)) return true;
    }
  }
  return false;
}

/// The same of a text, by its scanned nodes.
inline bool text_commits(std::string_view text) {
  detail::ScannedJson scanned;
  return scanned.read(text) && detail::StreamTraits<ChatCompletionChunk>::commits(scanned.root());
}

template <class T>
bool reads_the_same(std::string_view text, const nlohmann::json& document) {
  detail::ScannedJson scanned;
  scanned.read(text);
  return written_json(detail::read_json<T>(scanned.root())) == written_json(detail::read_json<T>(document));
}

inline bool is_same_error(const std::optional<Error>& one, const std::optional<Error>& other) {
  if (!one || !other) return one.has_value() == other.has_value();
  return one->message == other->message && one->status == other->status && one->kind == other->kind &&
         one->code == other->code && one->type == other->type;
}

/// What differs between the two; null when nothing does.
inline const char* difference(std::string_view text) {
  std::vector<detail::JsonNode> nodes;
  const bool is_taken = detail::JsonScanner::scan(text, false, nodes);
  const auto document = detail::parse_json(text);
  if (is_taken && !document) return "the scanner takes what is not JSON";
  if (is_taken && tree_of(nodes.front()) != *document) return "the values";
  detail::ScannedJson scanned;
  if (scanned.read(text) != (document != nullptr)) return "whether it is JSON";
  if (!document) return nullptr;
  if (tree_of(scanned.root()) != *document) return "the values, repaired";
  if (!reads_the_same<ChatCompletionChunk>(text, *document)) return "a chunk";
  if (!reads_the_same<ChatCompletion>(text, *document)) return "a completion";
  if (!reads_the_same<ChatCompletionCreateParams>(text, *document)) return "params";
  if (detail::StreamTraits<ChatCompletionChunk>::commits(scanned.root()) != document_commits(*document))
    return "the commit point";
  if (!is_same_error(detail::error_inside(scanned.root()), detail::error_inside(*document)))
    return "the error";
  return nullptr;
}

/// Texts as servers send them, to be spoilt in some way.
inline const std::vector<std::string>& sample_texts() {
  static const std::vector<std::string> samples{
      golden_chunk,
      golden_completion,
      golden_params,
      R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" so on"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aN3"})",
      R"({"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}]})",
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":"}}]}}]})",
      R"({"choices":[{"delta":{"content":"Gr\u00fc\u00dfe \ud83d\ude00 \"q\" \\ \/ \b\f\n\r\t"}}]})",
      "{\"choices\":[{\"delta\":{\"content\":\"Gr\xC3\xBC\xC3\x9F"
      "e \xF0\x9F\x98\x80 \xE2\x82\xAC\"}}]}",
      R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7.5,"total_tokens":"12"},"x":[[],{},[{}],-0,1e5,1E+2,0.1,-1.25e-3,18446744073709551615]})",
      R"({"error":{"message":"overloaded","code":503}})",
      R"({"object":"error","message":"no","error":null})",
      R"({"choices":[{"delta":{"content":"a","content":"","content":null}}],"id":"1","id":"2"})",
      R"({"\u0063hoices":[{"delta":{"c\u006fntent":"a"}}]})",
      R"([{"error":{"message":"no"}}])",
  };
  return samples;
}

}  // namespace openailb::test
