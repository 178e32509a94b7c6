#pragma once

#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/sse.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace openailb::detail {

/// The beginning of a stream, up to its commit point: the first chunk with any content. No I/O.
template <class Chunk>
class StreamOpening {
 public:
  /// All events before the commit point may take `max_size` bytes together.
  explicit StreamOpening(std::size_t max_size) : max_size_(max_size), reader_(max_size) {}

  /// Reads what has arrived, until the stream is committed, has failed or turns out to be a document.
  void read(Transfer& transfer) {
    while (!committed_ && !error_) {
      if (!first_) first_ = first_character(transfer.response.body);
      if (is_document()) return;
      std::optional<ServerSentEvent> event = reader_.next(transfer);
      if (!event) {
        if (reader_.overflowed()) error_ = too_large();
        return;
      }
      take(*std::move(event), transfer);
    }
  }

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

  void take(ServerSentEvent event, Transfer& transfer) {
    StreamEvent said = read_event(event, document_);
    if (auto* error = std::get_if<Error>(&said)) {
      error_ = std::move(*error);
    } else if (std::holds_alternative<StreamEnd>(said)) {
      transfer.set_satisfied();
      error_ = ended_too_soon();
    } else {
      size_ += sizeof event + event.event.size() + event.data.size();
      if (size_ > max_size_) {
        error_ = Error{.kind = ErrorKind::parse,
                       .message = "all that came before the first token is larger than max_response_size"};
      }
      JsonNode& chunk = *std::get<JsonNode*>(said);
      if (std::optional<Error> failure = StreamTraits<Chunk>::failure_in(chunk)) {
        failure->body = event.data;
        error_ = std::move(failure);
      } else {
        committed_ = StreamTraits<Chunk>::commits(chunk);
      }
      events_.push_back(std::move(event));
    }
  }

  std::size_t max_size_;
  StreamReader reader_;
  std::deque<ServerSentEvent> events_{};
  ScannedJson document_{};
  std::size_t size_{};
  std::optional<char> first_{};  // that is not blank
  std::optional<Error> error_{};
  bool committed_{};
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
