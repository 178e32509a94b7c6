#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/src/types/accumulate.hpp>
#include <openailb/detail/src/types/chat_completion.hpp>
#include <openailb/detail/wire/long_text.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/types/chat_accumulator.hpp>
#include <openailb/types/chat_chunk.hpp>
#include <openailb/types/chat_completion.hpp>
#include <openailb/types/chat_content.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

/// Adds a chunk to a completion.
class ChunkAdder {
 public:
  using KeptIndex = std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t>;

  ChunkAdder(ChatCompletion& completion, KeptIndex& kept_index)
      : completion_(completion), kept_index_(kept_index) {}

  Result<void> add(const ChatCompletionChunk& chunk) {
    if (auto wrong = find_wrong_index(chunk)) {
      return Error{.kind = ErrorKind::parse, .message = "a chunk has the index " + std::to_string(*wrong)};
    }
    completion_.object = "chat.completion";
    replace(completion_.id, chunk.id);
    replace(completion_.model, chunk.model);
    replace(completion_.service_tier, chunk.service_tier);
    replace(completion_.system_fingerprint, chunk.system_fingerprint);
    if (!chunk.moderation.is_null()) completion_.moderation = chunk.moderation;
    if (chunk.created != 0) completion_.created = chunk.created;
    if (chunk.usage) completion_.usage = chunk.usage;
    take_members(completion_.extra, chunk.extra, "metadata");
    for (const auto& choice : chunk.choices) add_choice(choice);
    return {};
  }

 private:
  using ToolCall = ChatCompletionMessageToolCall;

  std::optional<std::int64_t> find_wrong_index(const ChatCompletionChunk& chunk) const {
    for (const auto& choice : chunk.choices) {
      if (choice.index < 0 || choice.index > max_index) return choice.index;
      const std::vector<ToolCall>& calls = tool_calls_of(choice.index);
      auto count = static_cast<std::int64_t>(calls.size());
      for (const auto& call : choice.delta.tool_calls) {
        if (call.index && (*call.index < -1 || *call.index > max_index)) return call.index;
        const bool is_new =
            call.index ? !call.id.empty() && !find_by_id(calls, call.id) : !find_unnumbered(calls, call);
        if (is_new && count++ > max_index) return count;
      }
    }
    return std::nullopt;
  }

  /// Those that the choice with this index has so far.
  const std::vector<ToolCall>& tool_calls_of(std::int64_t index) const {
    static const std::vector<ToolCall> none{};
    for (const auto& choice : completion_.choices) {
      if (choice.index == index) return choice.message.tool_calls;
    }
    return none;
  }

  void add_choice(const ChatCompletionChunkChoice& piece) {
    auto& choice = find_or_insert(completion_.choices, piece.index);
    replace(choice.finish_reason, piece.finish_reason);
    take_members(choice.extra, piece.extra, "message");
    if (piece.logprobs) {
      if (!choice.logprobs) choice.logprobs.emplace();
      extend(choice.logprobs->content, piece.logprobs->content);
      extend(choice.logprobs->refusal, piece.logprobs->refusal);
    }
    add_delta(choice.message, piece.delta);
    for (const auto& call : piece.delta.tool_calls) {
      add_tool_call(find_tool_call(choice.message.tool_calls, piece.index, call), call);
    }
  }

  static void add_delta(ChatCompletionMessage& message, const ChatCompletionDelta& delta) {
    replace(message.role, delta.role);
    add_parts(message, delta);
    append_to_long(message.content, delta.content);
    append_to_long(message.refusal, delta.refusal);
    append_to_long(message.reasoning_content, delta.reasoning_content);
    extend(message.annotations, delta.annotations);
    replace(message.function_call.name, delta.function_call.name);
    append_to_long(message.function_call.arguments, delta.function_call.arguments);
    merge(message.function_call.extra, delta.function_call.extra);
    if (delta.audio) {
      if (!message.audio) message.audio.emplace();
      add_audio(*message.audio, *delta.audio);
    }
    merge(message.extra, delta.extra);
  }

