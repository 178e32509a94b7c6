#pragma once

#include <openailb/detail/net/pending_call.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/future.hpp>

#include <coroutine>
#include <memory>
#include <utility>

namespace openailb::detail {

OPENAILB_INLINE Awaiting::~Awaiting() {
  // Taken out first, since clang 16 destroys an awaiter once more with the frame of a coroutine that threw.
  if (const std::shared_ptr<PendingCall> call = std::exchange(call_, nullptr)) call->forget_continuation();
}

OPENAILB_INLINE bool Awaiting::begin(std::shared_ptr<PendingCall> call, std::coroutine_handle<> coroutine) {
  call_ = std::move(call);  // first: from then on it may be resumed and destroyed on another thread
  return call_->on_done([coroutine] { coroutine.resume(); });
}

}  // namespace openailb::detail
