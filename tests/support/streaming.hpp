#pragma once

#include "support/bodies.hpp"
#include "support/simulation.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test {

using Ending = SimulatedAnswer::Ending;

/// The event of a chunk with one choice.
inline std::string chunk(nlohmann::json delta, nlohmann::json finish_reason = nullptr, int index = 0) {
  return sse_event(chunk_json(std::move(delta), std::move(finish_reason), index));
}
inline std::string role() { return chunk({{"role", "assistant"}, {"content", ""}}); }
inline std::string says(const std::string& text, int index = 0) {
  return sse_event(content_chunk(text, index));
}
inline std::string finish(int index = 0) { return chunk(nlohmann::json::object(), "stop", index); }
inline std::string done() { return sse_event("[DONE]"); }
inline std::string whole(const std::string& text) { return role() + says(text) + finish() + done(); }

inline SimulatedAnswer streaming(std::string body, Ending ending = Ending::complete) {
  return {.body = std::move(body), .ending = ending};
}

/// Every event after the same pause.
inline SimulatedAnswer dripping(const std::vector<std::string>& events, std::chrono::nanoseconds pause,
                                Ending ending = Ending::complete) {
  SimulatedAnswer answer{.ending = ending};
  for (const std::string& one : events) answer.pieces.push_back({pause, one});
  return answer;
}

/// All that a stream says from here on, and how it ended.
struct Heard {
  std::vector<std::string> texts{};  ///< of every chunk, empty ones included
  std::optional<ErrorKind> kind{};   ///< null: a clean end
};

inline Heard listen(Stream<ChatCompletionChunk>& stream) {
  Heard heard;
  while (auto chunk = stream.next()) heard.texts.push_back(chunk->text());
  if (stream.error()) heard.kind = stream.error()->kind;
  return heard;
}

inline Stream<ChatCompletionChunk> ask_to_stream(const Client& client, RequestOptions options = {}) {
  return client.chat.completions.stream(question(), std::move(options));
}

/// Opens a stream and listens to its end.
inline Heard hear(const Client& client, RequestOptions options = {}) {
  auto stream = ask_to_stream(client, std::move(options));
  return listen(stream);
}

/// One endpoint with this script.
struct OneEndpoint : Simulation {
  explicit OneEndpoint(std::vector<SimulatedAnswer> answers) {
    add(script(std::move(answers)));
    options.max_retries = 0;
  }
  explicit OneEndpoint(SimulatedAnswer answer)
      : OneEndpoint(std::vector<SimulatedAnswer>{std::move(answer)}) {}
};

inline Counts counts(const Client& client, std::size_t endpoint = 0) {
  return client.endpoints().at(endpoint).counts;
}

}  // namespace openailb::test
