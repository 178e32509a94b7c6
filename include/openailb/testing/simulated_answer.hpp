#pragma once

#include <openailb/values/headers.hpp>
#include <openailb/values/http.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::testing {

/// How a simulated server answers one request.
struct SimulatedAnswer {
  /// How the answer ends once everything has been sent.
  enum class Ending {
    complete,  ///< cleanly
    reset,     ///< the connection breaks
    hang,      ///< nothing more ever comes
  };
  /// A piece of the body that is sent separately.
  struct Piece {
    std::chrono::nanoseconds after{};  ///< the pause before it
    std::string bytes{};
  };

  int status{200};
  Headers headers{};
  std::string body{};                  ///< sent at once with the headers
  std::chrono::nanoseconds latency{};  ///< from the request to the headers
  std::vector<Piece> pieces{};         ///< sent after the body, for streams
  Ending ending{Ending::complete};
  /// False: no server answers at that address, so connecting times out after HttpRequest::connect_timeout.
  bool connects{true};
  /// How long connecting takes, before the latency. It times out as well if that is too long.
  std::chrono::nanoseconds connect_time{};
  /// If set, the request fails in this way after the latency, and no answer comes.
  std::optional<TransferFailure> failure{};
};

/// How many bytes of body an answer has.
inline std::size_t size(const SimulatedAnswer& answer) {
  std::size_t sum = answer.body.size();
  for (const SimulatedAnswer::Piece& piece : answer.pieces) sum += piece.bytes.size();
  return sum;
}

/// The same answer, but it ends after the first `bytes` bytes of its body.
inline SimulatedAnswer cut(SimulatedAnswer answer, std::size_t bytes, SimulatedAnswer::Ending ending) {
  const auto keep = [&bytes](std::string& text) {
    if (text.size() > bytes) text.resize(bytes);
    bytes -= text.size();
  };
  keep(answer.body);
  for (SimulatedAnswer::Piece& piece : answer.pieces) keep(piece.bytes);
  std::erase_if(answer.pieces, [](const auto& piece) { return piece.bytes.empty(); });
  answer.ending = ending;
  return answer;
}

/// The same answer, but its body is sent in pieces of `bytes` bytes, with a pause before each.
inline SimulatedAnswer drip(SimulatedAnswer answer, std::size_t bytes, std::chrono::nanoseconds pause) {
  std::string body = std::exchange(answer.body, {});
  for (const SimulatedAnswer::Piece& piece : answer.pieces) body += piece.bytes;
  answer.pieces.clear();
  for (std::size_t at = 0; at < body.size(); at += bytes)
    answer.pieces.push_back({pause, body.substr(at, bytes)});
  return answer;
}

}  // namespace openailb::testing
