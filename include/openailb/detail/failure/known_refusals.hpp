#pragma once

#include <openailb/detail/failure/fallback_triggers.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace openailb::detail {

/// Words by which services say whose fault a refusal is. What they do not know is decided by a second opinion
/// (balance/second_opinion.hpp): they only save its request.
struct KnownRefusal {
  std::string_view words;  ///< in lower case
  int status;              ///< of the answer; 0: any
  FailureClass failure_class;
};

/// Words of the code or the type. A message may have them because it repeats what the user wrote.
inline constexpr KnownRefusal known_codes[] = {
    {"insufficient_quota", 0, FailureClass::quota},                   // OpenAI, Azure
    {"billing_", 0, FailureClass::quota},                             // OpenAI
    {"insufficient_credit", 0, FailureClass::quota},                  // Together, OpenRouter
    {"insufficient_balance", 0, FailureClass::quota},                 // SiliconFlow
    {"arrearage", 0, FailureClass::quota},                            // DashScope
    {"organization_restricted", 0, FailureClass::credential},         // Groq
    {"invalid_api_key", 0, FailureClass::credential},                 // OpenAI, Groq
    {"api_key_invalid", 0, FailureClass::credential},                 // Google, in details[].reason
    {"model_not_found", 400, FailureClass::no_such_model},            // Groq, one-api
    {"model_decommissioned", 400, FailureClass::no_such_model},       // Groq
    {"missing_required_parameter", 400, FailureClass::client_error},  // OpenAI, from here on: certainly the
    {"invalid_type", 400, FailureClass::client_error},                // caller's
    {"string_above_max_length", 400, FailureClass::client_error},
    {"array_above_max_length", 400, FailureClass::client_error},
    {"invalid_prompt", 400, FailureClass::client_error},
    {"image_too_", 400, FailureClass::client_error},
    {"image_parse_error", 400, FailureClass::client_error},
    {"image_file_", 400, FailureClass::client_error},
    {"invalid_base64_image", 400, FailureClass::client_error},
};

/// Words of the message.
inline constexpr KnownRefusal known_messages[] = {
    {"insufficient balance", 0, FailureClass::quota},               // DeepSeek
    {"credit balance is too low", 0, FailureClass::quota},          // Anthropic
    {"api key not valid", 400, FailureClass::credential},           // Google
    {"api key expired", 400, FailureClass::credential},             // Google
    {"invalid api key", 400, FailureClass::credential},             // xAI, Together
    {"incorrect api key", 400, FailureClass::credential},           // xAI
    {"location is not supported", 400, FailureClass::forbidden},    // Google: FAILED_PRECONDITION
    {"is not a valid model id", 400, FailureClass::no_such_model},  // OpenRouter
    {"no available channel", 0, FailureClass::no_such_model},       // one-api, new-api
};

/// The class that a refusal is known to mean; null when nobody knows its words.
inline std::optional<FailureClass> class_of_known_refusal(const Error& error) {
  if (error.status == 402) return FailureClass::quota;       // by the status's name
  if (error.status == 498) return FailureClass::credential;  // Groq's flex tier, Esri: the token is no good
  const auto fits = [&error](const KnownRefusal& known, std::string_view says) {
    return (known.status == 0 || known.status == error.status) &&
           says.find(known.words) != std::string_view::npos;
  };
  const std::string code = lower(error.code + ' ' + error.type);
  for (const KnownRefusal& known : known_codes) {
    if (fits(known, code)) return known.failure_class;
  }
  const std::string message = lower(error.message);
  for (const KnownRefusal& known : known_messages) {
    if (fits(known, message)) return known.failure_class;
  }
  return std::nullopt;
}

/// Whether a key may not use the model that was asked for, though it may use others.
inline bool refuses_use_of_model(std::string_view says) {
  return mentions(says, {"model"}) &&
         mentions(says, {"access", "allowed", "permission", "authorized", "entitled", "enabled"});
}

}  // namespace openailb::detail
