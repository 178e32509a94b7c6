#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/net/call_operation.hpp>
#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/task_operation.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/future.hpp>

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace openailb::detail {

OPENAILB_INLINE Awaiting::~Awaiting() {
  // Taken out first, since clang 16 destroys an awaiter once more with the frame of a coroutine that threw.
  if (const std::shared_ptr<CallOperation> call = std::exchange(call_, nullptr)) call->forget_continuation();
}

OPENAILB_INLINE bool Awaiting::begin(std::shared_ptr<CallOperation> call, std::coroutine_handle<> coroutine) {
  call_ = std::move(call);  // first: from then on it may be resumed and destroyed on another thread
  return call_->on_done([coroutine] { coroutine.resume(); });
}

OPENAILB_INLINE AnyFuture::AnyFuture(std::shared_ptr<PendingAnswer> pending) noexcept
    : pending_(std::move(pending)) {}

OPENAILB_INLINE AnyFuture::AnyFuture(AnyFuture&&) noexcept = default;

OPENAILB_INLINE AnyFuture& AnyFuture::operator=(AnyFuture&& other) noexcept {
  AnyFuture moved(std::move(other));
  pending_.swap(moved.pending_);
  return *this;
}

OPENAILB_INLINE AnyFuture::~AnyFuture() {
  if (pending_) CallOperation::abandon(std::move(pending_));
}

OPENAILB_INLINE void AnyFuture::cancel() noexcept {
  if (pending_) CallOperation::abandon(pending_);
}

/// Not on the client's own thread, where it would wait for ever.
OPENAILB_INLINE void AnyFuture::wait_for_end() noexcept {
  if (pending_ && !pending_->thread().is_current()) pending_->wait();
}

OPENAILB_INLINE PendingAnswer& AnyFuture::pending() const {
  if (!pending_) throw std::logic_error("openailb: this Future has been moved from");
  return *pending_;
}

OPENAILB_INLINE bool AnyFuture::ready() const { return pending().is_done(); }

OPENAILB_INLINE bool AnyFuture::ready_for_one() const {
  pending().must_not_be_awaited();
  return ready();
}

OPENAILB_INLINE PendingAnswer& AnyFuture::finish() const {
  pending().must_not_be_awaited();
  pending().wait();
  return pending();
}

OPENAILB_INLINE bool AnyFuture::wait_for(std::chrono::nanoseconds limit) const {
  return pending().wait(limit);
}

OPENAILB_INLINE void AnyFuture::detach() && {
  pending().detach();
  pending_.reset();
}

OPENAILB_INLINE void AnyFuture::call_when_done(std::function<void(PendingAnswer&)> function) && {
  // The pending call owns its continuation, which therefore does not own it.
  pending().call_when_done([&call = pending(), function = std::move(function)] { function(call); });
  pending_.reset();
}

OPENAILB_INLINE void AnyFuture::notify_when_done(const std::function<void()>& notify) {
  if (!pending().notify_when_done(notify)) notify();
}

OPENAILB_INLINE std::shared_ptr<CallOperation> AnyFuture::call() const {
  static_cast<void>(pending());
  return pending_;
}

}  // namespace openailb::detail
