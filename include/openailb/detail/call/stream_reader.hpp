#pragma once

#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/sse.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace openailb::detail {

/// The event `[DONE]`: the stream says that it is over.
struct StreamEnd {};

/// What one event of a stream says: a chunk, which is never null, the end or an error.
using StreamEvent = std::variant<JsonNode*, StreamEnd, Error>;

/// Reads an event, its JSON into `document`. Text that is not JSON goes to the error's body, and to its
/// message only if the event is named "error".
inline StreamEvent read_event(const ServerSentEvent& event, ScannedJson& document) {
  if (event.data.starts_with("[DONE]")) return StreamEnd{};  // as the official Python SDK does
  if (!document.read(event.data)) {
    const bool is_error = event.event == "error" && !event.data.empty();
    return Error{.kind = is_error ? ErrorKind::api : ErrorKind::parse,
                 .message = is_error ? event.data : "an event of the stream is not JSON",
                 .status = 200,
                 .body = event.data};
  }
  std::optional<Error> inside = error_inside(document.root());
  if (!inside && event.event == "error")
    inside = error_inside(nlohmann::json{{"error", json_of(document.root())}});
  if (!inside) return &document.root();
  inside->body = event.data;
  return *std::move(inside);
}

inline Error ended_too_soon() {
  return {.kind = ErrorKind::connection, .message = "the stream ended before its first token"};
}

inline Error too_large() {
  return {.kind = ErrorKind::parse, .message = "an event of the stream is larger than max_response_size"};
}

/// Takes the events out of a transfer's body as they arrive, one at a time. Events that have not been asked
/// for stay bytes, since a decoded event takes many times their room.
class StreamReader {
 public:
  /// An event whose data is larger than `max_data_size` bytes makes the reader overflow.
  explicit StreamReader(std::size_t max_data_size)
      : max_data_size_(max_data_size), decoder_(with_line(max_data_size)) {}

  /// The next event; null until more has arrived, or if there was too much to read in one turn of the loop.
  std::optional<ServerSentEvent> next(Transfer& transfer) {
    std::optional<ServerSentEvent> event;
    if (!put_back_.empty()) {
      event = std::move(put_back_.front());
      put_back_.pop_front();
      return event;
    }
    if (overflowed()) return event;
    event = decoder_.next();
    if (!event) {
      if (unread_.empty()) {
        unread_ = std::exchange(transfer.response.body, {});
        unread_from_ = 0;
      }
      decoder_.feed(next_piece());
      event = decoder_.next();
    }
    too_large_ = event && event->data.size() > max_data_size_;
    if (too_large_) event.reset();
    return event;
  }

  /// Whether something that has arrived was not read in this turn. Asked after next() has given nothing.
  bool has_more() const noexcept { return !unread_.empty() && !overflowed(); }
  /// Whether an event was too large; then no more events follow.
  bool overflowed() const noexcept { return too_large_ || decoder_.overflowed(); }

  /// Puts back events that were read, so that next() gives them again.
  void put_back(std::deque<ServerSentEvent> events) { put_back_ = std::move(events); }

 private:
  static std::size_t with_line(std::size_t size) {
    constexpr std::size_t line = std::size_t{1} << 20;
    return size + (std::min)(line, (std::numeric_limits<std::size_t>::max)() - size);
  }

  /// What is read in one turn of the loop, at most: lines that say nothing cost some milliseconds per MiB.
  std::string next_piece() {
    constexpr std::size_t in_one_turn = std::size_t{1} << 20;
    if (unread_from_ == 0 && unread_.size() <= in_one_turn) return std::exchange(unread_, {});
    std::string piece = unread_.substr(unread_from_, in_one_turn);
    unread_from_ += piece.size();
    if (unread_from_ == unread_.size()) std::string().swap(unread_);
    return piece;
  }

  std::size_t max_data_size_;
  SseDecoder decoder_;
  std::string unread_{};  // what has been taken from the transfer
  std::size_t unread_from_{};
  bool too_large_{};
  std::deque<ServerSentEvent> put_back_{};
};

}  // namespace openailb::detail
