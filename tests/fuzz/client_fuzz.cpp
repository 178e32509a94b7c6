// A client whose servers answer whatever the fuzzer thinks of: it ends with an answer or an error, has asked
// no more often than it may, and leaves nothing behind.
#include "input.hpp"
#include <openailb/openailb.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

namespace {

using namespace std::chrono_literals;
using openailb::fuzz::Input;
using openailb::fuzz::require;
using openailb::testing::SimulatedAnswer;
using openailb::testing::SimulatedNetwork;

constexpr int max_retries = 2;
constexpr int requests_of_an_attempt = 4;  // three redirects may be followed

SimulatedAnswer answer_of(Input& input) {
  static constexpr int statuses[] = {200, 200, 200, 204, 307, 400, 401, 403, 404, 408, 409, 429, 500, 503};
  static constexpr const char* headers[] = {"retry-after",
                                            "retry-after-ms",
                                            "x-should-retry",
                                            "x-request-id",
                                            "content-type",
                                            "location",
                                            "x-ratelimit-reset-requests"};
  SimulatedAnswer answer{.status = statuses[input.byte() % std::size(statuses)]};
  for (auto count = input.byte() % 3; count > 0; --count) {
    const auto* name = headers[input.byte() % std::size(headers)];
    answer.headers[name] = input.text();
  }
  answer.body = input.text();
  for (auto count = input.byte() % 4; count > 0; --count) {
    answer.pieces.push_back({.after = input.byte() * 1ms, .bytes = input.text()});
  }
  answer.ending = static_cast<SimulatedAnswer::Ending>(input.byte() % 3);
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({reinterpret_cast<const char*>(data), size});
  SimulatedNetwork network;
  for (const auto* origin : {"http://one.example", "http://two.example"}) {
    network.serve(origin, [&input](const openailb::HttpRequest&) { return answer_of(input); });
  }
  openailb::Client client({{.base_url = "http://one.example/v1"}, {.base_url = "http://two.example/v1"}},
                          {.max_retries = max_retries, .event_loop = network.loops()});
  const openailb::ChatCompletionCreateParams params{.model = "m", .messages = {openailb::user_message("Hi")}};
  for (auto calls = 1 + input.byte() % 3; calls > 0; --calls) {
    const auto before = network.requests().size();
    if (input.byte() % 2 == 0) {
      auto completion = client.chat.completions.create(params);
      require(!completion || !completion->choices.empty());
    } else {
      auto stream = client.chat.completions.stream(params);
      for (auto chunks = input.byte(); chunks > 0 && stream.next(); --chunks) {
      }
      static_cast<void>(stream.completion());
    }
    const auto attempts = client.endpoints().size() + max_retries;
    require(network.requests().size() - before <= attempts * requests_of_an_attempt);
  }
  for (const auto& endpoint : client.endpoints()) require(endpoint.in_flight == 0);
  return 0;
}
