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
  int status;              ///< of the answer; 0: any
  std::string_view words;  ///< in lower case, in the code, the type or the message
  FailureClass failure_class;
};

inline constexpr KnownRefusal known_refusals[] = {
    {402, "", FailureClass::quota},                            // by the status's name
    {0, "insufficient_quota", FailureClass::quota},            // OpenAI, Azure
    {0, "billing_", FailureClass::quota},                      // OpenAI
    {0, "insufficient_credit", FailureClass::quota},           // Together, OpenRouter
    {0, "insufficient_balance", FailureClass::quota},          // SiliconFlow
    {0, "insufficient balance", FailureClass::quota},          // DeepSeek
    {0, "credit balance is too low", FailureClass::quota},     // Anthropic
    {0, "arrearage", FailureClass::quota},                     // DashScope
    {0, "organization_restricted", FailureClass::credential},  // Groq
    {0, "invalid_api_key", FailureClass::credential},          // OpenAI, Groq
    {0, "api_key_invalid", FailureClass::credential},          // Google, in details[].reason
    {400, "api key not valid", FailureClass::credential},      // Google
    {400, "api key expired", FailureClass::credential},        // Google
    {400, "invalid api key", FailureClass::credential},        // xAI, Together
    {400, "incorrect api key", FailureClass::credential},      // xAI
    {498, "", FailureClass::credential},                       // Groq's flex tier, Esri: the token is no good
    {400, "location is not supported", FailureClass::forbidden},    // Google: FAILED_PRECONDITION
    {400, "model_not_found", FailureClass::no_such_model},          // Groq, one-api
    {400, "model_decommissioned", FailureClass::no_such_model},     // Groq
    {400, "is not a valid model id", FailureClass::no_such_model},  // OpenRouter
    {400, "missing_required_parameter",
     FailureClass::client_error},  // OpenAI: what is certainly the caller's
    {400, "invalid_type", FailureClass::client_error},
    {400, "string_above_max_length", FailureClass::client_error},
    {400, "array_above_max_length", FailureClass::client_error},
    {400, "invalid_prompt", FailureClass::client_error},
    {400, "invalid_image", FailureClass::client_error},
    {400, "image_", FailureClass::client_error},
    {0, "no available channel", FailureClass::no_such_model},  // one-api, new-api
};

/// The class that the words of a refusal are known to mean; null when nobody knows them. `says` is all that
/// the server said, in lower case.
inline std::optional<FailureClass> class_of_known_refusal(int status, std::string_view says) {
  for (const KnownRefusal& known : known_refusals) {
    if ((known.status == 0 || known.status == status) && says.find(known.words) != std::string_view::npos) {
      return known.failure_class;
    }
  }
  return std::nullopt;
}

/// Whether a key may not use the model that was asked for, though it may use others.
inline bool refuses_use_of_model(std::string_view says) {
  return mentions(says, {"model"}) &&
         mentions(says, {"access", "allowed", "permission", "authorized", "entitled", "enabled"});
}

}  // namespace openailb::detail
