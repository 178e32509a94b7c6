#pragma once

#include "support/http_message.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace openailb::benchmark {

inline const std::string question = "What is the answer to life, the universe and everything?";
/// One with a short answer, as small servers send it: in one line, with few headers.
inline const std::string short_question = "Hello!";

/// How many chunks a stream has.
inline constexpr std::size_t chunks = 500;

/// The headers that OpenAI's servers send with an answer.
inline const test::HeaderLines headers{
    {"Date", "Tue, 14 Nov 2023 22:13:20 GMT"},
    {"Connection", "keep-alive"},
    {"access-control-expose-headers", "X-Request-ID"},
    {"openai-organization", "user-0123456789abcdefghijklmn"},
    {"openai-processing-ms", "412"},
    {"openai-project", "proj_0123456789abcdefghijklmn"},
    {"openai-version", "2020-10-01"},
    {"x-envoy-upstream-service-time", "431"},
    {"x-ratelimit-limit-requests", "10000"},
    {"x-ratelimit-limit-tokens", "2000000"},
    {"x-ratelimit-remaining-requests", "9999"},
    {"x-ratelimit-remaining-tokens", "1999982"},
    {"x-ratelimit-reset-requests", "6ms"},
    {"x-ratelimit-reset-tokens", "0s"},
    {"x-request-id", "req_0123456789abcdef0123456789abcdef"},
    {"cf-cache-status", "DYNAMIC"},
    {"Set-Cookie",
     "__cf_bm=0123456789abcdefghijklmnopqrstuvwxyz-1700000000-1.0.1.1; path=/; HttpOnly; Secure"},
    {"Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"},
    {"X-Content-Type-Options", "nosniff"},
    {"Server", "cloudflare"},
    {"CF-RAY", "0123456789abcdef-FRA"},
    {"alt-svc", "h3=\":443\"; ma=86400"},
};

/// A completion in the form in which OpenAI's servers send it: indented, with all members.
inline std::string completion() {
  return R"({
  "id": "chatcmpl-BwdL0Zk1hWVtPnTqRkYpA8cQ2mXyB",
  "object": "chat.completion",
  "created": 1700000000,
  "model": "gpt-4o-2024-08-06",
  "choices": [
    {
      "index": 0,
      "message": {
        "role": "assistant",
        "content": "Forty-two, as far as anyone can tell.",
        "refusal": null,
        "annotations": []
      },
      "logprobs": null,
      "finish_reason": "stop"
    }
  ],
  "usage": {
    "prompt_tokens": 18,
    "completion_tokens": 10,
    "total_tokens": 28,
    "prompt_tokens_details": {
      "cached_tokens": 0,
      "audio_tokens": 0
    },
    "completion_tokens_details": {
      "reasoning_tokens": 0,
      "audio_tokens": 0,
      "accepted_prediction_tokens": 0,
      "rejected_prediction_tokens": 0
    }
  },
  "service_tier": "default",
  "system_fingerprint": "fp_07871e2ad8"
}
)";
}

inline std::string short_answer() {
  return test::http_response(
      200,
      R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4o","choices":[)"
      R"({"index":0,"message":{"role":"assistant","content":"Hi!"},"finish_reason":"stop"}]})",
      {{"Content-Type", "application/json"}});
}

/// A stream of chunks of some 300 bytes each.
inline std::string events() {
  std::string all = test::sse_head(headers);
  for (std::size_t index = 0; index < chunks; ++index) {
    const nlohmann::ordered_json chunk{
        {"id", "chatcmpl-BwdL0Zk1hWVtPnTqRkYpA8cQ2mXyB"},
        {"object", "chat.completion.chunk"},
        {"created", 1700000000},
        {"model", "gpt-4o-2024-08-06"},
        {"service_tier", "default"},
        {"system_fingerprint", "fp_07871e2ad8"},
        {"choices",
         {{{"index", 0},
           {"delta", {{"content", index % 3 == 0 ? " and" : " so on"}}},
           {"logprobs", nullptr},
           {"finish_reason", index + 1 == chunks ? nlohmann::ordered_json("stop") : nullptr}}}},
        {"obfuscation", std::string(index % 7 + 1, 'x')}};
    all += test::http_chunk(test::sse_event(chunk.dump()));
  }
  all += test::http_chunk(test::sse_event("[DONE]"));
  return all.append(test::last_chunk);
}

/// Answers as OpenAI's servers do, and a short question shortly.
inline test::Handler serve() {
  return test::answer([answer = test::http_response(200, completion(), headers), shortly = short_answer(),
                       stream = events()](const test::Request& request) {
    if (request.body.find(short_question) != std::string::npos) return shortly;
    return request.body.find("\"stream\":true") == std::string::npos ? answer : stream;
  });
}

inline ChatCompletionCreateParams params(const std::string& asked = question) {
  return {.model = "gpt-4o", .messages = {user_message(asked)}};
}

inline void ask(const Client& client, const std::string& asked = question) {
  if (client.chat.completions.create(params(asked))->text().empty()) throw std::runtime_error("no answer");
}

inline void stream(const Client& client) {
  std::size_t length = 0;
  for (const auto& chunk : client.chat.completions.stream(params())) length += chunk.text().size();
  if (length == 0) throw std::runtime_error("no answer");
}

}  // namespace openailb::benchmark
