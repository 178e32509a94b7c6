// A program with a tick, such as a game: it must never wait for an answer.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <chrono>
#include <functional>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

/// Functions that other threads leave for the next tick.
class ForNextTick {
 public:
  void leave(std::function<void()> function) {
    const std::lock_guard lock(mutex_);
    functions_.push_back(std::move(function));
  }
  void run() {
    std::vector<std::function<void()>> functions;
    {
      const std::lock_guard lock(mutex_);
      functions.swap(functions_);
    }
    for (const auto& function : functions) function();
  }

 private:
  std::mutex mutex_{};
  std::vector<std::function<void()>> functions_{};
};

int main() {
  // [game-tick]
  ForNextTick for_next_tick;  // what the client calls of ours, it calls in a tick
  openailb::AsyncClient client(
      openailb_examples::endpoints(),
      {.executor = [&](std::function<void()> function) { for_next_tick.leave(std::move(function)); }});

  auto speech = client.chat.completions
                    .stream({.model = openailb_examples::model(),
                             .messages = {openailb::user_message("Write a haiku about load balancing.")}})
                    .on_chunk([](const auto& chunk) { std::cout << chunk.text() << std::flush; });
  int ticks = 0;
  for (; !speech.ready(); ++ticks) {
    for_next_tick.run();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the game goes here
  }
  auto whole = speech.get();
  // [/game-tick]
  std::cout << '\n';
  if (!whole) std::cout << whole.error().message << '\n';
  std::cout << (ticks > 10 ? "The game went on.\n" : "The game had to wait.\n");
}
