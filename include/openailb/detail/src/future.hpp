#pragma once

#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/pending.hpp>
#include <openailb/detail/net/pending_call.hpp>
#include <openailb/error.hpp>
#include <openailb/future.hpp>
#include <openailb/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace openailb {

namespace detail {

/// The result of a pending call. What a user's function threw in it becomes an Error.
template <class T>
Result<T> take_as_result(Pending<Result<T>>& pending) {
  try {
    return pending.take();
  } catch (...) {
    return describe_current_exception();
  }
}

}  // namespace detail

template <class T>
Future<T>::Future(std::shared_ptr<detail::Pending<Result<T>>> pending) noexcept
    : pending_(std::move(pending)) {}

template <class T>
Future<T>::Future(Future&&) noexcept = default;

template <class T>
Future<T>& Future<T>::operator=(Future&& other) noexcept {
  Future moved(std::move(other));
  pending_.swap(moved.pending_);
  return *this;
}

template <class T>
Future<T>::~Future() {
  if (pending_) detail::PendingCall::abandon(std::move(pending_));
}

template <class T>
void Future<T>::cancel() noexcept {
  if (pending_) detail::PendingCall::abandon(pending_);
}

/// Not on the client's own thread, where it would wait for ever.
template <class T>
void Future<T>::wait_for_end() noexcept {
  if (pending_ && !pending_->thread().is_current()) pending_->wait();
}

template <class T>
const std::shared_ptr<detail::Pending<Result<T>>>& Future<T>::pending() const {
  if (!pending_) throw std::logic_error("openailb: this Future has been moved from");
  return pending_;
}

template <class T>
bool Future<T>::ready() const {
  return pending()->is_done();
}

template <class T>
Result<T> Future<T>::get() {
  pending()->must_not_be_awaited();
  pending()->wait();
  return pending()->take();
}

template <class T>
bool Future<T>::wait_for(std::chrono::nanoseconds limit) const {
  return pending()->wait(limit);
}

template <class T>
void Future<T>::detach() && {
  pending()->detach();
  pending_.reset();
}

template <class T>
void Future<T>::call_when_done(std::function<void(Result<T>)> function) && {
  // The pending call owns its continuation, which therefore does not own it.
  pending()->call_when_done(
      [&call = *pending(), function = std::move(function)] { function(detail::take_as_result(call)); });
  pending_.reset();
}

template <class T>
void Future<T>::notify_when_done(std::function<void()> notify) {
  if (!pending()->notify_when_done(notify)) notify();
}

template <class T>
Result<T> Future<T>::take() {
  return detail::take_as_result(*pending());
}

template <class T>
std::shared_ptr<detail::PendingCall> Future<T>::call() const {
  return pending();
}

template <class T>
bool Future<T>::ready_for_one() const {
  pending()->must_not_be_awaited();
  return ready();
}

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/awaiting.hpp>
#endif
