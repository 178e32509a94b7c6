// The scanner against nlohmann_json: both take the same texts, and read the same from them. Most inputs are
// what servers send with a few bytes changed, so that most of them take the fast way.
#include "input.hpp"
#include "support/json_oracle.hpp"

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  openailb::fuzz::Input input(data, size);
  const auto& samples = openailb::test::sample_texts();
  const unsigned choice = input.byte();
  std::string text;
  if (choice % 8 == 0) {
    text = input.rest();
  } else {
    text = samples[choice % samples.size()];
    while (!input.rest().empty()) {  // a place, what to do there, and with what
      const std::size_t place = (input.byte() * 256U + input.byte()) % (text.size() + 1);
      const unsigned what = input.byte();
      if (what % 4 == 0) text.erase(place, what / 4);
      if (what % 4 == 1) text.insert(place, input.take(what / 4));
      if (what % 4 == 2) text.replace(place, 1, input.take(1));
      if (what % 4 == 3) {
        const std::string& other = samples[what / 4 % samples.size()];
        text.insert(place, other.substr(place % other.size(), what % 64));
      }
      if (text.size() > 8192) text.resize(8192);
    }
  }
  if (const char* found = openailb::test::difference(text)) {
    std::cerr << found << " differ: " << text << std::endl;
    openailb::fuzz::require(false);
  }
  return 0;
}