  /// If the content comes as parts in one chunk and as a text in another, it is kept as parts.
  static void add_parts(ChatCompletionMessage& message, const ChatCompletionDelta& delta) {
    std::vector<ContentPart>& parts = message.content_parts;
    if (parts.empty() && delta.content_parts.empty()) return;
    if (parts.empty() && !message.content.empty()) parts.push_back(text_part(message.content));
    if (!delta.content_parts.empty()) {
      for (const ContentPart& part : delta.content_parts) add_part(parts, part);
    } else if (!delta.content.empty()) {
      add_part(parts, text_part(delta.content));
    }
  }

  /// Joins a piece to the last part if both are plain text, or both are reasoning and the last part has no
  /// signature yet. Otherwise the piece becomes a new part.
  static void add_part(std::vector<ContentPart>& parts, const ContentPart& part) {
    const bool continues =
        !parts.empty() && parts.back().type == part.type && !parts.back().extra.contains("signature");
    const bool is_plain = part.type == "text" && part.text && part.extra.is_null();
    if (continues && (is_plain || detail::is_thinking(part))) {
      if (part.text) parts.back().text = parts.back().text.value_or("") + *part.text;
      merge(parts.back().extra, part.extra);
    } else {
      parts.push_back(part);
    }
  }

  /// Merges members that have no name here, much as the official Python SDK does: texts and lists grow, items
  /// of a list that belong together are merged, objects are merged, and all else is replaced. Texts that are
  /// labels are replaced too, since servers repeat them in each chunk.
  static void merge(nlohmann::json& value, const nlohmann::json& piece) {
    if (piece.is_null()) return;
    if (value.is_string() && piece.is_string()) {
      append_to_long(value.get_ref<std::string&>(), piece.get_ref<const std::string&>());
    } else if (value.is_array() && piece.is_array()) {
      for (const nlohmann::json& item : piece) merge_item(value, item);
    } else if (value.is_object() && piece.is_object()) {
      for (const auto& [name, member] : piece.get_ref<const nlohmann::json::object_t&>()) {
        if (is_label(name) && !member.is_structured()) {
          if (!member.is_null()) value[name] = member;
        } else {
          merge(value[name], member);
        }
      }
    } else {
      value = piece;
    }
  }

  static bool is_label(std::string_view name) {
    constexpr std::array<std::string_view, 10> labels{"type", "id",   "index",   "format", "name",
                                                      "role", "mode", "channel", "status", "model"};
    for (const std::string_view label : labels) {
      if (name == label) return true;
    }
    return false;
  }

  /// Merges a piece into the item that it belongs to, or adds it to the list if there is none. The item is
  /// among the last, has the same index and, where both have a type or an id, the same type or id.
  static void merge_item(nlohmann::json& list, const nlohmann::json& piece) {
    constexpr std::size_t last = 32;
    const auto belongs_to = [&](const nlohmann::json& item) {
      const nlohmann::json* index = member_of(item, "index");
      return index != nullptr && is_same_label(*index, piece.at("index")) && !differs(item, piece, "type") &&
             !differs(item, piece, "id");
    };
    if (member_of(piece, "index") != nullptr) {
      for (std::size_t back = 1; back <= (std::min)(last, list.size()); ++back) {
        if (nlohmann::json& item = list[list.size() - back]; belongs_to(item)) return merge(item, piece);
      }
    }
    list.push_back(piece);
  }

  /// Whether both have this member, with different values.
  static bool differs(const nlohmann::json& one, const nlohmann::json& other, const char* name) {
    const nlohmann::json *mine = member_of(one, name), *theirs = member_of(other, name);
    const bool both = mine != nullptr && theirs != nullptr && !mine->is_null() && !theirs->is_null();
    return both && !is_same_label(*mine, *theirs);
  }
  /// Whether two numbers, texts or whatever a server has instead, are equal.
  static bool is_same_label(const nlohmann::json& one, const nlohmann::json& other) {
    if (one.is_string()) return is_text(other, one.get_ref<const std::string&>());
    if (one.is_number_integer() && other.is_number_integer()) {
      return one.get_ref<const std::int64_t&>() == other.get_ref<const std::int64_t&>();
    }
    if (one.is_number() && other.is_number()) return one.get<double>() == other.get<double>();
    return one.dump() == other.dump();
  }

