// However the network cuts a stream up, it says the same and ends the same way: cleanly or with an error. The
// first byte says how it is cut, and whether the connection breaks at its end.
#include "input.hpp"
#include "support/written_json.hpp"
#include <openailb/openailb.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using openailb::fuzz::require;
using openailb::testing::SimulatedAnswer;

/// What a stream said, and how it ended.
struct Heard {
  std::vector<std::string> events{};
  nlohmann::json chunks = nlohmann::json::array();
  nlohmann::json completion{};
  openailb::Error error{.kind = {}};
  openailb::Counts counts{};
};

Heard listen(const SimulatedAnswer& answer) {
  openailb::testing::SimulatedNetwork network;
  network.serve("http://one.example", [&](const openailb::HttpRequest&) { return answer; });
  const openailb::Client client({{.base_url = "http://one.example/v1"}},
                                {.max_retries = 0, .event_loop = network.loops()});
  auto stream = client.chat.completions.stream({.model = "m", .messages = {openailb::user_message("Hi")}});
  Heard heard;
  while (auto chunk = stream.next()) {
    require(!stream.error());
    heard.chunks.push_back(nlohmann::json(openailb::test::written_json(*chunk)));
    heard.events.push_back(stream.raw());
  }
  if (stream.error()) heard.error = *stream.error();
  require(stream.error() || !heard.chunks.empty());
  require(!stream.next());
  heard.completion = openailb::test::written_json(stream.completion());
  heard.counts = client.endpoints().front().counts;
  require(client.endpoints().front().in_flight == 0);
  require(network.requests().size() == 1 && heard.counts.requests == 1);
  const auto& counts = heard.counts;
  require(counts.total_successes + counts.total_failures + counts.total_exclusions == 1);
  require(stream.error() || counts.total_successes == 1);
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  openailb::fuzz::Input input(data, size);
  const unsigned seed = input.byte();
  const auto ending = seed % 4 == 0 ? SimulatedAnswer::Ending::reset : SimulatedAnswer::Ending::complete;
  const Heard whole = listen({.body = std::string(input.rest()), .ending = ending});
  SimulatedAnswer cut{.ending = ending};
  for (auto& bytes : openailb::fuzz::pieces_of(input.rest(), seed))
    cut.pieces.push_back({1ms, std::move(bytes)});
  const Heard pieces = listen(cut);
  require(pieces.events == whole.events && pieces.chunks == whole.chunks);
  require(pieces.completion == whole.completion && pieces.counts == whole.counts);
  require(pieces.error.kind == whole.error.kind && pieces.error.message == whole.error.message);
  return 0;
}
