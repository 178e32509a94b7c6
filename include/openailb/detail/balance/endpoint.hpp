#pragma once

#include <openailb/circuit_breaker.hpp>
#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/balance/cooling.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/redactor.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/endpoint_status.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/options.hpp>
#include <openailb/response_info.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace openailb::detail {

/// What came of an attempt: a value or the failure that took its place.
template <class T>
using Attempted = std::variant<T, Failure>;

class Endpoint;

/// Leave to make one attempt on an endpoint: its breaker's permit and a place in its in-flight count, both
/// given back when this is destroyed.
class Admission {
 public:
  Admission(Endpoint& endpoint, Permit permit) noexcept;
  Admission(Admission&& other) noexcept
      : endpoint_(std::exchange(other.endpoint_, nullptr)), permit_(std::move(other.permit_)) {}
  Admission& operator=(Admission&&) = delete;
  ~Admission();

  Endpoint& endpoint() const noexcept { return *endpoint_; }
  /// Whether this attempt is a probe of a half-open breaker.
  bool half_open() const noexcept { return permit_.half_open(); }

  void succeed(const Call& call, TimePoint now);
  void fail(const Call& call, const Failure& failure, TimePoint now);

 private:
  Endpoint* endpoint_;
  Permit permit_;
};

/// One sub-client: a base URL and a key behind a circuit breaker, with a model map of its own. It makes an
/// attempt and says what its failure means; whether there is another one is the balancer's to decide.
class Endpoint {
 public:
  /// `config` is complete: named, its breaker settings filled in. Throws std::invalid_argument.
  Endpoint(EndpointConfig config, const ClientOptions& options, Redactor& redactor, TimePoint now);

  const std::string& name() const noexcept { return config_.name; }
  /// The base URL without its query.
  const std::string& base_url() const noexcept { return shown_url_; }

  /// What the call's model is called here; empty when the call has none.
  std::string_view wire_model(const Call& call) const;

  /// The largest event of a stream: a body's largest size and the line around it.
  std::size_t max_event_size() const noexcept { return options_->max_response_size + (std::size_t{1} << 20); }

  /// Not before this time is it worth asking for admission; TimePoint::max() when nobody knows.
  TimePoint admits_at() const noexcept {
    const TimePoint after = breaker_.admits_after();
    const bool is_a_time = after != (TimePoint::min)() && after != (TimePoint::max)();
    return is_a_time ? after + TimePoint::duration(1) : after;
  }
  /// Not before this time is the call's model to be sent here again.
  TimePoint cooling_until(const Call& call) const {
    return cooling_.any() ? cooling_.until(wire_model(call)) : (TimePoint::min)();
  }
  /// Null when the breaker refuses.
  std::optional<Admission> admit(TimePoint now);

  /// Sends the call and waits for its answer: whole, or for a stream its first bytes. The failure of anything
  /// but a 2xx. Redirects within the origin (307, 308) are followed.
  Task<Attempted<std::unique_ptr<Transfer>>> open(EventLoop& loop, const Call& call);

  /// The failure that an error of this endpoint's is, with its key taken out. `request_received`: the
  /// endpoint may have had the whole request.
  Failure failure(Error error, const Call& call, bool request_received = true) const;
  Failure failure(const TransferFailure& reason, const Call& call) const;
  /// The same for an error that came in an answer with these headers.
  Failure failure(Error error, const Headers& headers, const Call& call, EventLoop& loop) const;

  ResponseInfo info(HttpResponse response, const Call& call) const;
  EndpointStatus status(TimePoint now);

 private:
  friend class Admission;

  static constexpr int most_redirects = 3;

  Result<std::string> key() const;
  HttpRequest request(const Call& call, std::string_view key) const;
  Result<Url> url(const Call& call) const;
  Headers headers(const Call& call, std::string_view key) const;
  std::string body(const Call& call) const;
  Failure failure(HttpResponse response, const Call& call, EventLoop& loop) const;
  void redact(std::string& text, const Call& call) const;

  EndpointConfig config_;
  Url base_url_;
  std::string shown_url_;
  Headers default_headers_;
  const ClientOptions* options_;
  Redactor* redactor_;
  CircuitBreaker breaker_;
  Cooling cooling_{};
  std::atomic<int> in_flight_{};
};

