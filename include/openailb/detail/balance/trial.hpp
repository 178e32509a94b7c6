#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/call_watch.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/standing.hpp>
#include <openailb/detail/balance/track_record.hpp>
#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/failure/evidence.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/judge.hpp>
#include <openailb/detail/failure/redactor.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>
#include <openailb/response_info.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// One attempt of a call that is under way, with what it was given and what has been seen of it. The record
/// of one that has ended is an Attempt.
struct Trial {
  std::shared_ptr<const Endpoint> endpoint;
  Admission admission;
  std::shared_ptr<const Call> call;
  TimePoint ends{(TimePoint::max)()};          ///< when its time is over
  std::chrono::nanoseconds connect_timeout{};  ///< zero for no limit
  std::size_t attempts_before{};               ///< how many attempts of the call came before it
  int* retries_left{};                         ///< of its call; each redirect that it follows is one
  bool fresh_connection{};                     ///< use a new one, as the kept one had died
  bool seeks_object{};                         ///< see Progress
  std::string key{};                           ///< the API key that it was sent with
  std::shared_ptr<CallWatch> watch{};          ///< null without a listener
  std::unique_ptr<Transfer> transfer{};        ///< its latest request, once one was sent

  /// Judges what was seen of it, and redacts its secrets in what is kept.
  Failure failure(Evidence seen) const;
  /// Judges an attempt that is ended before it is done.
  Failure interrupted(const Timer& limit, TimePoint deadline, EventLoop& loop);
  /// What was seen of an attempt that was ended. It was `given` this much time; the client's own limit is
  /// `usual`.
  Evidence ended(EndedBy by, std::chrono::nanoseconds given, std::chrono::nanoseconds usual,
                 std::string message) const;

  ResponseInfo info(HttpResponse response) const;
  /// Reads how many tokens an answer says that it took, or an event of a stream.
  void count_tokens(const JsonNode& answer);
  void count_tokens(std::string_view answer);
  void settle(const Failure* failure, TimePoint now) {
    admission.settle(failure, endpoint->wire_model(*call), call->streams, now);
    if (failure && failure->failure_class == FailureClass::rate_limited) tell_cooldown(now);
  }
  /// Records that its account is rate limited for so long, although it was answered.
  void used_up(std::chrono::nanoseconds until_reset, TimePoint now) const {
    const std::string model = endpoint->wire_model(*call);
    admission.used_up(model, until_reset, now);
    if (watch) watch->endpoint_cools({endpoint->name(), model, until_reset});
  }

 private:
  void tell_cooldown(TimePoint now) const;
  Redactor redactor() const;
};

inline void Trial::tell_cooldown(TimePoint now) const {
  if (!watch) return;
  const std::string model = endpoint->wire_model(*call);
  const auto remaining = endpoint->quota()->cooldowns().until(model) - now;
  watch->endpoint_cools({.endpoint = endpoint->name(), .model = model, .remaining = remaining});
}

inline Redactor Trial::redactor() const {
  Redactor redactor;
  redactor.add(key);
  for (const std::string& secret : endpoint->secrets()) {
    if (secret != key) redactor.add(secret);
  }
  for (const std::string& secret : call->secrets) redactor.add(secret);
  return redactor;
}

inline Failure Trial::failure(Evidence seen) const {
  Error& error = seen.error;
  error.endpoint = endpoint->name();
  const Redactor secrets = redactor();
  for (std::string* text :
       {&error.message, &error.type, &error.code, &error.param, &error.request_id, &error.body}) {
    secrets.redact(*text);
  }
  secrets.redact(error.headers);
  error.message = one_line(error.message);  // cut only now, or half a key might be left of it
  seen.path = call->path;
  seen.names_an_object = !call->path_ids.empty();
  seen.seeks_object = seeks_object;
  return judge(std::move(seen), endpoint->options().classify);
}

inline Failure Trial::interrupted(const Timer& limit, TimePoint deadline, EventLoop& loop) {
  if (limit.stopped()) return failure(evidence_of_cancellation());
  if (transfer && transfer->response.status >= 300) {
    return failure(evidence_of_answer(std::move(transfer->response), loop.date()));
  }

  const bool deadline_passed = loop.now() >= deadline;
  const Sent sent = transfer ? transfer->sent() : Sent::nothing;
  std::string message = sent == Sent::nothing ? "no connection "
                        : call->is_bytes      ? "no first byte "
                        : call->streams       ? "no first token "
                                              : "no answer ";
  message += deadline_passed ? "before the deadline of " + duration_text(call->deadline)
                             : "within " + duration_text(call->timeout);
  Evidence seen =
      ended(deadline_passed ? EndedBy::call_deadline : EndedBy::its_time, ends - admission.admitted(),
            usual_timeout(endpoint->options(), call->streams), std::move(message));
  seen.sent = sent;
  return failure(std::move(seen));
}

inline Evidence Trial::ended(EndedBy by, std::chrono::nanoseconds given, std::chrono::nanoseconds usual,
                             std::string message) const {
  const TrackRecord& record = endpoint->standing()->record;
  return {.error = {.kind = ErrorKind::timeout, .message = std::move(message)},
          .ended_by = by,
          .given = given,
          .usual = usual,
          .patience = record.patience(call->streams, admission.admitted())};
}

inline void Trial::count_tokens(const JsonNode& answer) {
  if (!watch && !admission.counts_tokens()) return;
  const std::optional<Usage> usage = usage_of(answer);
  if (!usage) return;
  if (watch) watch->used(*usage);
  if (usage->total) admission.used((std::max)(*usage->total, 0.0));
}

inline void Trial::count_tokens(std::string_view answer) {
  if (!watch && !admission.counts_tokens()) return;
  ScannedJson document;
  if (document.read(answer)) count_tokens(document.root());
}

inline ResponseInfo Trial::info(HttpResponse response) const {
  ResponseInfo info{.endpoint = endpoint->name(),
                    .base_url = endpoint->base_url(),
                    .status = response.status,
                    .request_id = std::string(header(response.headers, "x-request-id")),
                    .headers = std::move(response.headers),
                    .body = std::move(response.body),
                    .model = call->model.value_or("")};
  const Redactor secrets = redactor();
  secrets.redact(info.request_id);
  secrets.redact(info.body);
  secrets.redact(info.headers);
  return info;
}

}  // namespace openailb::detail
