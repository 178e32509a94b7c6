#pragma once

#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/net/unhandled.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/event.hpp>
#include <openailb/options.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::detail {

/// Tells a client's listener what happens. What the listener throws does no harm.
inline void notify(const ClientOptions& options, const Event& event) noexcept {
  try {
    options.on_event(event);
  } catch (...) {
    show_unhandled(options.on_unhandled, std::current_exception(), "on_event");
  }
}

/// Tells what becomes of one call: made when it begins, destroyed when it has ended, however it ends. Without
/// a listener there is none.
class CallTracer {
 public:
  CallTracer(const ClientOptions& options, const Call& call, ClockFunction clock)
      : options_(&options),
        clock_(std::move(clock)),
        began_(clock_()),
        method_(call.method),
        path_(call.path.substr(0, call.path.find('?'))),
        model_(call.model.value_or(std::string())) {
    ended_.is_stream = call.streams;
  }
  CallTracer(const CallTracer&) = delete;
  CallTracer& operator=(const CallTracer&) = delete;
  ~CallTracer() {
    const TimePoint now = clock_();
    for (const TracedAttempt& one : active_) {
      notify(*options_, AttemptEnded{.endpoint = one.endpoint,
                                     .model = one.model,
                                     .kind = ErrorKind::canceled,
                                     .elapsed = now - one.began});
    }
    ended_.method = method_;
    ended_.path = path_;
    ended_.model = model_;
    ended_.endpoint = endpoint_;
    ended_.elapsed = now - began_;
    notify(*options_, ended_);
  }

  void attempt_began(AttemptBegan event) {
    event.number = ++ended_.attempts;
    active_.push_back({std::string(event.endpoint), std::string(event.model), clock_()});
    notify(*options_, event);
  }
  void attempt_ended(const AttemptEnded& event, TimePoint now) {
    const auto ended =
        std::ranges::find_if(active_, [&](const auto& one) { return one.endpoint == event.endpoint; });
    if (ended != active_.end()) active_.erase(ended);
    if (!event.kind) {
      endpoint_ = event.endpoint;
      if (ended_.is_stream) ended_.first_token = now - began_;
    }
    notify(*options_, event);
  }
  void waits(WaitReason reason, std::chrono::nanoseconds at_most) const {
    notify(*options_, CallWaits{.model = model_, .reason = reason, .at_most = at_most});
  }
  /// It falls back on another model.
  void switched_model(const std::string& model) { model_ = model; }
  void endpoint_rate_limited(const EndpointRateLimited& event) const { notify(*options_, event); }
  /// The latest count of each kind holds: a stream may say its input first, and its output at its end.
  void used(const Usage& usage) noexcept {
    if (usage.input) ended_.input_tokens = usage.input;
    if (usage.output) ended_.output_tokens = usage.output;
  }
  /// How it ends; null is success. One that is dropped was canceled.
  void ends(std::optional<ErrorKind> kind) noexcept { ended_.kind = kind; }

 private:
  /// An attempt that is canceled if the call is dropped.
  struct TracedAttempt {
    std::string endpoint;
    std::string model;
    TimePoint began;
  };

  const ClientOptions* options_;
  ClockFunction clock_;
  TimePoint began_;
  std::string method_;
  std::string path_;
  std::string model_;
  std::string endpoint_{};
  std::vector<TracedAttempt> active_{};
  CallEnded ended_{.kind = ErrorKind::canceled};
};

}  // namespace openailb::detail
