#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace openailb::fuzz {

/// Ends the program with the place where something does not hold.
inline void require(bool holds, std::source_location place = std::source_location::current()) {
  if (holds) return;
  std::cerr << place.file_name() << ':' << place.line() << ": this must hold" << std::endl;
  std::abort();
}

/// The fuzzer's bytes, taken from the front.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}
  Input(const std::uint8_t* data, std::size_t size) : Input({reinterpret_cast<const char*>(data), size}) {}

  std::string_view take(std::size_t count) {
    auto taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  unsigned byte() {
    auto taken = take(1);
    return taken.empty() ? 0 : static_cast<unsigned char>(taken.front());
  }
  std::string text() { return std::string(take(byte())); }
  /// What stands before the next line feed, or all that is left.
  std::string_view line() {
    auto taken = take(rest_.find('\n'));
    take(1);
    return taken;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// The bytes cut into pieces, by the seed into others.
inline std::vector<std::string> pieces_of(std::string_view bytes, unsigned seed) {
  std::minstd_rand random(seed);
  std::vector<std::string> pieces;
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, random() % 16);
    pieces.emplace_back(piece);
    bytes.remove_prefix(piece.size());
  }
  return pieces;
}

}  // namespace openailb::fuzz
