// chaos_server PORT [reset=SHARE] [truncate=SHARE] [fail=SHARE] [stall=SHARE]
// Serves chat completions on a port of 127.0.0.1 (0: a free one), says which one on a line of its standard
// output once it listens, and runs until it is killed. SHARE is how many of 100 answers are
//   reset     broken off by a RST, before or within them
//   truncate  ended too early, as if they were whole
//   fail      an error that repeats the key, in a stream perhaps in the midst
//   stall     never finished
#include "known_answer.hpp"
#include "support/http_message.hpp"
#include "support/scripted_server.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>
#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

namespace openailb::test {
namespace {

using Shares = std::map<std::string, int>;

Shares parse_shares(const std::vector<std::string_view>& words) {
  Shares shares;
  for (const std::string_view word : words) {
    const std::size_t equals = word.find('=');
    shares[std::string(word.substr(0, equals))] = std::stoi(std::string(word.substr(equals + 1)));
  }
  return shares;
}

/// An answer as it is sent: in parts, with a pause before each.
struct Script {
  std::vector<std::string> parts{};
  std::chrono::microseconds pause{};
  bool streams{};
};

Script whole_answer(const std::string& question, bool streams) {
  if (!streams) {
    const std::string response = http_response(200, completion_json(known_answer(question)));
    const std::size_t half = response.size() / 2;
    return {.parts = {response.substr(0, half), response.substr(half)},
            .pause = std::chrono::milliseconds(2)};
  }
  Script script{.parts = {sse_head()}, .pause = std::chrono::milliseconds(1), .streams = true};
  for (const std::string& event : completion_events(known_pieces(question))) {
    script.parts.push_back(http_chunk(sse_event(event)));
  }
  script.parts.back() += last_chunk;
  return script;
}

/// Sends these parts; false when the peer has gone.
bool send(Connection& connection, const Script& script, std::size_t parts) {
  for (std::size_t index = 0; index < parts; ++index) {
    std::this_thread::sleep_for(script.pause);
    if (!connection.write(script.parts[index])) return false;
  }
  return true;
}

/// Which of its vices an answer falls to; empty: none.
std::string draw(const Shares& shares, std::mt19937_64& dice) {
  int point = static_cast<int>(dice() % 100);
  for (const auto& [vice, share] : shares) {
    if (point < share) return vice;
    point -= share;
  }
  return {};
}

/// Answers one request; false when the connection is not to be used again.
bool respond(Connection& connection, const Request& request, const Shares& shares, std::mt19937_64& dice) {
  const nlohmann::json body = request.json();
  const Script script = whole_answer(body["messages"][0]["content"], body.contains("stream"));
  const std::string vice = draw(shares, dice);
  if (vice.empty()) return send(connection, script, script.parts.size());

  const std::size_t break_at = dice() % script.parts.size();
  if (vice == "fail") {
    const std::string error = error_json("not for " + request.header("authorization").value_or("nobody"));
    if (!script.streams || break_at == 0) return connection.write(http_response(500, error));
    return send(connection, script, break_at) &&
           connection.write(http_chunk(sse_event(error)).append(last_chunk));
  }
  if (!send(connection, script, break_at)) return false;
  if (vice == "truncate" && script.streams && break_at > 0) return connection.write(last_chunk);
  if (vice == "reset") connection.reset();
  if (vice == "stall") connection.wait_closed();
  return false;
}

[[noreturn]] void run(std::uint16_t port, const Shares& shares) {
  ScriptedServer server(
      [&shares](Connection& connection) {
        while (const auto request = connection.read_request()) {
          std::mt19937_64 dice(fingerprint(request->raw));
          if (!respond(connection, *request, shares, dice)) return;
        }
      },
      port);
  std::cout << "listening on port " << server.port() << std::endl;
  for (;;) ::pause();
}

}  // namespace
}  // namespace openailb::test

int main(int argc, char** argv) {
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG,
          SIGKILL);  // so that a test that dies leaves no server behind, not even a stopped one
#endif
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.empty()) {
    std::cerr << "usage: chaos_server PORT [reset=SHARE] [truncate=SHARE] [fail=SHARE] [stall=SHARE]\n";
    return 2;
  }
  openailb::test::run(static_cast<std::uint16_t>(std::stoi(std::string(words.front()))),
                      openailb::test::parse_shares({words.begin() + 1, words.end()}));
}
