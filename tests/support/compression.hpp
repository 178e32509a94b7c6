#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Valid compressed data, without a library that compresses: "stored" formats hold the text as it is.
namespace openailb::test {

namespace detail {

/// The lowest bytes of a number, least significant first.
inline std::string little_endian(std::uint64_t number, std::size_t bytes) {
  std::string text;
  for (std::size_t index = 0; index < bytes; ++index) text += static_cast<char>(number >> (8 * index) & 0xFF);
  return text;
}

class Crc32 {
 public:
  void add(char byte) {
    crc_ ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc_ = (crc_ & 1) != 0 ? crc_ >> 1 ^ 0xEDB88320U : crc_ >> 1;
  }
  std::uint32_t value() const { return ~crc_; }

 private:
  std::uint32_t crc_{~std::uint32_t{}};
};

inline std::string gzip_head() { return std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10); }

}  // namespace detail

inline std::string gzip(std::string_view text) {
  std::string zipped = detail::gzip_head();
  detail::Crc32 crc;
  for (const char byte : text) crc.add(byte);
  const std::size_t size = text.size();
  do {
    const std::string_view block = text.substr(0, 0xFFFF);
    text.remove_prefix(block.size());
    zipped += text.empty() ? '\x01' : '\0';
    zipped += detail::little_endian(block.size(), 2) + detail::little_endian(~block.size(), 2);
    zipped += block;
  } while (!text.empty());
  return zipped + detail::little_endian(crc.value(), 4) + detail::little_endian(size, 4);
}

/// What unpacks to `text`, filled with line ends to 257 bytes, and 258 * `repeats` bytes of the same again:
/// it is 103 times smaller. Its checksum is left out: whoever unpacks it all has failed already.
inline std::string gzip_bomb(std::string text, std::size_t repeats) {
  text.resize(257, '\n');
  std::string zipped = detail::gzip_head() + '\0';  // a block that holds the text as it is
  zipped += detail::little_endian(text.size(), 2) + detail::little_endian(~text.size(), 2) + text;
  unsigned bits = 0;
  int count = 0;
  const auto put = [&](unsigned value, int size) {
    bits |= value << count;
    for (count += size; count >= 8; count -= 8, bits >>= 8) zipped += static_cast<char>(bits & 0xFF);
  };
  put(0b011, 3);  // the last block, fixed Huffman codes
  // 258 bytes as they were 257 bytes before
  for (std::size_t done = 0; done < repeats; ++done) put(0b0000000'00001'10100011, 20);
  put(0, 7 + 8);
  return zipped;
}

/// For texts of up to 65,536 bytes.
inline std::string brotli(std::string_view text) {
  const std::uint64_t uncompressed_block = std::uint64_t{1} << 20;
  return detail::little_endian(uncompressed_block | (text.size() - 1) << 4, 3).append(text).append("\x03");
}

/// For texts of up to 65,000 bytes.
inline std::string zstd(std::string_view text) {
  const std::string frame = "\x28\xB5\x2F\xFD\xA0" + detail::little_endian(text.size(), 4);
  return frame + detail::little_endian(text.size() << 3 | 1, 3).append(text);
}

}  // namespace openailb::test
