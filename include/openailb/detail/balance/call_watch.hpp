#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/net/unhandled.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/event.hpp>
#include <openailb/options.hpp>

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace openailb::detail {

/// Tells a client's listener what happens. What the listener throws does no harm.
inline void tell(const ClientOptions& options, const Event& event) noexcept {
  try {
    options.on_event(event);
  } catch (...) {
    show_unhandled(options.on_unhandled, std::current_exception(), "on_event");
  }
}

/// Tells what becomes of one call: made when it begins, destroyed when it has ended, however it ends. Without
/// a listener there is none.
class CallWatch {
 public:
  CallWatch(const ClientOptions& options, const Call& call, ClockFunction clock)
      : options_(&options),
        clock_(std::move(clock)),
        began_(clock_()),
        path_(call.path.substr(0, call.path.find('?'))),
        model_(call.model.value_or(std::string())) {
    ended_.is_stream = call.streams;
  }
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;
  ~CallWatch() {
    ended_.path = path_;
    ended_.model = model_;
    ended_.endpoint = endpoint_;
    ended_.elapsed = clock_() - began_;
    tell(*options_, ended_);
  }

  void attempt_began(AttemptBegan event) {
    event.number = ++ended_.attempts;
    tell(*options_, event);
  }
  void attempt_ended(const AttemptEnded& event, TimePoint now) {
    if (!event.kind) {
      endpoint_ = event.endpoint;
      if (ended_.is_stream) ended_.first_token = now - began_;
    }
    tell(*options_, event);
  }
  void waits(WaitReason reason, std::chrono::nanoseconds at_most) const {
    tell(*options_, CallWaits{.model = model_, .reason = reason, .at_most = at_most});
  }
  void endpoint_cools(const EndpointCools& event) const { tell(*options_, event); }
  void used(const Usage& usage) noexcept {
    ended_.input_tokens = usage.input;
    ended_.output_tokens = usage.output;
  }
  /// How it ends; null is success. One that is dropped was canceled.
  void ends(std::optional<ErrorKind> kind) noexcept { ended_.kind = kind; }

 private:
  const ClientOptions* options_;
  ClockFunction clock_;
  TimePoint began_;
  std::string path_;
  std::string model_;
  std::string endpoint_{};
  CallEnded ended_{.kind = ErrorKind::canceled};
};

}  // namespace openailb::detail
