#pragma once

#include <chrono>
#include <functional>

namespace openailb {

/// How to wait for something that a service works on, such as a batch.
template <class T>
struct PollOptions {
  std::chrono::nanoseconds every{std::chrono::seconds(5)};  ///< the pause between two questions
  /// Called with each answer, on the calling thread; of an AsyncClient, where continuations run. Null: nobody
  /// is told.
  std::function<void(const T&)> on_update{};
};

}  // namespace openailb
