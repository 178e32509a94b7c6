#include "sound.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

namespace openailb_examples {

namespace {

std::string little_endian(std::uint32_t number, int bytes) {
  std::string text;
  for (int byte = 0; byte < bytes; ++byte) text += static_cast<char>(number >> (8 * byte) & 0xFF);
  return text;
}

/// A chunk of a RIFF file: its name, its size, its bytes.
std::string chunk(const std::string& name, std::string bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  if (size % 2 == 1) bytes += '\0';
  return name + little_endian(size, 4) + bytes;
}

}  // namespace

std::string speak(const std::string& text) {
  constexpr std::uint32_t rate = 8000;
  std::string samples;
  for (std::uint32_t at = 0; at < rate / 2; ++at) {
    const double wave = std::sin(at * 2 * 3.14159265 * 440 / rate) * 8000;
    samples += little_endian(static_cast<std::uint32_t>(static_cast<std::int32_t>(wave)), 2);
  }
  const std::string format = little_endian(1, 2) + little_endian(1, 2) + little_endian(rate, 4) +
                             little_endian(2 * rate, 4) + little_endian(2, 2) + little_endian(16, 2);
  return chunk("RIFF", "WAVE" + chunk("fmt ", format) + chunk("LIST", "INFO" + chunk("ICMT", text)) +
                           chunk("data", samples));
}

std::string hear(const std::string& wav) {
  const std::size_t comment = wav.find("ICMT");
  if (comment == std::string::npos || wav.size() < comment + 8) return {};
  std::size_t size = 0;
  for (std::size_t byte = 4; byte-- > 0;) {
    size = size * 256 + static_cast<unsigned char>(wav[comment + 4 + byte]);
  }
  return wav.substr(comment + 8, size);
}

}  // namespace openailb_examples
