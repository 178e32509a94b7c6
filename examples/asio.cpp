// Calls in a program that runs on Asio: all code of one's own runs on the io_context.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <asio.hpp>
#include <chrono>
#include <functional>
#include <iostream>
#include <utility>

int main() {
  // [asio]
  asio::io_context io;
  openailb::AsyncClient client(
      openailb_examples::endpoints(),
      {.executor = [&](std::function<void()> function) { asio::post(io, std::move(function)); }});

  auto busy = asio::make_work_guard(io);
  client.chat.completions
      .stream({.model = openailb_examples::model(),
               .messages = {openailb::user_message("Write a haiku about load balancing.")}})
      .on_chunk([](const auto& chunk) { std::cout << chunk.text() << std::flush; })
      .then([&](openailb::Result<openailb::ChatCompletion> whole) {
        std::cout << '\n' << (whole ? "served by " + whole->info.endpoint : whole.error().message) << '\n';
        busy.reset();
      });
  io.run();
  // [/asio]
}
