#pragma once

#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_scanner.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// Reads the chunks of a stream, each into the same place. Most of them repeat the one before, byte for byte,
/// but for a text or two: the token, and what pads it. Of such a chunk nothing else is read.
class ChunkReader {
 public:
  ChunkReader() = default;
  ChunkReader(const ChunkReader&) = delete;  // its texts point into its chunk
  ChunkReader& operator=(const ChunkReader&) = delete;
  virtual ~ChunkReader() = default;

  /// The JSON of the chunk that was read last.
  const std::string& text() const noexcept { return text_; }

  /// Reads a chunk that repeats the last one, and takes its text. False, and nothing is changed, if it does
  /// not.
  bool read_repetition(std::string& text);
  /// Reads any chunk, and takes its text. The document was scanned from that or, if it was mended, from
  /// another one.
  void read(ScannedJson& document, std::string& text);

 protected:
  virtual void read_chunk(JsonNode& json) = 0;
  /// See StreamTraits.
  virtual void each_changing_text(JsonNode& json, const NoteText& note) = 0;

 private:
  /// A text that may be another one in the next chunk, between its quotes.
  struct ChangingText {
    std::size_t begin, end;
    std::string* value;
  };

  std::string text_{};
  std::vector<ChangingText> changing_{};  // in the order of the text; empty when no chunk can repeat this one
  std::vector<JsonNode> changed_{};       // what stands in their places in the chunk that is read
};

/// A reader of chunks of this type.
template <class Chunk>
class ChunkReaderOf final : public ChunkReader {
 public:
  /// The chunk that was read last.
  const Chunk& chunk() const noexcept { return chunk_; }

 private:
  void read_chunk(JsonNode& json) override {
    chunk_ = {};
    read_json(json, chunk_);
  }
  void each_changing_text(JsonNode& json, const NoteText& note) override {
    StreamTraits<Chunk>::each_changing_text(json, chunk_, note);
  }

  Chunk chunk_{};
};

/// The chunk that was read last by a reader of chunks of this type.
template <class Chunk>
const Chunk& chunk_of(const ChunkReader& reader) noexcept {
  return static_cast<const ChunkReaderOf<Chunk>&>(reader).chunk();
}

inline void ChunkReader::read(ScannedJson& document, std::string& text) {
  // What its texts point to is gone. If something throws before the end, no chunk is a repetition of this
  // one.
  std::vector<ChangingText> changing = std::exchange(changing_, {});
  changing.clear();
  read_chunk(document.root());
  if (!document.was_mended()) {
    each_changing_text(document.root(), [&](const JsonNode* node, std::string& value) {
      // What a field was read from is known only by what it says.
      if (node == nullptr || node->type != JsonType::string || string_of(*node) != value) return;
      const auto begin = static_cast<std::size_t>(node->text.data() - text.data());
      changing.push_back({.begin = begin, .end = begin + node->text.size(), .value = &value});
    });
    const auto comes_first = [](const ChangingText& a, const ChangingText& b) { return a.begin < b.begin; };
    std::sort(changing.begin(), changing.end(), comes_first);
  }
  text_ = std::move(text);
  changing_ = std::move(changing);
}

inline bool ChunkReader::read_repetition(std::string& text) {
  if (changing_.empty()) return false;
  const std::string_view last = text_, now = text;
  std::size_t last_at = 0, at = 0;
  changed_.clear();
  for (const ChangingText& one : changing_) {
    const std::string_view same = last.substr(last_at, one.begin - last_at);
    if (!now.substr(at).starts_with(same)) return false;
    at += same.size();
    const std::optional<JsonNode> string = JsonScanner::scan_string(now.substr(at));
    if (!string) return false;
    changed_.push_back(*string);
    at += string->text.size();
    last_at = one.end;
  }
  if (now.substr(at) != last.substr(last_at)) return false;

  // The same as in read().
  std::vector<ChangingText> changing = std::exchange(changing_, {});
  for (std::size_t index = 0; index < changing.size(); ++index) {
    const JsonNode& string = changed_[index];
    ChangingText& one = changing[index];
    if (string.is_escaped) {
      *one.value = string_of(string);
    } else {
      one.value->assign(string.text);  // keeps its memory
    }
    one.begin = static_cast<std::size_t>(string.text.data() - text.data());
    one.end = one.begin + string.text.size();
  }
  std::swap(text_, text);
  changing_ = std::move(changing);
  return true;
}

}  // namespace openailb::detail
