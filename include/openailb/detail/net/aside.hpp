#pragma once

#include <openailb/detail/net/task.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/values/clock.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace openailb::detail {

/// An answer of more bytes is read aside: to read one of the worst kind takes some milliseconds.
inline constexpr std::size_t read_at_once = std::size_t{64} << 10;

/// Runs `work()` on another thread, if the loop has one for that, and gives what it returns. The loop goes on
/// meanwhile. If the task is destroyed, the work goes on to its end, so it must own all that it uses.
template <class Work, class Value = std::invoke_result_t<Work&>>
Task<Value> aside(EventLoop& loop, Work work) {
  struct State {
    explicit State(Work to_do) : work(std::move(to_do)) {}
    Work work;
    std::optional<Value> value{};
    std::exception_ptr failed{};
    std::stop_source done{};
  };
  auto state = std::make_shared<State>(std::move(work));
  Timer done(loop, (TimePoint::max)(), state->done.get_token());
  const bool runs = loop.run_aside([state] {
    try {
      state->value.emplace(state->work());
    } catch (...) {
      state->failed = std::current_exception();
    }
    state->done.request_stop();
  });
  if (!runs) co_return state->work();
  WhenAny over(done);
  co_await over;
  if (state->failed) std::rethrow_exception(state->failed);
  co_return *std::move(state->value);
}

}  // namespace openailb::detail
