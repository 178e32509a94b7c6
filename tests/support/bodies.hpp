#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>

// What servers say, as OpenAI's write it, whatever network it is said on.
namespace openailb::test {

/// A chat completion with one choice.
inline std::string completion_json(std::string_view content = "hello", std::string_view model = "gpt-test") {
  return nlohmann::json{
      {"id", "chatcmpl-1"},
      {"object", "chat.completion"},
      {"created", 1700000000},
      {"model", model},
      {"choices",
       {{{"index", 0},
         {"message", {{"role", "assistant"}, {"content", content}, {"refusal", nullptr}}},
         {"logprobs", nullptr},
         {"finish_reason", "stop"}}}},
      {"usage", {{"prompt_tokens", 5}, {"completion_tokens", 7}, {"total_tokens", 12}}},
  }
      .dump();
}

/// An error.
inline std::string error_json(std::string_view message, nlohmann::json code = nullptr,
                              std::string_view type = "") {
  return nlohmann::json{
      {"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", std::move(code)}}}}
      .dump();
}

/// One chunk of a streamed chat completion, with one choice.
inline std::string chunk_json(nlohmann::json delta, nlohmann::json finish_reason = nullptr, int index = 0) {
  nlohmann::json choice{
      {"index", index}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}};
  return nlohmann::json{
      {"id", "chatcmpl-1"},
      {"object", "chat.completion.chunk"},
      {"created", 1700000000},
      {"model", "gpt-test"},
      {"choices", nlohmann::json::array({std::move(choice)})},
  }
      .dump();
}

/// One chunk that says `content`.
inline std::string content_chunk(std::string_view content, int index = 0) {
  return chunk_json({{"content", content}}, nullptr, index);
}

/// An event of a stream.
inline std::string sse_event(std::string_view data) {
  return std::string("data: ").append(data).append("\n\n");
}

}  // namespace openailb::test
