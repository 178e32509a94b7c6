#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/src/types/accumulate.hpp>
#include <openailb/detail/wire/long_text.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/types/response.hpp>
#include <openailb/types/response_event.hpp>
#include <openailb/types/response_item.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

/// Whether an event of this type is the last one of its stream.
inline bool ends_a_response(std::string_view type) {
  return type == "response.completed" || type == "response.failed" || type == "response.incomplete";
}

/// Adds an event to a response.
class EventAdder {
 public:
  EventAdder(Response& response, const ResponseStreamEvent& event) : response_(response), event_(event) {}

  Result<void> add() {
    constexpr std::int64_t max_output_index = 511;  // a response that uses tools has many items
    if (!may_be(event_.output_index, max_output_index)) return wrong_index(event_.output_index);
    if (!may_be(event_.content_index, max_index)) return wrong_index(event_.content_index);
    if (!may_be(event_.summary_index, max_index)) return wrong_index(event_.summary_index);
    if (event_.response) add_response();
    if (event_.item) item() = *event_.item;
    if (event_.part) add_part();
    add_text();
    return {};
  }

 private:
  static bool may_be(std::int64_t index, std::int64_t most) { return index >= 0 && index <= most; }
  static Error wrong_index(std::int64_t index) {
    return {.kind = ErrorKind::parse, .message = "an event has the index " + std::to_string(index)};
  }

  /// The response as the server sees it. It begins without output, and some servers end it without.
  void add_response() {
    std::vector<ResponseItem> output = std::move(response_.output);
    response_ = *event_.response;
    if (response_.output.empty() || !ends_a_response(event_.type)) response_.output = std::move(output);
  }

  void add_part() {
    const bool is_summary = event_.type.starts_with("response.reasoning_summary_part");
    (is_summary ? summary("") : content("")) = *event_.part;
  }

  /// Adds what is new of a text, or takes the whole text where it is said once more.
  void add_text() {
    const std::string_view type = event_.type;
    if (type == "response.output_text.delta") {
      append_to_long(content("output_text").text, event_.delta);
    } else if (type == "response.output_text.done") {
      content("output_text").text = event_.text;
    } else if (type == "response.refusal.delta") {
      append_to_long(content("refusal").refusal, event_.delta);
    } else if (type == "response.reasoning_text.delta") {
      append_to_long(content("reasoning_text").text, event_.delta);
    } else if (type == "response.reasoning_summary_text.delta") {
      append_to_long(summary("summary_text").text, event_.delta);
    } else if (type == "response.function_call_arguments.delta") {
      append_to_long(item("function_call").arguments, event_.delta);
    } else if (type == "response.function_call_arguments.done") {
      ResponseItem& call = item("function_call");
      call.arguments = event_.arguments;
      replace(call.name, event_.name);
    } else if (type == "response.mcp_call_arguments.delta") {
      append_to_long(item("mcp_call").arguments, event_.delta);
    } else if (type == "response.custom_tool_call_input.delta") {
      append_to_long(item("custom_tool_call").input, event_.delta);
    }
  }

  /// The item that the event is about. It is of this type if nobody has said of which.
  ResponseItem& item(std::string_view type = "message") {
    const std::string& id = event_.item ? event_.item->id : event_.item_id;
    ResponseItem& found = find_item(id, type);
    if (found.id.empty()) found.id = id;
    if (found.type.empty()) found.type = type;
    return found;
  }
  /// An item is known by its id, and else by its index: some servers give several items the same one. Others
  /// call one item by several ids, so a piece of text belongs to the item of its index that can have it.
  ResponseItem& find_item(const std::string& id, std::string_view type) {
    for (ResponseItem& one : response_.output) {
      if (!id.empty() && one.id == id) return one;
    }
    ResponseItem& there = at(response_.output, event_.output_index);
    const bool is_free = there.id.empty() || id.empty();
    const bool can_have_it = !event_.item && (there.type.empty() || there.type == type);
    return is_free || can_have_it ? there : response_.output.emplace_back();
  }
  ResponseContent& content(std::string_view type) {
    ResponseItem& found = item(type == "reasoning_text" ? "reasoning" : "message");
    return of_type(at(found.content, event_.content_index), type);
  }
  ResponseContent& summary(std::string_view type) {
    return of_type(at(item("reasoning").summary, event_.summary_index), type);
  }

  static ResponseContent& of_type(ResponseContent& part, std::string_view type) {
    if (part.type.empty()) part.type = type;
    return part;
  }
  template <class T>
  static T& at(std::vector<T>& list, std::int64_t index) {
    const auto place = static_cast<std::size_t>(index);
    if (place >= list.size()) list.resize(place + 1);
    return list[place];
  }

  Response& response_;
  const ResponseStreamEvent& event_;
};

}  // namespace detail

OPENAILB_INLINE Result<void> ResponseAccumulator::add(const ResponseStreamEvent& event) {
  Result<void> added = detail::EventAdder(response_, event).add();
  is_finished_ = is_finished_ || (added && detail::ends_a_response(event.type));
  return added;
}

}  // namespace openailb
