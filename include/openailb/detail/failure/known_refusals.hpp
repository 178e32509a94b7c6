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
  std::string_view words;  ///< in lower case, in the code, the type or the message
  int status;              ///< of the answer; 0: any
  FailureClass failure_class;
};

inline constexpr KnownRefusal known_refusals[] = {
    {"", 402, FailureClass::quota},                            // by the status's name
    {"insufficient_quota", 0, FailureClass::quota},            // OpenAI, Azure
    {"billing_", 0, FailureClass::quota},                      // OpenAI
    {"insufficient_credit", 0, FailureClass::quota},           // Together, OpenRouter
    {"insufficient_balance", 0, FailureClass::quota},          // SiliconFlow
    {"insufficient balance", 0, FailureClass::quota},          // DeepSeek
    {"credit balance is too low", 0, FailureClass::quota},     // Anthropic
    {"arrearage", 0, FailureClass::quota},                     // DashScope
    {"organization_restricted", 0, FailureClass::credential},  // Groq
    {"invalid_api_key", 0, FailureClass::credential},          // OpenAI, Groq
    {"api_key_invalid", 0, FailureClass::credential},          // Google, in details[].reason
    {"api key not valid", 400, FailureClass::credential},      // Google
    {"api key expired", 400, FailureClass::credential},        // Google
    {"invalid api key", 400, FailureClass::credential},        // xAI, Together
    {"incorrect api key", 400, FailureClass::credential},      // xAI
    {"", 498, FailureClass::credential},                       // Groq's flex tier, Esri: the token is no good
    {"location is not supported", 400, FailureClass::forbidden},    // Google: FAILED_PRECONDITION
    {"model_not_found", 400, FailureClass::no_such_model},          // Groq, one-api
    {"model_decommissioned", 400, FailureClass::no_such_model},     // Groq
    {"is not a valid model id", 400, FailureClass::no_such_model},  // OpenRouter
    // OpenAI: what is certainly the caller's.
    {"missing_required_parameter", 400, FailureClass::client_error},
    {"invalid_type", 400, FailureClass::client_error},
    {"string_above_max_length", 400, FailureClass::client_error},
    {"array_above_max_length", 400, FailureClass::client_error},
    {"invalid_prompt", 400, FailureClass::client_error},
    {"invalid_image", 400, FailureClass::client_error},
    {"image_", 400, FailureClass::client_error},
    {"no available channel", 0, FailureClass::no_such_model},  // one-api, new-api
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