inline Admission::Admission(Endpoint& endpoint, Permit permit) noexcept
    : endpoint_(&endpoint), permit_(std::move(permit)) {
  ++endpoint_->in_flight_;
}

inline Admission::~Admission() {
  if (endpoint_ != nullptr) --endpoint_->in_flight_;
}

inline void Admission::succeed(const Call& call, TimePoint now) {
  endpoint_->cooling_.succeeded(endpoint_->wire_model(call), now);
  permit_.report(nullptr, now);
}

inline void Admission::fail(const Call& call, const Failure& failure, TimePoint now) {
  switch (failure.failure_class) {
    case FailureClass::canceled: return permit_.exclude(now);  // says nothing, so no predicate is asked
    case FailureClass::rate_limited:
      endpoint_->cooling_.rate_limited(endpoint_->wire_model(call), failure.error.retry_after, now);
      break;
    default: break;
  }
  permit_.report(&failure.error, failure.treatment.breaker, now);
}

inline Endpoint::Endpoint(EndpointConfig config, const ClientOptions& options, Redactor& redactor,
                          TimePoint now)
    : config_(std::move(config)),
      default_headers_(endpoint_headers(config_, options)),
      options_(&options),
      redactor_(&redactor),
      breaker_(config_.breaker, now) {
  base_url_ = checked_base_url(config_, default_headers_);
  shown_url_ = base_url_.display();
  merge_query(base_url_.query, options.default_query);
  merge_query(base_url_.query, config_.query);
}

inline std::string_view Endpoint::wire_model(const Call& call) const {
  if (!call.model) return {};
  auto mapped = config_.model_map.find(*call.model);
  return mapped == config_.model_map.end() ? *call.model : mapped->second;
}

inline std::optional<Admission> Endpoint::admit(TimePoint now) {
  std::optional<Permit> permit = breaker_.acquire(now);
  if (!permit) return std::nullopt;
  return Admission(*this, *std::move(permit));
}

inline Task<Attempted<std::unique_ptr<Transfer>>> Endpoint::open(EventLoop& loop, const Call& call) {
  Result<Url> target = url(call);
  if (!target) co_return failure(std::move(target).error(), call, false);
  const Result<std::string> secret = key();
  if (!secret) co_return failure(secret.error(), call, false);
  for (int redirects = 0;; ++redirects) {
    HttpRequest wire = request(call, *secret);
    wire.url = target->text();

    auto transfer = std::make_unique<Transfer>(loop, std::move(wire));
    transfer->wake_on_data(call.streams);
    FirstOf answer(*transfer);
    co_await answer;
    const int status = transfer->response.status;
    if (!transfer->done() && status / 100 != 2) {
      transfer->wake_on_data(false);
      FirstOf rest(*transfer);
      co_await rest;
    }
    // What has come of a stream counts, however it ended: that is for its reader to judge.
    const bool streams = call.streams && status / 100 == 2;
    if (transfer->failure() && !streams) co_return failure(*transfer->failure(), call);
    if (status / 100 == 2) co_return transfer;

    Result<Url> next = Error{};
    const std::string_view location = header(transfer->response.headers, "location");
    const bool repeats = (status == 307 || status == 308) && !location.empty() && redirects < most_redirects;
    if (repeats) next = resolve(*target, location);
    // Credentials go to no other origin.
    if (!next || next->origin() != target->origin()) {
      co_return failure(std::move(transfer->response), call, loop);
    }
    target = std::move(next);
  }
}

inline Result<std::string> Endpoint::key() const {
  std::string key = config_.api_key();
  if (config_.api_key.rotates()) redactor_->add_rotating(key);
  if (!has_control_character(key)) return key;
  return Error{.kind = ErrorKind::authentication,
               .message = "not sent: api_key gave a key with a control character"};
}

inline HttpRequest Endpoint::request(const Call& call, std::string_view key) const {
  return HttpRequest{.method = call.method,
                     .headers = headers(call, key),
                     .body = body(call),
                     .connect_timeout = options_->connect_timeout,
                     .max_response_size = options_->max_response_size};
}

inline Result<Url> Endpoint::url(const Call& call) const {
  Url base = base_url_;
  constexpr std::string_view placeholder = "{model}";
  if (const std::size_t at = base.path.find(placeholder); at != std::string::npos) {
    if (!call.model) {
      return Error{.kind = ErrorKind::bad_request,
                   .message = "not sent: base_url has {model} in it, and this call names no model"};
    }
    base.path.replace(at, placeholder.size(), percent_encode(wire_model(call)));
  }
  Result<Url> joined = join(std::move(base), call.path);
  if (joined) merge_query(joined->query, call.query);
  return joined;
}

