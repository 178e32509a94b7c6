#pragma once

#include <openailb/result.hpp>
#include <openailb/types/chat_chunk.hpp>
#include <openailb/types/chat_completion.hpp>

#include <cstdint>
#include <map>
#include <utility>

namespace openailb {

/// Puts the chunks of a stream together into the answer that would have come without streaming.
class ChatCompletionAccumulator {
 public:
  /// Adds a chunk. An index below 0 or above 127, or more than 128 tool calls, is an error of kind parse, and
  /// nothing is added. A tool call may have the index -1, which stands for 0.
  Result<void> add(const ChatCompletionChunk& chunk);

  /// What has accumulated so far; its choices are in the order of their indexes.
  const ChatCompletion& completion() const& { return completion_; }
  ChatCompletion completion() && { return std::move(completion_); }

  /// Whether there is a choice and every choice has a finish reason: a stream that ends then has ended
  /// cleanly, even without `[DONE]`.
  bool finished() const;

 private:
  ChatCompletion completion_;
  /// For each choice and index that its chunks give a tool call: the index under which that is kept.
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> kept_index_{};
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/chat_accumulator.hpp>
#endif
