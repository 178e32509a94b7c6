#pragma once

// Lets an allocation of a program fail. One file of a program may include this, since it replaces operator
// new. What libcurl allocates is not counted.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace openailb::test {

/// How many allocations succeed until one fails; negative: none fails.
inline std::atomic<long> allocations_left{-1};
/// Whether only those count that are made on marked threads.
inline std::atomic<bool> only_on_marked_threads{};
inline thread_local bool is_marked_thread{};

inline bool allocation_fails() noexcept {
  if (allocations_left.load() < 0 || (only_on_marked_threads && !is_marked_thread)) return false;
  return allocations_left.fetch_sub(1) == 0;
}

/// Lets one allocation fail: that after `before` others, unless the end of this comes sooner.
class FailingMemory {
 public:
  explicit FailingMemory(long before, bool only_marked = false) {
    only_on_marked_threads = only_marked;
    allocations_left = before;
  }
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;
  ~FailingMemory() { allocations_left = -1; }

  /// Whether it has failed.
  static bool has_failed() noexcept { return allocations_left.load() < 0; }
};

}  // namespace openailb::test

void* operator new(std::size_t size) {
  void* memory = openailb::test::allocation_fails() ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return openailb::test::allocation_fails() ? nullptr : std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
