#pragma once

#include "support/http_message.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace openailb::benchmark {

inline const std::string question = "What is the answer to life, the universe and everything?";

/// How many chunks a stream has.
inline constexpr std::size_t chunks = 500;

/// Answers as OpenAI's servers give them: a completion, or a stream of chunks of some 270 bytes each.
inline test::Handler serve() {
  std::string events = test::sse_head();
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
           {"finish_reason", index + 1 == chunks ? nlohmann::ordered_json("stop") : nullptr}}}}};
    events += test::http_chunk(test::sse_event(chunk.dump()));
  }
  events += test::http_chunk(test::sse_event("[DONE]"));
  events += test::last_chunk;
  const std::string completion =
      test::http_response(200, test::completion_json("Forty-two, as far as anyone can tell."));
  return test::answer([=](const test::Request& request) {
    return request.body.find("\"stream\":true") == std::string::npos ? completion : events;
  });
}

inline ChatCompletionCreateParams params() {
  return {.model = "gpt-4o", .messages = {user_message(question)}};
}

inline void ask(const Client& client) {
  if (client.chat.completions.create(params())->text().empty()) throw std::runtime_error("no answer");
}

inline void stream(const Client& client) {
  std::size_t length = 0;
  for (const auto& chunk : client.chat.completions.stream(params())) length += chunk.text().size();
  if (length == 0) throw std::runtime_error("no answer");
}

}  // namespace openailb::benchmark
