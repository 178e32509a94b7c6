#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/net/task_operation.hpp>
#include <openailb/error.hpp>
#include <openailb/future.hpp>
#include <openailb/result.hpp>

#include <functional>
#include <utility>

namespace openailb {

namespace detail {

/// The result of a pending call. What a user's function threw in it becomes an Error.
inline Result<AnswerPtr> take_as_result(PendingAnswer& pending) {
  try {
    return pending.take();
  } catch (...) {
    return describe_current_exception();
  }
}

}  // namespace detail

template <class T>
Result<T> Future<T>::get() {
  return detail::typed<T>(finish().take());
}

template <class T>
Result<T> Future<T>::take() {
  return detail::typed<T>(detail::take_as_result(pending()));
}

template <class T>
void Future<T>::call_when_done(std::function<void(Result<T>)> function) && {
  std::move(*this).AnyFuture::call_when_done(
      [function = std::move(function)](detail::PendingAnswer& pending) {
        function(detail::typed<T>(detail::take_as_result(pending)));
      });
}

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/any_future.hpp>
#endif
