#pragma once

#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/pending.hpp>
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
  if (pending_ && !pending_->is_done()) pending_->thread().drop(pending_);
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
  const std::shared_ptr<detail::Pending<Result<T>>> pending = this->pending();
  pending_.reset();
  // The pending call owns its continuation, which therefore does not own it.
  if (pending->on_done([&call = *pending, function] { function(detail::take_as_result(call)); })) return;
  pending->thread().resume([pending, function] { function(detail::take_as_result(*pending)); });
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
bool Future<T>::on_done(std::function<void()> continuation) {
  return pending_->on_done(std::move(continuation));
}

template <class T>
void Future<T>::forget() noexcept {
  if (pending_) pending_->forget_continuation();
}

}  // namespace openailb
