#pragma once

#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

/// \file
/// Which requests another model may accept: those that are too long for one, or whose content it refuses.
/// Services have words of their own for both.

namespace openailb::detail {

inline bool mentions(std::string_view text, std::initializer_list<std::string_view> phrases) {
  for (const std::string_view phrase : phrases) {
    if (text.find(phrase) != std::string_view::npos) return true;
  }
  return false;
}

/// Whether words, in lower case, are about content that is not allowed.
inline bool speaks_of_content(std::string_view says) {
  return mentions(
      says, {"moderation", "flagged", "content_policy", "content policy", "content_filter", "content filter",
             "content management policy", "responsibleaipolicyviolation", "data_inspection_failed"});
}

/// Whether the request itself was refused, rather than its sender, or the moment.
inline bool is_refusal(const Error& error) {
  // An error inside a 200 may name no status.
  const bool by_status = error.status / 100 == 4 && error.status != 401 && error.status != 402 &&
                         error.status != 404 && error.status != 429;
  return by_status || error.status / 100 == 2;
}

/// Whether an error says that the request is too long for its model.
inline bool is_too_long_for_model(const Error& error) {
  const std::string code = lower(error.code + ' ' + error.type);
  if (mentions(code, {"context_length_exceeded", "exceed_context_size", "context_window_exceeded"}))
    return true;
  // Old llama.cpp answers with 500.
  if (!is_refusal(error) && error.status != 500) return false;
  const std::string says = lower(error.message);
  return mentions(says, {"maximum context length",                     // OpenAI, vLLM, OpenRouter, Mistral
                         "maximum model length",                       // vLLM
                         "context_length_exceeded",                    // through OpenRouter
                         "available context size",                     // llama.cpp
                         "model's context length",                     // SGLang
                         "exceeds the context length",                 // Ollama
                         "context window",                             // OpenAI's responses, Groq, LM Studio
                         "exceed context limit",                       // Anthropic
                         "prompt is too long",                         // Anthropic
                         "maximum prompt length",                      // xAI
                         "input is too long for requested model",      // Bedrock
                         "maximum number of tokens allowed",           // Gemini
                         "input tokens exceed the configured limit",   // OpenAI
                         "`inputs` tokens + `max_new_tokens` must"});  // TGI, Together
}

/// Whether an error says that the content of the request, or of its answer, is not allowed.
inline bool is_content_refused(const Error& error) {
  const std::string says = lower(error.code + ' ' + error.type + ' ' + error.message);
  // A 400 that mentions moderation may be about a parameter of that name.
  return is_refusal(error) &&
         (error.status == 403 || says.find("moderation") == std::string::npos
              ? speaks_of_content(says)
              : mentions(says, {"moderation_blocked", "flagged", "rejected by the safety system"}));
}

}  // namespace openailb::detail
