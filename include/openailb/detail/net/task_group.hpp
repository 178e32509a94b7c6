#pragma once

#include <openailb/detail/net/task.hpp>
#include <openailb/detail/net/waiter.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

namespace openailb::detail {

/// Tasks that run at the same time. A source of WhenAny, which is ready when one of them is done. Destroying
/// it cancels those that are left.
template <class T>
class TaskGroup {
 public:
  /// Adds a task. It starts when it is waited for.
  void add(Task<T> task) { tasks_.emplace(added_++, std::move(task)); }

  bool empty() const noexcept { return tasks_.empty(); }

  /// Takes out a task that is done: which it is, counted from 0, and its result. Null when none is.
  std::optional<std::pair<std::size_t, T>> take() {
    for (auto task = tasks_.begin(); task != tasks_.end(); ++task) {
      if (!task->second.ready()) continue;
      std::pair<std::size_t, T> done(task->first, task->second.result());
      tasks_.erase(task);
      return done;
    }
    return std::nullopt;
  }

  bool ready() {
    bool any = false;
    for (auto& [index, task] : tasks_) any = task.ready() || any;
    return any;
  }
  void subscribe(Waiter& waiter) noexcept {
    for (auto& [index, task] : tasks_) task.subscribe(waiter);
  }
  void unsubscribe() noexcept {
    for (auto& [index, task] : tasks_) task.unsubscribe();
  }

 private:
  std::map<std::size_t, Task<T>> tasks_{};
  std::size_t added_{};
};

}  // namespace openailb::detail
