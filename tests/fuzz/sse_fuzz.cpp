// However the network cuts a stream up, its events are the same, and none is larger than the limit. The first
// byte says how it is cut.
#include "input.hpp"
#include <openailb/detail/wire/sse.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using openailb::detail::ServerSentEvent;
using openailb::detail::SseDecoder;
using openailb::fuzz::require;

struct Decoded {
  std::vector<ServerSentEvent> events{};
  bool overflowed{};
  bool operator==(const Decoded&) const = default;
};

Decoded decode(const std::vector<std::string>& pieces, std::size_t limit) {
  SseDecoder decoder(limit);
  Decoded decoded;
  for (const std::string& piece : pieces) {
    decoder.feed(piece);
    while (auto event = decoder.next()) {
      require(event->event.size() + event->data.size() <= limit);
      decoded.events.push_back(*std::move(event));
    }
  }
  decoded.overflowed = decoder.overflowed();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  openailb::fuzz::Input input(data, size);
  const unsigned seed = input.byte();
  const auto cuts = openailb::fuzz::pieces_of(input.rest(), seed);
  const std::string whole(input.rest());
  std::vector<std::string> bytes;
  for (const char byte : whole) bytes.emplace_back(1, byte);
  for (const std::size_t limit : {SseDecoder::default_max_event_size, std::size_t{48}}) {
    const Decoded decoded = decode({whole}, limit);
    require(decode(bytes, limit) == decoded);
    require(decode(cuts, limit) == decoded);
    std::size_t kept = 0;
    for (const auto& event : decoded.events) kept += event.event.size() + event.data.size();
    require(kept <= whole.size());
  }
  return 0;
}
