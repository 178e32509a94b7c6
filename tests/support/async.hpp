#pragma once

#include "support/gate.hpp"
#include "support/streaming.hpp"

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace openailb::test {

/// A coroutine that starts at once and that nobody waits for.
struct Coroutine {
  struct promise_type {
    Coroutine get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

/// A coroutine that starts at once, and that its owner destroys.
class OwnedCoroutine {
 public:
  struct promise_type {
    OwnedCoroutine get_return_object() {
      return OwnedCoroutine(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
  explicit OwnedCoroutine(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  OwnedCoroutine(OwnedCoroutine&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  OwnedCoroutine& operator=(OwnedCoroutine&&) = delete;
  ~OwnedCoroutine() {
    if (frame_) frame_.destroy();
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

/// A value that one thread gives and another one waits for.
template <class T>
class Box {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    there_.notify_all();
  }
  T get() {
    std::unique_lock lock(mutex_);
    if (!there_.wait_for(lock, patience, [this] { return value_.has_value(); })) {
      throw std::runtime_error("nothing came");
    }
    return *value_;
  }

 private:
  std::mutex mutex_{};
  std::condition_variable there_{};
  std::optional<T> value_{};
};

/// A queue of functions that the test calls on its own thread, as programs with a main loop do.
class MainLoop {
 public:
  /// For ClientOptions::executor.
  auto executor() {
    return [this](std::function<void()> function) {
      const std::lock_guard lock(mutex_);
      functions_.push_back(std::move(function));
      changed_.notify_all();
    };
  }
  /// Waits for the next function, and calls it.
  void run_one() { next()(); }
  /// Waits for the next function, and drops it.
  void drop_one() { next() = nullptr; }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return functions_.size();
  }

 private:
  std::function<void()> next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [this] { return !functions_.empty(); })) {
      throw std::runtime_error("no function came");
    }
    std::function<void()> function = std::move(functions_.front());
    functions_.pop_front();
    return function;
  }

  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::deque<std::function<void()>> functions_{};
};

/// Endpoints of an AsyncClient. A server may hold the client's thread back at `held` until `released` opens.
struct AsyncSimulation : Simulation {
  using Simulation::Simulation;

  Gate held{}, released{};
  Box<std::string> unhandled{};

  AsyncClient client() {
    if (!options.on_unhandled) {
      options.on_unhandled = [this](std::exception_ptr exception) {
        try {
          std::rethrow_exception(std::move(exception));
        } catch (const std::exception& thrown) {
          unhandled.put(thrown.what());
        }
      };
    }
    return AsyncClient(endpoints, options);
  }
  /// Adds an endpoint that holds the thread back at each request.
  void add_holding(SimulatedAnswer answer) {
    add([this, answer = std::move(answer)](const HttpRequest&) {
      held.open();
      released.wait();
      return answer;
    });
  }
};

inline Future<ChatCompletion> ask(const AsyncClient& client, RequestOptions options = {}) {
  return client.chat.completions.create(question(), std::move(options));
}
inline AsyncStream<ChatCompletionChunk> ask_to_stream(const AsyncClient& client,
                                                      RequestOptions options = {}) {
  return client.chat.completions.stream(question(), std::move(options));
}

}  // namespace openailb::test
