// Calls in a coroutine: two tasks that go on while the other one waits.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <coroutine>
#include <exception>
#include <iostream>
#include <latch>
#include <optional>
#include <string>

/// Any coroutine type will do, such as one of cppcoro's, folly's or your own. This one starts at once.
struct Coroutine {
  struct promise_type {
    Coroutine get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// [coroutine]
/// Both coroutines go on on the client's own thread, one at a time.
Coroutine write_poem(const openailb::AsyncClient& client, std::latch& done) {
  auto stream = client.chat.completions.stream({
      .model = openailb_examples::model(),
      .messages = {openailb::user_message("Write a haiku about load balancing.")},
  });
  std::string poem;
  while (auto chunk = co_await stream.next()) poem += chunk->text();
  std::cout << (stream.error() ? stream.error()->message : poem) << '\n';
  done.count_down();
}

Coroutine translate(const openailb::AsyncClient& client, std::string text, std::latch& done) {
  auto answer = client.chat.completions.create({
      .model = openailb_examples::model(),
      .messages = {openailb::user_message("Translate into French: " + text)},
  });
  auto completion = co_await answer;
  std::cout << (completion ? completion->text() : completion.error().message) << '\n';
  done.count_down();
}
// [/coroutine]

int main() {
  openailb::AsyncClient client(openailb_examples::endpoints());
  std::latch done(2);
  write_poem(client, done);
  translate(client, "Hello!", done);
  done.wait();
}
