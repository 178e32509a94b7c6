#pragma once

#include "support/bodies.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::test {

using HeaderLines = std::vector<std::pair<std::string, std::string>>;

/// A request as a server received it.
struct Request {
  std::string method{};
  std::string target{};
  HeaderLines headers{};     ///< in the order of arrival
  std::string body{};        ///< without the framing of chunks
  std::string raw{};         ///< every byte as it came
  std::size_t connection{};  ///< which of the server's connections brought it, from 0

  /// The value of the first header of this name, whatever its case.
  std::optional<std::string> header(std::string_view name) const {
    auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    for (const auto& [key, value] : headers) {
      if (std::ranges::equal(key, name, same)) return value;
    }
    return std::nullopt;
  }

  nlohmann::json json() const { return nlohmann::json::parse(body); }
};

inline std::string response_head(int status, const HeaderLines& headers) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " \r\n";
  for (const auto& [name, value] : headers) head.append(name).append(": ").append(value).append("\r\n");
  return head + "\r\n";
}

/// A whole response with a Content-Length. Its type is JSON unless `headers` say otherwise.
inline std::string http_response(int status, std::string_view body, HeaderLines headers = {}) {
  if (!Request{.headers = headers}.header("content-type")) {
    headers.emplace_back("Content-Type", "application/json");
  }
  headers.emplace_back("Content-Length", std::to_string(body.size()));
  return response_head(status, headers).append(body);
}

/// One chunk of a chunked body.
inline std::string http_chunk(std::string_view bytes) {
  char size[16];
  auto end = std::to_chars(std::begin(size), std::end(size), bytes.size(), 16).ptr;
  return std::string(size, end).append("\r\n").append(bytes).append("\r\n");
}

/// The end of a chunked body.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// The head of a response whose body comes in chunks.
inline std::string chunked_head(int status = 200, HeaderLines headers = {}) {
  headers.emplace_back("Transfer-Encoding", "chunked");
  return response_head(status, headers);
}

/// A whole response whose body comes in the given chunks.
inline std::string chunked_response(int status, const std::vector<std::string>& pieces,
                                    HeaderLines headers = {}) {
  std::string response = chunked_head(status, std::move(headers));
  for (const auto& piece : pieces) response += http_chunk(piece);
  return response.append(last_chunk);
}

/// The head of an event stream, to be followed by http_chunk(sse_event(...)) as often as wanted, and
/// last_chunk.
inline std::string sse_head(HeaderLines headers = {}) {
  headers.emplace_back("Content-Type", "text/event-stream");
  return chunked_head(200, std::move(headers));
}

/// A whole event stream, one chunk for each event's data; a clean one ends with "[DONE]".
inline std::string sse_response(const std::vector<std::string>& events, HeaderLines headers = {}) {
  std::string response = sse_head(std::move(headers));
  for (const auto& data : events) response += http_chunk(sse_event(data));
  return response.append(last_chunk);
}

/// The events of a whole streamed completion: the role, each piece of content, the finish reason, [DONE].
inline std::vector<std::string> completion_events(const std::vector<std::string>& contents) {
  std::vector<std::string> events{chunk_json({{"role", "assistant"}, {"content", ""}})};
  for (const auto& content : contents) events.push_back(content_chunk(content));
  events.push_back(chunk_json(nlohmann::json::object(), "stop"));
  events.emplace_back("[DONE]");
  return events;
}

}  // namespace openailb::test