  static void add_audio(ChatCompletionAudio& audio, const ChatCompletionAudio& piece) {
    replace(audio.id, piece.id);
    if (piece.expires_at != 0) audio.expires_at = piece.expires_at;
    append_to_long(audio.data, piece.data);
    append_to_long(audio.transcript, piece.transcript);
  }

  static void add_tool_call(ToolCall& call, const ToolCall& piece) {
    replace(call.id, piece.id);
    replace(call.type, piece.type);
    replace(call.function.name, piece.function.name);
    append_to_long(call.function.arguments, piece.function.arguments);
    replace(call.custom.name, piece.custom.name);
    append_to_long(call.custom.input, piece.custom.input);
    merge(call.function.extra, piece.function.extra);
    merge(call.custom.extra, piece.custom.extra);
    merge(call.extra, piece.extra);
  }

  /// The tool call that a piece belongs to: the one with its index, or a new one. Some servers send no index;
  /// see find_unnumbered. Others give every tool call the same index. Then a piece that has a name, and
  /// another id than the tool call of that index, begins a new tool call. From then on that index stands for
  /// the new one.
  ToolCall& find_tool_call(std::vector<ToolCall>& calls, std::int64_t choice, const ToolCall& piece) {
    const std::int64_t next = calls.empty() ? 0 : *calls.back().index + 1;
    if (!piece.index) {
      const ToolCall* found = find_unnumbered(calls, piece);
      return find_or_insert(calls, found == nullptr ? next : *found->index);
    }
    const std::int64_t index = (std::max<std::int64_t>)(*piece.index, 0);
    std::int64_t& kept = kept_index_.try_emplace({choice, index}, index).first->second;
    if (const ToolCall* found = kept == index ? nullptr : find_by_id(calls, piece.id)) {
      return find_or_insert(calls, *found->index);
    }
    const ToolCall& call = find_or_insert(calls, kept);
    if (has_name(piece) && !piece.id.empty() && !call.id.empty() && call.id != piece.id) kept = next;
    return find_or_insert(calls, kept);
  }

  static const ToolCall* find_by_id(const std::vector<ToolCall>& calls, const std::string& id) {
    if (id.empty()) return nullptr;
    for (const ToolCall& call : calls) {
      if (call.id == id) return &call;
    }
    return nullptr;
  }

  /// The tool call that a piece without an index belongs to. With an id, it is the one with that id. Without
  /// an id, it is the last one, unless both have a name. Null: the piece begins a new tool call.
  static const ToolCall* find_unnumbered(const std::vector<ToolCall>& calls, const ToolCall& piece) {
    if (!piece.id.empty()) return find_by_id(calls, piece.id);
    const bool continues = !calls.empty() && !(has_name(calls.back()) && has_name(piece));
    return continues ? &calls.back() : nullptr;
  }

  static bool has_name(const ToolCall& call) {
    return !call.function.name.empty() || !call.custom.name.empty();
  }

  ChatCompletion& completion_;
  KeptIndex& kept_index_;
};

}  // namespace detail

OPENAILB_INLINE Result<void> ChatCompletionAccumulator::add(const ChatCompletionChunk& chunk) {
  return detail::ChunkAdder(completion_, kept_index_).add(chunk);
}

OPENAILB_INLINE bool ChatCompletionAccumulator::finished() const {
  for (const auto& choice : completion_.choices) {
    if (choice.finish_reason.empty()) return false;
  }
  return !completion_.choices.empty();
}

}  // namespace openailb
