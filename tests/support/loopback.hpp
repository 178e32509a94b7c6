#pragma once

#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <chrono>
#include <cstdlib>
#include <string>

namespace openailb::test {

using namespace std::chrono_literals;

/// A proxy that the environment names must not come between these tests and their servers.
inline const bool proxies_are_unset = [] {
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    ::unsetenv(name);
  }
  return true;
}();

/// How much later than due something may end on a busy machine. What it guards against ends far later.
inline constexpr std::chrono::milliseconds noise{1500};

inline ChatCompletionCreateParams hello(std::string text = "Hello!") {
  return {.model = "gpt-test", .messages = {user_message(std::move(text))}};
}

/// Never opens a breaker, for series of calls that are meant to fail.
inline const BreakerSettings never_trips{.ready_to_trip = [](const Counts&) { return false; }};

class Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - began_; }

 private:
  std::chrono::steady_clock::time_point began_{std::chrono::steady_clock::now()};
};

/// What a call failed with, for EXPECT_EQ(error_of(result).kind, ...); of kind api when it did not fail.
template <class T>
Error error_of(const Result<T>& result) {
  return result ? Error{.message = "the call did not fail"} : result.error();
}

/// All that a stream says, and how it ended.
struct StreamText {
  std::string content{};
  std::optional<Error> error{};
};

inline StreamText read(Stream<ChatCompletionChunk>& stream) {
  StreamText all;
  while (auto chunk = stream.next()) {
    if (!chunk->choices.empty()) all.content += chunk->choices[0].delta.content;
  }
  all.error = stream.error();
  return all;
}

inline StreamText read(Stream<ChatCompletionChunk>&& stream) { return read(stream); }

}  // namespace openailb::test
