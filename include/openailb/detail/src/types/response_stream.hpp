#pragma once

#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/src/types/response_event.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/error.hpp>
#include <openailb/types/response_event.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace openailb::detail {

/// How the events of a response are put together, which of them is the commit point, and which the end.
template <>
struct StreamTraits<ResponseStreamEvent> : StreamRules {
  using Accumulator = ResponseAccumulator;

  static constexpr bool ends_with_done = false;
  static constexpr std::string_view end = "response.completed";

  static bool is_last(const ResponseStreamEvent& event, const Accumulator&, const Call&) {
    return ends_a_response(event.type);
  }

  /// An event is the commit point unless it tells no more than that the server has begun: with the response,
  /// with a message or with thinking. A call of a tool has a name, so it commits.
  static bool commits(JsonNode& event) {
    const std::string type = type_of(&event);
    if (type == "response.created" || type == "response.in_progress" || type == "response.queued" ||
        type == "keepalive") {
      return false;
    }
    if (type == "response.output_item.added") {
      const JsonNode* item = find_member(event, "item");
      const std::string kind = type_of(item);
      return (kind != "message" && kind != "reasoning") || tells(item, "content") || tells(item, "summary");
    }
    if (type == "response.content_part.added" || type == "response.reasoning_summary_part.added") {
      const JsonNode* part = find_member(event, "part");
      return tells(part, "text") || tells(part, "refusal");
    }
    return true;
  }

  /// A response that fails before it has said anything may succeed elsewhere.
  static std::optional<Error> failure_in(JsonNode& event) {
    if (type_of(&event) != "response.failed") return std::nullopt;
    const JsonNode* response = find_member(event, "response");
    std::optional<Error> error;
    if (response != nullptr) error = error_inside(*response);
    return error ? error : Error{.message = "the response failed", .status = 200};
  }

  /// None: each event has a number of its own, so that none repeats the one before it.
  static void each_changing_text(JsonNode&, ResponseStreamEvent&, const NoteText&) {}
};

}  // namespace openailb::detail
