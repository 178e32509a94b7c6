#pragma once

#include <openailb/balancer.hpp>
#include <openailb/endpoint.hpp>
#include <openailb/error_body.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/json.hpp>
#include <openailb/progress.hpp>
#include <openailb/result.hpp>
#include <openailb/sse.hpp>
#include <openailb/task.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace openailb {

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
                 .message = is_error ? detail::one_line(event.data) : "an event of the stream is not JSON",
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

namespace detail {

/// The first character that is not blank; NUL as long as there is none.
inline char first_character(std::string_view body) {
  const std::size_t begin = body.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? '\0' : body[begin];
}

/// Whether this begins a document rather than a stream: no line of a stream begins like one.
constexpr bool begins_document(char first) { return first == '{' || first == '[' || first == '<'; }

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

}  // namespace detail

/// One attempt of a stream: sends the call and reads up to the commit point, the first chunk that says
/// anything. Until then everything that goes wrong is a failure that another endpoint can make good.
template <class Chunk>
Task<Attempted<Answered<StreamReader<Chunk>>>> open_stream(EventLoop& loop, Endpoint& endpoint,
                                                           const Call& call) {
  Task<Attempted<std::unique_ptr<Transfer>>> opening = endpoint.open(loop, call);
  Attempted<std::unique_ptr<Transfer>> opened = co_await opening;
  if (auto* failure = std::get_if<Failure>(&opened)) co_return std::move(*failure);

  StreamReader<Chunk> reader{std::move(std::get<std::unique_ptr<Transfer>>(opened)),
                             SseDecoder(endpoint.max_event_size())};
  Transfer& transfer = *reader.transfer;
  char first = '\0';
  while (!reader.committed && !reader.ended && !reader.error) {
    if (first == '\0') first = detail::first_character(transfer.response.body);
    if (detail::begins_document(first)) {
      transfer.wake_on_data(false);
      FirstOf rest(transfer);
      co_await rest;
      if (transfer.failure()) co_return endpoint.failure(*transfer.failure(), call);
      reader.error = detail::not_a_stream(transfer.response);
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
  co_return Answered<StreamReader<Chunk>>{std::move(reader), std::move(info)};
}

/// A committed stream. Nothing is replayed from here on: what breaks it is an error of kind
/// stream_interrupted.
template <class Chunk>
class StreamState {
 public:
  StreamState(std::shared_ptr<Balancer> balancer, EventLoop& loop, Call call, TimePoint deadline,
              Balanced<StreamReader<Chunk>> balanced)
      : balancer_(std::move(balancer)),
        loop_(&loop),
        call_(std::move(call)),
        deadline_(deadline),
        endpoint_(&balanced.admission.endpoint()),
        admission_(std::move(balanced.admission)),
        reader_(std::move(balanced.value)),
        info_(std::move(balanced.info)) {
    // A probe has shown what it was sent for: waiting for a long stream's end would keep every other call
    // out.
    if (admission_->half_open()) admission_->succeed(call_, loop.now());
  }

  /// The next chunk; null at the end, and then error() says whether it was a clean one.
  Task<std::optional<Chunk>> next();

  /// Ends it now. Says nothing about the endpoint.
  void close() noexcept {
    over_ = true;
    reader_.transfer.reset();
    admission_.reset();
  }

  bool over() const noexcept { return over_; }
  const std::optional<Error>& error() const noexcept { return error_; }
  const std::string& text() const noexcept { return text_; }
  const ResponseInfo& info() const noexcept { return info_; }
  const auto& completion() const noexcept { return accumulator_.completion(); }

 private:
  std::optional<Chunk> take_piece();
  void finish();
  void finish_at_end_of_transfer();
  void interrupt();
  void fail(const Failure& failure, ErrorKind kind);

  std::shared_ptr<Balancer> balancer_;  // keeps the endpoint alive
  EventLoop* loop_;
  Call call_;
  TimePoint deadline_;
  Endpoint* endpoint_;
  std::optional<Admission> admission_;
  StreamReader<Chunk> reader_;
  ResponseInfo info_;
  typename StreamTraits<Chunk>::Accumulator accumulator_{};
  std::string text_{};
  std::optional<Error> error_{};
  std::size_t chunks_{};
  bool over_{};
};

template <class Chunk>
Task<std::optional<Chunk>> StreamState<Chunk>::next() {
  while (!over_) {
    if (call_.stop_token.stop_requested()) {
      interrupt();
    } else if (!reader_.pieces.empty()) {
      std::optional<Chunk> chunk = take_piece();
      if (chunk) co_return chunk;
    } else if (reader_.error) {
      fail(endpoint_->failure(*reader_.error, info_.headers, call_, *loop_), ErrorKind::stream_interrupted);
    } else if (reader_.ended) {
      finish();
    } else if (reader_.read()) {
      continue;
    } else if (reader_.transfer->done()) {
      finish_at_end_of_transfer();
    } else {
      const TimePoint idle = detail::limit_from(loop_->now(), call_.idle_timeout);
      Timer limit(*loop_, std::min(idle, deadline_), call_.stop_token);
      FirstOf news(*reader_.transfer, limit);
      co_await news;
      if (!reader_.transfer->ready()) interrupt();
    }
  }
  co_return std::nullopt;
}

template <class Chunk>
std::optional<Chunk> StreamState<Chunk>::take_piece() {
  StreamPiece<Chunk> piece = std::move(reader_.pieces.front());
  reader_.pieces.pop_front();
  text_ = std::move(piece.text);
  if (Result<void> added = accumulator_.add(piece.chunk); !added) {
    added.error().body = text_;
    fail(endpoint_->failure(added.error(), call_), ErrorKind::stream_interrupted);
    return std::nullopt;
  }
  ++chunks_;
  return std::move(piece.chunk);
}

template <class Chunk>
void StreamState<Chunk>::finish() {
  over_ = true;
  reader_.transfer.reset();
  Admission admission = *std::move(admission_);
  admission_.reset();
  admission.succeed(call_, loop_->now());
}

template <class Chunk>
void StreamState<Chunk>::finish_at_end_of_transfer() {
  const std::optional<TransferFailure>& failure = reader_.transfer->failure();
  if (!failure && accumulator_.finished()) return finish();
  Error error{.kind = ErrorKind::connection, .message = "it ended without [DONE] or a finish_reason"};
  if (failure) error = {.kind = failure->kind, .message = failure->message};
  fail(endpoint_->failure(std::move(error), call_), ErrorKind::stream_interrupted);
}

/// The caller, the call's deadline or the idle timeout ends it.
template <class Chunk>
void StreamState<Chunk>::interrupt() {
  Error error{.kind = ErrorKind::timeout, .endpoint = endpoint_->name()};
  if (call_.stop_token.stop_requested()) {
    error.kind = ErrorKind::canceled;
    error.message = "canceled by the caller";
    fail({.error = error, .failure_class = FailureClass::canceled}, ErrorKind::canceled);
  } else if (loop_->now() >= deadline_) {
    // An endpoint that was answering is not to blame for a deadline that was too short for the answer.
    error.message = "the deadline of " + detail::duration_text(call_.deadline) + " passed";
    fail({.error = error,
          .failure_class = FailureClass::out_of_time,
          .treatment = {.breaker = Outcome::exclusion}},
         ErrorKind::timeout);
  } else {
    error.message = "nothing came for " + detail::duration_text(call_.idle_timeout);
    fail(endpoint_->failure(std::move(error), call_), ErrorKind::stream_interrupted);
  }
}

template <class Chunk>
void StreamState<Chunk>::fail(const Failure& failure, ErrorKind kind) {
  over_ = true;
  reader_.transfer.reset();
  error_ = failure.error;
  error_->kind = kind;
  error_->message = endpoint_->name() + ": the stream ended early, after " + std::to_string(chunks_) +
                    " chunks: " + failure.error.message;
  error_->attempts = info_.attempts;
  error_->attempts.back().kind = kind;
  error_->attempts.back().message = failure.error.message;
  Admission admission = *std::move(admission_);
  admission_.reset();
  admission.fail(call_, failure, loop_->now());
}

/// A whole call with a streamed answer, up to its commit point.
template <class Chunk>
Task<Result<std::unique_ptr<StreamState<Chunk>>>> request_stream(EventLoop& loop,
                                                                 std::shared_ptr<Balancer> balancer,
                                                                 Call call) {
  const TimePoint deadline = detail::limit_from(loop.now(), call.deadline);
  const auto attempt = [](EventLoop& on, Endpoint& endpoint, const Call& what) {
    return open_stream<Chunk>(on, endpoint, what);
  };
  Task<Result<Balanced<StreamReader<Chunk>>>> balancing =
      balance<StreamReader<Chunk>>(loop, *balancer, call, attempt);
  Result<Balanced<StreamReader<Chunk>>> balanced = co_await balancing;
  if (!balanced) co_return std::move(balanced).error();
  co_return std::make_unique<StreamState<Chunk>>(std::move(balancer), loop, std::move(call), deadline,
                                                 *std::move(balanced));
}

}  // namespace openailb
