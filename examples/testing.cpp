// A test of one's own code: a network of scripted servers, in a time that passes only where the test lets it.
#include <openailb/openailb.hpp>
#include <openailb/testing/simulated_network.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <chrono>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

// [testing-code]
/// The code to be tested: it takes the client that it is to use.
std::string greeting(openailb::Client& client) {
  auto completion = client.chat.completions.create({
      .model = "gpt-4o-mini",
      .messages = {openailb::user_message("Hello!")},
  });
  return completion ? completion->text() : "(nobody is there)";
}
// [/testing-code]

int failures = 0;

void expect(bool holds, const std::string& what) {
  std::cout << (holds ? "ok: " : "FAILED: ") << what << '\n';
  failures += holds ? 0 : 1;
}

int main() {
  // [testing]
  openailb::testing::SimulatedNetwork network;
  network.serve("https://one.example", [](const openailb::HttpRequest&) {
    return openailb::testing::SimulatedAnswer{.status = 429, .headers = {{"Retry-After", "20"}}};
  });
  network.serve("https://two.example", [](const openailb::HttpRequest&) {
    return openailb::testing::SimulatedAnswer{.body = R"({"choices": [{"message": {"content": "Hello!"}}]})",
                                              .latency = 3s};
  });
  openailb::Client client(
      {
          {.base_url = "https://one.example/v1"},
          {.base_url = "https://two.example/v1"},
      },
      {.event_loop = network.loops()});

  const auto began = network.now();
  expect(greeting(client) == "Hello!", "the second endpoint answers when the first is rate limited");
  expect(network.requests().size() == 2, "each of them was asked once");
  expect(network.now() - began == 3s, "it took three seconds, none of which this test has waited for");
  // [/testing]

  expect(greeting(client) == "Hello!" && network.requests().size() == 3,
         "an endpoint is left alone during its cooldown");

  // [testing-random]
  // Servers that answer what they are asked, but fail at random: the same seed gives the same faults.
  using openailb::testing::Fault;
  network.serve("https://one.example",
                openailb::testing::SimulatedServer({.faults = {{Fault::reset, 0.3}, {Fault::html, 0.3}}}, 1));
  network.serve("https://two.example", openailb::testing::SimulatedServer({.latency = 2s}, 2));
  int answered = 0;
  for (int call = 0; call < 100; ++call) answered += greeting(client) == "Hello!" ? 1 : 0;
  expect(answered == 100, "a hundred calls are answered although an endpoint fails most of the time");
  // [/testing-random]
  return failures == 0 ? 0 : 1;
}
