#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::test {

/// A hash that is the same in every process.
inline std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  return hash;
}

/// The answer to a question, in the pieces that a stream brings. Servers and callers agree on it without a
/// word, so a caller can tell whether it got its own answer, all of it and nothing else.
inline std::vector<std::string> known_pieces(std::string_view question) {
  static constexpr std::array words{"round", "robin",  "breaker", "größer", "\n\n",
                                    "日本",  "\"so\"", "data: ",  "{}",     "\\u0041"};
  std::mt19937_64 dice(fingerprint(question));
  const auto below = [&dice](std::size_t limit) { return dice() % limit; };
  std::vector<std::string> pieces(1 + below(30));
  for (std::string& piece : pieces) {
    for (std::size_t word = 1 + below(20); word > 0; --word) {
      piece.append(words[below(words.size())]).append(" ");
    }
  }
  pieces.back().append("-- you asked: ").append(question);
  return pieces;
}

inline std::string known_answer(std::string_view question) {
  std::string text;
  for (const std::string& piece : known_pieces(question)) text += piece;
  return text;
}

}  // namespace openailb::test
