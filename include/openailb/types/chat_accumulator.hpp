#pragma once

#include <openailb/result.hpp>
#include <openailb/types/chat_chunk.hpp>
#include <openailb/types/chat_completion.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

/// Puts the chunks of a stream together into the answer that would have come without streaming.
class ChatCompletionAccumulator {
 public:
  /// Adds a chunk. An index below 0 or above 127 is an error of kind parse and changes nothing.
  Result<void> add(const ChatCompletionChunk& chunk) {
    if (auto wrong = find_wrong_index(chunk)) {
      return Error{.kind = ErrorKind::parse, .message = "a chunk has the index " + std::to_string(*wrong)};
    }
    completion_.object = "chat.completion";
    replace(completion_.id, chunk.id);
    replace(completion_.model, chunk.model);
    replace(completion_.service_tier, chunk.service_tier);
    replace(completion_.system_fingerprint, chunk.system_fingerprint);
    if (chunk.created != 0) completion_.created = chunk.created;
    if (chunk.usage) completion_.usage = chunk.usage;
    for (const auto& choice : chunk.choices) add_choice(choice);
    return {};
  }

  /// What has accumulated so far; its choices are in the order of their indexes.
  const ChatCompletion& completion() const& { return completion_; }
  ChatCompletion completion() && { return std::move(completion_); }

  /// Whether a choice was seen and every choice that was seen has a finish reason: a stream that ends
  /// here without `[DONE]` has ended cleanly.
  bool finished() const {
    return !completion_.choices.empty() && std::ranges::none_of(completion_.choices, [](const auto& choice) {
      return choice.finish_reason.empty();
    });
  }

 private:
  using ToolCall = ChatCompletionMessageToolCall;

  // A hostile index must not make the lists grow, and nothing real comes near this one.
  static constexpr std::int64_t max_index = 127;

  static std::optional<std::int64_t> find_wrong_index(const ChatCompletionChunk& chunk) {
    for (const auto& choice : chunk.choices) {
      if (choice.index < 0 || choice.index > max_index) return choice.index;
      for (const auto& call : choice.delta.tool_calls) {
        if (call.index && (*call.index < -1 || *call.index > max_index)) return call.index;
      }
    }
    return std::nullopt;
  }

  void add_choice(const ChatCompletionChunkChoice& piece) {
    auto& choice = find_or_insert(completion_.choices, piece.index);
    replace(choice.finish_reason, piece.finish_reason);
    if (piece.logprobs) {
      if (!choice.logprobs) choice.logprobs.emplace();
      extend(choice.logprobs->content, piece.logprobs->content);
      extend(choice.logprobs->refusal, piece.logprobs->refusal);
    }
    add_delta(choice.message, piece.delta);
  }

  static void add_delta(ChatCompletionMessage& message, const ChatCompletionDelta& delta) {
    replace(message.role, delta.role);
    message.content += delta.content;
    message.refusal += delta.refusal;
    message.reasoning_content += delta.reasoning_content;
    extend(message.annotations, delta.annotations);
    replace(message.function_call.name, delta.function_call.name);
    message.function_call.arguments += delta.function_call.arguments;
    if (delta.audio) {
      if (!message.audio) message.audio.emplace();
      add_audio(*message.audio, *delta.audio);
    }
    for (const auto& piece : delta.tool_calls) {
      add_tool_call(find_tool_call(message.tool_calls, piece), piece);
    }
  }

  static void add_audio(ChatCompletionAudio& audio, const ChatCompletionAudio& piece) {
    replace(audio.id, piece.id);
    if (piece.expires_at != 0) audio.expires_at = piece.expires_at;
    audio.data += piece.data;
    audio.transcript += piece.transcript;
  }

  static void add_tool_call(ToolCall& call, const ToolCall& piece) {
    replace(call.id, piece.id);
    replace(call.type, piece.type);
    replace(call.function.name, piece.function.name);
    call.function.arguments += piece.function.arguments;
    replace(call.custom.name, piece.custom.name);
    call.custom.input += piece.custom.input;
  }

  /// The call that a piece belongs to: the one with its index. Some servers send none; then the one with
  /// its id, or without an id the last one, unless both have a name. Failing that it begins a new call.
  static ToolCall& find_tool_call(std::vector<ToolCall>& calls, const ToolCall& piece) {
    if (piece.index) return find_or_insert(calls, (std::max<std::int64_t>)(*piece.index, 0));
    if (!piece.id.empty()) {
      auto found = std::ranges::find(calls, piece.id, &ToolCall::id);
      if (found != calls.end()) return *found;
    } else if (!calls.empty() && !(has_name(calls.back()) && has_name(piece))) {
      return calls.back();
    }
    return find_or_insert(calls, calls.empty() ? 0 : *calls.back().index + 1);
  }

  static bool has_name(const ToolCall& call) {
    return !call.function.name.empty() || !call.custom.name.empty();
  }

  /// The item with this index, inserted in order when it is new.
  template <class Item>
  static Item& find_or_insert(std::vector<Item>& items, std::int64_t index) {
    auto place = std::ranges::find_if(items, [index](const Item& item) { return item.index >= index; });
    if (place == items.end() || place->index != index) {
      place = items.insert(place, Item{});
      place->index = index;
    }
    return *place;
  }

  static void replace(std::string& value, const std::string& piece) {
    if (!piece.empty()) value = piece;
  }

  template <class Item>
  static void extend(std::vector<Item>& items, const std::vector<Item>& more) {
    items.insert(items.end(), more.begin(), more.end());
  }

  ChatCompletion completion_;
};

}  // namespace openailb
