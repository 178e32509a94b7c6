#pragma once

#include <openailb/detail/balance/reading.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/net/aside.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/sse.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/values/http.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace openailb::detail {

/// What an event before the commit point says.
struct OpeningEvent {
  std::optional<Error> error{};
  bool ends{};     ///< the stream, which is an error then
  bool commits{};  ///< is the commit point
};

/// Reads an event before the commit point. Needs nothing but what it is given, so it may run on another
/// thread.
inline OpeningEvent read_opening_event(const StreamKind& kind, const ServerSentEvent& event,
                                       ScannedJson& document) {
  StreamEvent said = read_event(event, document);
  if (auto* error = std::get_if<Error>(&said)) return {.error = std::move(*error)};
  if (std::holds_alternative<StreamEnd>(said)) return {.error = ended_too_soon(), .ends = true};
  JsonNode& chunk = *std::get<JsonNode*>(said);
  if (std::optional<Error> failure = kind.failure_in(chunk)) {
    failure->body = event.data;
    return {.error = std::move(failure)};
  }
  return {.commits = kind.commits(chunk)};
}

/// A large event before the commit point, and what it says.
struct LargeOpeningEvent {
  ServerSentEvent event{};
  OpeningEvent said{};
};

/// Reads a large event beside the loop.
template <class = OnlyIfUsed>
Task<LargeOpeningEvent> read_large_opening_event(const StreamKind& kind, EventLoop& loop,
                                                 ServerSentEvent event, Reading reading) {
  auto reads = [&kind, event = std::move(event), reading = std::move(reading)]() mutable {
    ScannedJson document;
    OpeningEvent said = read_opening_event(kind, event, document);
    if (said.error) said.error = reading.cleaned(*std::move(said.error));
    return LargeOpeningEvent{.event = std::move(event), .said = std::move(said)};
  };
  return aside(loop, std::move(reads));
}

/// The beginning of a stream, up to its commit point: the first chunk with any content. No I/O.
class StreamOpening {
 public:
  /// All events before the commit point may take `max_size` bytes together.
  StreamOpening(const StreamKind& kind, std::size_t max_size)
      : kind_(&kind), max_size_(max_size), reader_(max_size) {}

  /// Reads what has arrived, until the stream is committed, has failed or turns out to be a document, but
  /// only so much that others have their turn. A large event is not read, but returned.
  std::optional<ServerSentEvent> read(Transfer& transfer) {
    constexpr std::size_t in_one_turn = std::size_t{1} << 20;
    const std::size_t begin = size_;
    has_more_ = false;
    while (!committed_ && !error_ && !has_more_) {
      if (!first_) first_ = first_character(transfer.response.body);
      if (is_document()) break;
      std::optional<ServerSentEvent> event = reader_.next(transfer);
      if (!event) {
        if (reader_.overflowed()) error_ = too_large();
        has_more_ = reader_.has_more();
        break;
      }
      if (event->data.size() > read_at_once) return event;
      OpeningEvent said = read_opening_event(*kind_, *event, document_);
      take(*std::move(event), std::move(said), transfer);
      has_more_ = size_ - begin > in_one_turn;
    }
    return std::nullopt;
  }
  /// Takes what was read of the latest event.
  void take(ServerSentEvent event, OpeningEvent said, Transfer& transfer) {
    if (said.ends) transfer.set_satisfied();
    size_ += sizeof event + event.event.size() + event.data.size();
    if (size_ > max_size_) {
      error_ = Error{.kind = ErrorKind::parse,
                     .message = "all that came before the first token is larger than max_response_size"};
    }
    if (said.error) error_ = std::move(said.error);
    committed_ = said.commits;
    events_.push_back(std::move(event));
  }

  /// Whether something that has arrived was not read in this turn.
  bool has_more() const noexcept { return has_more_ && !committed_ && !error_; }
  bool committed() const noexcept { return committed_; }
  /// Why what has come cannot be committed; null if nothing is wrong with it.
  const std::optional<Error>& error() const noexcept { return error_; }
  /// Whether the body is a document, not a stream: no line of a stream begins with these characters. A
  /// document is read when it has come whole.
  bool is_document() const noexcept { return first_ == '{' || first_ == '[' || first_ == '<'; }

  /// The reader of the stream, which gives the events read so far once more.
  StreamReader stream() && {
    reader_.put_back(std::move(events_));
    return std::move(reader_);
  }

 private:
  static std::optional<char> first_character(std::string_view body) {
    const std::size_t begin = body.find_first_not_of(" \t\r\n");
    return begin == std::string_view::npos ? std::nullopt : std::optional(body[begin]);
  }

  const StreamKind* kind_;
  std::size_t max_size_;
  StreamReader reader_;
  std::deque<ServerSentEvent> events_{};
  ScannedJson document_{};
  std::size_t size_{};
  std::optional<char> first_{};  // that is not blank
  std::optional<Error> error_{};
  bool committed_{};
  bool has_more_{};
};

inline Error not_a_stream(const HttpResponse& response) {
  std::optional<Error> error;
  ScannedJson document;
  if (document.read(response.body)) error = error_inside(document.root());
  if (!error) {
    error = Error{.kind = ErrorKind::parse,
                  .message = "answered a request for a stream with a plain document",
                  .status = response.status};
  }
  error->body = response.body;
  return *std::move(error);
}

}  // namespace openailb::detail
