#pragma once

#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
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
  if (mentions(says, {"moderation", "flagged", "content_policy", "content policy", "content_filter",
                      "content filter", "content management policy", "responsibleaipolicyviolation",
                      "data_inspection_failed", "datainspectionfailed", "prohibited_content",
                      "content exists risk", "safety system", "usage polic", "safety filter",
                      "blocked for safety", "blocked by safety"})) {
    return true;
  }
  // What no list knows is recognised by what it is about, and what is wrong with that.
  return mentions(says, {"content", "prompt", "input", "text", "image", "message", "output"}) &&
         mentions(says, {"inappropriate", "prohibited", "unsafe", "harmful", "sensitive content",
                         "sensitive information", "sensitive word", "offensive", "nsfw", "safety polic",
                         "safety guideline", "violates our", "violate our", "violation of our",
                         "community guideline"});
}

/// Whether words, in lower case, are about who asks, and not about what is asked.
inline bool speaks_of_sender(std::string_view says) {
  return mentions(says, {"account", "organization", "api_key", "api key", "apikey", "authenticat",
                         "credential", "your key", "this key", "token has expired", "your subscription",
                         "your resource", "this resource", "your project", "your tenant"});
}

/// Whether the request itself was refused, rather than its sender, or the moment.
inline bool is_refusal(const Error& error) {
  // An error inside a 200 may name no status.
  const bool by_status = error.status / 100 == 4 && error.status != 401 && error.status != 402 &&
                         error.status != 404 && error.status != 429;
  return by_status || error.status / 100 == 2;
}

/// The first number that stands right after `word` in a text; null when there is none.
inline std::optional<double> number_after(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    std::string_view rest = text.substr(at + word.size());
    rest.remove_prefix((std::min)(rest.size(), rest.find_first_not_of(" :=")));
    std::optional<double> number;
    for (const char character : rest) {
      if (character == ',') continue;  // of thousands
      if (character < '0' || character > '9') break;
      number = number.value_or(0.0) * 10 + (character - '0');
    }
    if (number) return number;
  }
  return std::nullopt;
}

/// Whether a request alone is larger than what the account may send in a minute, so that no wait helps:
/// "Limit 30000, Requested 40000" (OpenAI; Groq, also with a 413).
inline bool is_too_large_for_limit(const Error& error) {
  if (error.status != 429 && error.status != 413) return false;
  const std::string says = lower(error.message);
  const auto limit = number_after(says, "limit "), requested = number_after(says, "requested");
  return limit && requested && *requested > *limit;
}

/// Whether a refusal is about length by its shape: it is about what a model reads, and says that this is more
/// than some limit. Limits of other things are none.
inline bool has_shape_of_too_long(const Error& error, std::string_view says) {
  const bool is_by_status = error.status == 400 || error.status == 413 || error.status == 422;
  return is_by_status &&
         mentions(says, {"context", "tokens", "token limit", "token count", "input length", "prompt length",
                         "input is too long", "prompt is too long", "input too long", "prompt too long",
                         "sequence length"}) &&
         mentions(says, {"maximum", "max ", "exceed", "limit", "too long", "too many", "too large",
                         "less than", "fewer than", "greater than", "longer than", "larger than", "more than",
                         "at most", "length should be", "must be <=", "overflow", "not fit"}) &&
         !mentions(says, {"completion tokens", "output tokens", "max_tokens", "max_completion_tokens",
                          "max_output_tokens", "max_new_tokens", "per minute", "per day", "rate limit",
                          "stop ", "string too long", "array", "invalid token", "api token", "access token"});
}

/// Whether an error says that the request is too long for its model, or for the limits of its account.
inline bool is_too_long_for_model(const Error& error) {
  if (is_too_large_for_limit(error)) return true;
  const std::string code = lower(error.code + ' ' + error.type);
  if (mentions(code, {"context_length_exceeded", "exceed_context_size", "context_window_exceeded"}))
    return true;
  // Old llama.cpp answers with 500.
  if (!is_refusal(error) && error.status != 500) return false;
  const std::string says = lower(error.message);
  return has_shape_of_too_long(error, says) ||
         mentions(says, {"maximum context length",                     // OpenAI, vLLM, OpenRouter, Mistral
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
  return is_refusal(error) && !speaks_of_sender(says) &&
         (error.status == 403 || says.find("moderation") == std::string::npos
              ? speaks_of_content(says)
              : mentions(says, {"moderation_blocked", "flagged", "rejected by the safety system"}));
}

}  // namespace openailb::detail
