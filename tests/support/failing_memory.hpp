#pragma once

// Lets an allocation of a program fail. One file of a program may include this, since it replaces operator
// new. What libcurl allocates is not counted.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace openailb::test {

/// How many allocations of all threads succeed until one fails; negative: none fails.
inline std::atomic<long> allocations_left{-1};

inline bool allocation_fails() noexcept {
  return allocations_left.load() >= 0 && allocations_left.fetch_sub(1) == 0;
}

/// Lets one allocation fail: that after `before` others, unless the end of this comes sooner.
class FailingMemory {
 public:
  explicit FailingMemory(long before) { allocations_left = before; }
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
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
