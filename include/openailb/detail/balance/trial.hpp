#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/standing.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/judge.hpp>
#include <openailb/detail/failure/redactor.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>
#include <openailb/response_info.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// One attempt of a call on one endpoint, with what it was given and what has been seen of it: the evidence
/// from which its failure is judged.
struct Trial {
  Endpoint* endpoint;
  Admission admission;
  std::shared_ptr<const Call> call;
  TimePoint ends{(TimePoint::max)()};          ///< when its time is over
  std::chrono::nanoseconds connect_timeout{};  ///< zero for no limit
  std::size_t retry{};                         ///< how many attempts of the call came before it
  int redirects_left{};                        ///< how many more requests it may send to follow them
  bool fresh_connection{};                     ///< the one it was to use before had died
  std::string key{};                           ///< what it was sent with
  std::unique_ptr<Transfer> transfer{};        ///< its latest request, once one was sent

  /// The verdict on an error of this attempt, with its secrets taken out of what is kept.
  Failure failure(Error error, Circumstances seen = {}) const;
  Failure failure_of_transfer(const TransferFailure& reason) const;
  /// The same for an error that came in an answer. `date` is the time of day, for a Retry-After that is one.
  Failure failure_in_answer(Error error, const Headers& headers, std::chrono::system_clock::time_point date,
                            Circumstances seen = {}) const;
  /// The verdict on an answer that is no success.
  Failure failure_of_answer(HttpResponse response, std::chrono::system_clock::time_point date) const;
  /// The verdict on an attempt that is ended before it is done.
  Failure interrupted(const Timer& limit, TimePoint deadline, EventLoop& loop);

  bool is_patient(std::chrono::nanoseconds given, std::chrono::nanoseconds usual) const;

  ResponseInfo info(HttpResponse response) const;
  void settle(const Failure* failure, TimePoint now) {
    admission.settle(failure, endpoint->wire_model(*call), now);
  }

 private:
  Redactor redactor() const;
};

inline Redactor Trial::redactor() const {
  std::vector<std::string_view> secrets{key};
  secrets.insert(secrets.end(), endpoint->secrets().begin(), endpoint->secrets().end());
  secrets.insert(secrets.end(), call->secrets.begin(), call->secrets.end());
  return Redactor(secrets);
}

inline Failure Trial::failure(Error error, Circumstances seen) const {
  error.endpoint = endpoint->name();
  const Redactor secrets = redactor();
  for (std::string* text :
       {&error.message, &error.type, &error.code, &error.param, &error.request_id, &error.body}) {
    secrets.redact(*text);
  }
  for (auto& [name, value] : error.headers) secrets.redact(value);
  error.message = one_line(error.message);  // cut only now, or half a key would be left of it
  seen.path = call->path;
  return judge(std::move(error), seen, endpoint->options().classify);
}

inline Failure Trial::failure_of_transfer(const TransferFailure& reason) const {
  return failure(Error{.kind = reason.kind, .message = reason.message},
                 {.sent = reason.sent,
                  .connection_was_idle = reason.connection_was_idle,
                  .would_fail_again = reason.would_fail_again});
}

inline Failure Trial::failure_in_answer(Error error, const Headers& headers,
                                        std::chrono::system_clock::time_point date,
                                        Circumstances seen) const {
  error.request_id = header(headers, "x-request-id");
  error.headers = headers;
  if (auto wait = retry_after(headers, date)) error.retry_after = wait;
  if (!error.retry_after && error.status == 429) error.retry_after = rate_limit_reset(headers);
  seen.headers = &headers;
  return failure(std::move(error), seen);
}

inline Failure Trial::failure_of_answer(HttpResponse response,
                                        std::chrono::system_clock::time_point date) const {
  Error error = error_of_answer(response.status, std::move(response.body));
  if (response.status / 100 == 3) {
    const std::string target(header(response.headers, "location"));
    error.message = "answered with a redirect" + (target.empty() ? "" : " to " + target) +
                    ", which is not followed: check base_url";
  }
  return failure_in_answer(std::move(error), response.headers, date);
}

/// Whether a time is as long as the client itself usually gives (zero for no limit), or as its endpoint can
/// be expected to need. If not, that it has run out says nothing about the endpoint: a caller who is
/// impatient must not bench a healthy one.
inline bool Trial::is_patient(std::chrono::nanoseconds given, std::chrono::nanoseconds usual) const {
  if (usual.count() != 0 && given >= usual) return true;
  return given >= endpoint->standing().record().patience(call->streams, admission.admitted());
}

inline Failure Trial::interrupted(const Timer& limit, TimePoint deadline, EventLoop& loop) {
  if (limit.stopped()) return failure({.kind = ErrorKind::canceled, .message = "canceled by the caller"});
  if (transfer && transfer->response.status >= 300) {
    return failure_of_answer(std::move(transfer->response), loop.date());
  }

  const TimePoint now = loop.now();
  const std::chrono::nanoseconds usual = usual_timeout(endpoint->options(), call->streams);
  Circumstances seen{.sent = transfer ? transfer->sent() : Sent::nothing,
                     .had_time = is_patient(ends - admission.admitted(), usual),
                     .deadline_passed = now >= deadline};
  std::string message = seen.sent == Sent::nothing ? "no connection "
                        : call->streams            ? "no first token "
                                                   : "no answer ";
  message += seen.deadline_passed ? "before the deadline of " + duration_text(call->deadline)
                                  : "within " + duration_text(call->timeout);
  return failure({.kind = ErrorKind::timeout, .message = std::move(message)}, seen);
}

inline ResponseInfo Trial::info(HttpResponse response) const {
  ResponseInfo info{.endpoint = endpoint->name(),
                    .base_url = endpoint->base_url(),
                    .status = response.status,
                    .request_id = std::string(header(response.headers, "x-request-id")),
                    .headers = std::move(response.headers),
                    .body = std::move(response.body)};
  const Redactor secrets = redactor();
  secrets.redact(info.request_id);
  secrets.redact(info.body);
  for (auto& [name, value] : info.headers) secrets.redact(value);
  return info;
}

}  // namespace openailb::detail
