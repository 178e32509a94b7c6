#pragma once

#include "support/written_json.hpp"
#include <openailb/chat.hpp>
#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/wire/json.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

/// \file
/// What is read of chunks that repeat each other, compared with what is read of each chunk by itself.
namespace openailb::test {

/// Reads chunks as a committed stream does.
class ChunkOracle {
 public:
  /// What differs in the next chunk; null when nothing does.
  const char* next(const std::string& text) {
    detail::ScannedJson document;
    const bool is_chunk = document.read(text) && !detail::error_inside(document.root());
    std::string data = text;
    const bool repeats = reader_.read_repetition(data);
    if (!repeats && data != text) return "a text that was left to others";
    if (repeats && !is_chunk) return "whether it is a chunk";
    if (!is_chunk) return nullptr;
    ++chunks_;
    if (repeats) {
      ++repetitions_;
    } else {
      document.read(data);
      reader_.read(document, data);
    }
    if (reader_.text() != text) return "the text";
    document.read(text);
    const auto alone = detail::read_json<ChatCompletionChunk>(document.root());
    return written_json(reader_.chunk()) == written_json(alone) ? nullptr : "the chunk";
  }

  std::size_t chunks() const { return chunks_; }
  std::size_t repetitions() const { return repetitions_; }

 private:
  detail::ChunkReaderOf<ChatCompletionChunk> reader_{};
  std::size_t chunks_{};
  std::size_t repetitions_{};
};

/// Makes the texts of a stream's events. Most repeat the one before but for a text or two; some are spoilt.
class ChunkTexts {
 public:
  /// `byte` gives numbers from 0 to 255.
  template <class Byte>
  std::string next(Byte byte) {
    const unsigned what = byte();
    if (what % 64 == 0) shape_ = byte() % (byte() % 4 == 0 ? shapes.size() : usual);
    std::string text(shapes[shape_]);
    for (const char* mark : {"@", "#"})
      put(mark, tokens[byte() % (what % 8 == 1 ? tokens.size() : sound)], text);
    const std::size_t place = (byte() * 256 + byte()) % text.size();
    if (what % 32 == 4) text[place] = static_cast<char>(byte());
    if (what % 32 == 2) text.erase(place, byte() % 8);
    if (what % 32 == 3) text.replace(place, std::string::npos, last_, place % last_.size());
    last_ = text;
    return text;
  }

 private:
  static void put(std::string_view mark, std::string_view value, std::string& text) {
    if (const auto at = text.find(mark); at != text.npos) text.replace(at, mark.size(), value);
  }

  static constexpr std::size_t usual = 5;  // of the shapes stand first
  static constexpr std::array<std::string_view, 18> shapes{
      R"({"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"@"},"finish_reason":null}],"usage":null,"obfuscation":"#"})",
      R"({"choices":[{"delta":{"content":"@"}}]})",
      R"({"obfuscation":"#","choices":[{"delta":{"content":"@"}}]})",
      R"({"choices":[{"delta":{"role":"assistant","reasoning_content":"@","content":"#"}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"#","function":{"name":"f","arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}},{"index":1,"function":{"arguments":"#"}}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":[1,{"function":{"arguments":"@"}}]}}]})",
      R"({"choices":[{"delta":{"content":"@","content":"#"}}]})",
      R"({"choices":[{"delta":{"c\u006fntent":"@"},"extra":"#"}]})",
      R"({"choices":[{"delta":{"content":"@"}},{"index":1,"delta":{"content":"#"}}]})",
      R"({"choices":["#",{"delta":{"content":"@"}}]})",
      R"({"choices":[{"delta":{"content":"@"},"delta":{"content":"#"}}]})",
      R"({"choices":[{"delta":{"content":[{"type":"text","text":"@"}],"reasoning_content":"#"}}]})",
      R"({"choices":[{"delta":{"content":[{"type":"thinking","thinking":"T"}],"reasoning_content":"@"}}]})",
      R"({"choices":[],"usage":{"prompt_tokens":1},"obfuscation":"@"})",
      R"({"choices":[{"delta":{"reasoning_content":"@","reasoning":"#"}}]})",
      R"({"choices":[{"delta":{"reasoning":"@","content":"#"}}]})",
      R"({"error":"#","choices":[{"delta":{"content":"@"}}]})",
  };
  static constexpr std::size_t sound = 13;  // of the tokens stand first
  static constexpr std::array<std::string_view, 20> tokens{
      "",
      " and",
      " so on",
      "Hello, world",
      "0123456789abcdef",
      R"(\n)",
      R"(\"q\")",
      R"(\u00fc)",
      "\xC3\xBC",
      "\xE6\xBC\xA2\xE5\xAD\x97",
      R"(\ud83d\ude00)",
      "error",
      R"(\\)",
      R"(\ud83d)",
      "\xFF",
      "\t",
      "\"",
      R"(\)",
      R"(\x)",
      "\",\"content\":\"",
  };

  std::size_t shape_{};
  std::string last_{" "};
};

}  // namespace openailb::test
