#pragma once

#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/sse.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace openailb::detail {

/// What a stream of Chunk needs to know of it, specialised beside the chunk's resource: `Accumulator`, with
/// add(chunk), completion() and finished(), and `commits(json)`, whether a chunk is the commit point.
template <class Chunk>
struct StreamTraits;

/// The stream says that it is over: `[DONE]`.
struct StreamEnd {};

/// What one event of a stream says.
using StreamEvent = std::variant<nlohmann::json, StreamEnd, Error>;

/// Reads an event. What is not JSON is not repeated in the error's message, only in its body.
inline StreamEvent read_event(const ServerSentEvent& event) {
  if (event.data == "[DONE]") return StreamEnd{};
  std::optional<nlohmann::json> document = parse_json(event.data);
  if (!document) {
    const bool is_error = event.event == "error" && !event.data.empty();
    return Error{.kind = is_error ? ErrorKind::api : ErrorKind::parse,
                 .message = is_error ? one_line(event.data) : "an event of the stream is not JSON",
                 .status = 200,
                 .body = event.data};
  }
  std::optional<Error> inside = error_inside(*document);
  if (!inside && event.event == "error") inside = error_inside({{"error", std::move(*document)}});
  if (!inside) return *std::move(document);
  inside->body = event.data;
  return *std::move(inside);
}

/// A chunk and the text that it was read from.
template <class Chunk>
struct StreamPiece {
  Chunk chunk{};
  std::string text{};
};

/// A stream on its way: the transfer, what of it has been read, and how it stands.
template <class Chunk>
struct StreamReader {
  std::unique_ptr<Transfer> transfer;
  SseDecoder decoder;
  std::deque<StreamPiece<Chunk>> pieces{};
  bool committed{};
  bool ended{};                  ///< it said `[DONE]`
  std::optional<Error> error{};  ///< it said so, or it is no stream

  /// Reads what has arrived, up to the next thing of note: a piece, the end, an error. False: nothing more.
  bool read();
};

template <class Chunk>
bool StreamReader<Chunk>::read() {
  decoder.feed(transfer->response.body);
  transfer->response.body.clear();
  std::optional<ServerSentEvent> event = decoder.next();
  if (!event) {
    if (!decoder.overflowed()) return false;
    error =
        Error{.kind = ErrorKind::parse, .message = "an event of the stream is larger than max_response_size"};
    return true;
  }
  StreamEvent read = read_event(*event);
  if (std::holds_alternative<StreamEnd>(read)) {
    ended = true;
    transfer->set_satisfied();
  } else if (auto* said = std::get_if<Error>(&read)) {
    error = std::move(*said);
  } else {
    auto& document = std::get<nlohmann::json>(read);
    committed = committed || StreamTraits<Chunk>::commits(document);
    pieces.push_back({read_json<Chunk>(std::move(document)), std::move(event->data)});
  }
  return true;
}

/// The first character that is not blank; null as long as there is none.
inline std::optional<char> first_character(std::string_view body) {
  const std::size_t begin = body.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::nullopt : std::optional(body[begin]);
}

/// Whether this begins a document rather than a stream: no line of a stream begins like one.
constexpr bool begins_document(std::optional<char> first) {
  return first == '{' || first == '[' || first == '<';
}

inline Error not_a_stream(const HttpResponse& response) {
  Error error{.kind = ErrorKind::parse,
              .message = "answered a request for a stream with a plain document",
              .status = response.status,
              .body = response.body};
  if (std::optional<nlohmann::json> document = parse_json(response.body)) {
    if (std::optional<Error> inside = error_inside(*document)) {
      inside->body = response.body;
      return *std::move(inside);
    }
  }
  return error;
}

/// One attempt of a stream: sends the call and reads up to the commit point, the first chunk that says
/// anything. Until then everything that goes wrong is a failure that another endpoint can make good.
template <class Chunk>
Task<Attempted<std::unique_ptr<Answered<StreamReader<Chunk>>>>> open_stream(EventLoop& loop,
                                                                            Endpoint& endpoint,
                                                                            const Call& call) {
  Task<Attempted<std::unique_ptr<Transfer>>> opening = endpoint.open(loop, call);
  Attempted<std::unique_ptr<Transfer>> opened = co_await opening;
  if (auto* failure = std::get_if<Failure>(&opened)) co_return std::move(*failure);

  StreamReader<Chunk> reader{std::move(std::get<std::unique_ptr<Transfer>>(opened)),
                             SseDecoder(endpoint.max_event_size())};
  Transfer& transfer = *reader.transfer;
  std::optional<char> first;
  while (!reader.committed && !reader.ended && !reader.error) {
    if (!first) first = first_character(transfer.response.body);
    if (begins_document(first)) {
      transfer.wake_on_data(false);
      FirstOf rest(transfer);
      co_await rest;
      if (transfer.failure()) co_return endpoint.failure(*transfer.failure(), call);
      reader.error = not_a_stream(transfer.response);
      break;
    }
    if (reader.read()) continue;
    if (transfer.failure()) co_return endpoint.failure(*transfer.failure(), call);
    if (transfer.done()) break;
    FirstOf news(transfer);
    co_await news;
  }
  if (!reader.committed) {
    Error error = reader.error.value_or(
        Error{.kind = ErrorKind::connection, .message = "the stream ended before its first token"});
    error.request_id = header(transfer.response.headers, "x-request-id");
    co_return endpoint.failure(std::move(error), transfer.response.headers, call, loop);
  }
  ResponseInfo info =
      endpoint.info({.status = transfer.response.status, .headers = transfer.response.headers}, call);
  co_return std::make_unique<Answered<StreamReader<Chunk>>>(std::move(reader), std::move(info));
}

}  // namespace openailb::detail
