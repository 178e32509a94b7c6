// Chunks that repeat each other but for a text or two, against each of them read by itself.
#include "input.hpp"
#include "support/chunk_oracle.hpp"

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  openailb::fuzz::Input input(data, size);
  openailb::test::ChunkTexts texts;
  openailb::test::ChunkOracle oracle;
  while (!input.rest().empty()) {
    const std::string text = texts.next([&input] { return input.byte(); });
    if (const char* found = oracle.next(text)) {
      std::cerr << found << " differs: " << text << std::endl;
      openailb::fuzz::require(false);
    }
  }
  return 0;
}
