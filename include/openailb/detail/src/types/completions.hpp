#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/src/types/accumulate.hpp>
#include <openailb/detail/wire/long_text.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/types/completions.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace openailb {

namespace detail {

/// Adds what a chunk says of its tokens: its lists go behind those that are there.
inline void add_logprobs(nlohmann::json& logprobs, const nlohmann::json& piece) {
  if (!logprobs.is_object() || !piece.is_object()) {
    if (!piece.is_null()) logprobs = piece;
    return;
  }
  for (const auto& [name, member] : piece.get_ref<const nlohmann::json::object_t&>()) {
    nlohmann::json& known = logprobs[name];
    if (known.is_array() && member.is_array()) {
      for (const nlohmann::json& token : member) known.push_back(token);
    } else {
      known = member;
    }
  }
}

}  // namespace detail

OPENAILB_INLINE Result<void> CompletionAccumulator::add(const CompletionChunk& chunk) {
  for (const CompletionChoice& piece : chunk.choices) {
    if (piece.index >= 0 && piece.index <= detail::max_index) continue;
    return Error{.kind = ErrorKind::parse, .message = "a chunk has the index " + std::to_string(piece.index)};
  }
  completion_.object = "text_completion";
  detail::replace(completion_.id, chunk.id);
  detail::replace(completion_.model, chunk.model);
  detail::replace(completion_.system_fingerprint, chunk.system_fingerprint);
  if (chunk.created != 0) completion_.created = chunk.created;
  if (chunk.usage) completion_.usage = chunk.usage;
  detail::take_members(completion_.extra, chunk.extra);
  for (const CompletionChoice& piece : chunk.choices) {
    CompletionChoice& choice = detail::find_or_insert(completion_.choices, piece.index);
    detail::append_to_long(choice.text, piece.text);
    detail::replace(choice.finish_reason, piece.finish_reason);
    detail::add_logprobs(choice.logprobs, piece.logprobs);
    detail::take_members(choice.extra, piece.extra);
  }
  return {};
}

OPENAILB_INLINE bool CompletionAccumulator::finished() const {
  for (const CompletionChoice& choice : completion_.choices) {
    if (choice.finish_reason.empty()) return false;
  }
  return !completion_.choices.empty();
}

}  // namespace openailb
