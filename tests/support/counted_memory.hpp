#pragma once

// Counts what a program has allocated, libcurl included. One file of a program may include this, since it
// replaces operator new; under a sanitizer, which has an operator new of its own that finds faults, it
// listens to that.

#include <curl/curl.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OPENAILB_TEST_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OPENAILB_TEST_SANITIZED
#endif

#ifdef OPENAILB_TEST_SANITIZED
// Of <sanitizer/allocator_interface.h>, which g++ has not everywhere.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void*);
#endif

namespace openailb::test {

/// The bytes that are allocated now, and the most that have been since somebody set it.
inline std::atomic<std::size_t> held{}, most{};

inline void add_held(std::size_t size) noexcept {
  const std::size_t now = held += size;
  for (std::size_t before = most; now > before && !most.compare_exchange_weak(before, now);) continue;
}

#ifdef OPENAILB_TEST_SANITIZED

inline const bool memory_is_counted =
    __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t size) { add_held(size); },
                                              [](const volatile void* memory) {
                                                if (memory != nullptr)
                                                  held -= __sanitizer_get_allocated_size(memory);
                                              }) != 0;

#else

inline void* counted(void* memory) noexcept {
  if (memory != nullptr) add_held(malloc_usable_size(memory));
  return memory;
}
inline void release(void* memory) noexcept {
  if (memory != nullptr) held -= malloc_usable_size(memory);
  std::free(memory);
}

inline const bool memory_is_counted =
    curl_global_init_mem(
        CURL_GLOBAL_DEFAULT, [](std::size_t size) { return counted(std::malloc(size)); }, release,
        [](void* memory, std::size_t size) {
          if (memory != nullptr) held -= malloc_usable_size(memory);
          return counted(std::realloc(memory, size));
        },
        [](const char* text) { return static_cast<char*>(counted(strdup(text))); },
        [](std::size_t count, std::size_t size) { return counted(std::calloc(count, size)); }) == CURLE_OK;

#endif

}  // namespace openailb::test

#ifndef OPENAILB_TEST_SANITIZED
void* operator new(std::size_t size) {
  void* memory = openailb::test::counted(std::malloc(size));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { openailb::test::release(memory); }
void operator delete(void* memory, std::size_t) noexcept { openailb::test::release(memory); }
#endif