inline Headers Endpoint::headers(const Call& call, std::string_view key) const {
  Headers headers = default_headers_;
  headers.try_emplace("Accept", call.streams ? "text/event-stream" : "application/json");
  if (call.method != "GET") headers.try_emplace("Content-Type", "application/json");
  // A key of the endpoint's own goes before a default of the client's, its own header before the key.
  if (!key.empty() && !config_.headers.contains("Authorization")) {
    headers.insert_or_assign("Authorization", "Bearer " + std::string(key));
  }
  for (const auto& [name, value] : call.headers) headers.insert_or_assign(name, value);
  return headers;
}

inline std::string Endpoint::body(const Call& call) const {
  if (!call.model) return call.body;
  std::string body = R"({"model":)" + quote_json(wire_model(call));
  if (call.body.size() > 2) body += ',';
  body.append(call.body, 1);
  return body;
}

inline Failure Endpoint::failure(Error error, const Call& call, bool request_received) const {
  error.endpoint = name();
  for (std::string* text :
       {&error.message, &error.type, &error.code, &error.param, &error.request_id, &error.body}) {
    redact(*text, call);
  }
  error.message = one_line(error.message);  // cut only now, or half a key would be left of it
  Failure failure{.failure_class = classify(error, call.path)};
  if (options_->classify) failure.failure_class = options_->classify(error).value_or(failure.failure_class);
  failure.treatment = treatment(failure.failure_class);
  failure.delay = error.retry_after;
  failure.ran_it = ran_the_request(error, request_received);
  if (const std::string_view hint = advice(failure.failure_class); !hint.empty()) {
    error.message.append(error.message.empty() ? "(" : " (").append(hint).append(")");
  }
  failure.error = std::move(error);
  return failure;
}

inline Failure Endpoint::failure(const TransferFailure& reason, const Call& call) const {
  Failure failed =
      failure(Error{.kind = reason.kind, .message = reason.message}, call, reason.request_received);
  if (reason.connection_was_idle && failed.failure_class == FailureClass::transient) {
    // Servers close idle connections: that says nothing about them, and the request can go again at once.
    failed.treatment = {.another_endpoint = true, .same_endpoint = true, .breaker = Outcome::exclusion};
    failed.delay = std::chrono::nanoseconds{};
  }
  return failed;
}

inline Failure Endpoint::failure(HttpResponse response, const Call& call, EventLoop& loop) const {
  Error error = error_of_answer(response.status, response.headers, std::move(response.body));
  if (response.status / 100 == 3)
    error.message = "answered with a redirect that is not followed: check base_url";
  return failure(std::move(error), response.headers, call, loop);
}

inline Failure Endpoint::failure(Error error, const Headers& headers, const Call& call,
                                 EventLoop& loop) const {
  if (auto wait = retry_after(headers, loop.date())) error.retry_after = wait;
  if (!error.retry_after && error.status == 429) error.retry_after = rate_limit_reset(headers);
  Failure failed = failure(std::move(error), call);
  apply_should_retry(headers, failed.treatment);
  if (failed.delay > longest_retry_after) failed.treatment.same_endpoint = false;
  return failed;
}

inline void Endpoint::redact(std::string& text, const Call& call) const {
  redactor_->redact(text);
  for (const std::string& secret : call.secrets) Redactor::redact(text, secret);
}

inline ResponseInfo Endpoint::info(HttpResponse response, const Call& call) const {
  ResponseInfo info{.endpoint = name(),
                    .base_url = base_url(),
                    .status = response.status,
                    .request_id = std::string(header(response.headers, "x-request-id")),
                    .headers = std::move(response.headers),
                    .body = std::move(response.body)};
  redact(info.request_id, call);
  redact(info.body, call);
  for (auto& [name, value] : info.headers) redact(value, call);
  return info;
}

inline EndpointStatus Endpoint::status(TimePoint now) {
  return {.name = name(),
          .base_url = base_url(),
          .state = breaker_.state(now),
          .counts = breaker_.counts(),
          .in_flight = in_flight_.load(),
          .cooling = cooling_.remaining(now)};
}

}  // namespace openailb::detail
