#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/src/types/accumulate.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/long_text.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/types/response.hpp>
#include <openailb/types/response_event.hpp>
#include <openailb/types/response_item.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
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
    if (!may_be(event_.output_index, max_output_index)) return wrong_index(event_.output_index);
    if (!may_be(event_.content_index, max_index)) return wrong_index(event_.content_index);
    if (!may_be(event_.summary_index, max_index)) return wrong_index(event_.summary_index);
    if (event_.response) add_response();
    if (event_.item) add_item();
    if (event_.part) add_part();
    add_text();
    name_status();
    if (has_too_many_) return wrong_index(max_output_index + 1);
    return {};
  }

 private:
  static constexpr std::int64_t max_output_index = 511;  // a response that uses tools has many items

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

  /// An event that ends a response tells its status by its name, too.
  void name_status() {
    const bool is_said = event_.response && !response_.status.empty();
    if (is_said || !ends_a_response(event_.type)) return;
    response_.status = event_.type.substr(std::string_view("response.").size());
  }

  /// An item as the server sees it. What came of it in pieces stays where the item itself is silent.
  void add_item() {
    ResponseItem& known = item(event_.item->type);
    ResponseItem before = std::exchange(known, *event_.item);
    if (known.id.empty()) known.id = std::move(before.id);
    if (known.content.empty()) known.content = std::move(before.content);
    if (known.summary.empty()) known.summary = std::move(before.summary);
    if (known.arguments.empty()) known.arguments = std::move(before.arguments);
    if (known.input.empty()) known.input = std::move(before.input);
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
      replace(content("output_text").text, event_.text);
    } else if (type == "response.refusal.delta") {
      append_to_long(content("refusal").refusal, event_.delta);
    } else if (type == "response.refusal.done") {
      replace(content("refusal").refusal, event_.refusal);
    } else if (type == "response.reasoning_text.done") {
      replace(content("reasoning_text").text, event_.text);
    } else if (type == "response.reasoning_summary_text.done") {
      replace(summary("summary_text").text, event_.text);
    } else if (type == "response.reasoning_text.delta") {
      append_to_long(content("reasoning_text").text, event_.delta);
    } else if (type == "response.reasoning_summary_text.delta") {
      append_to_long(summary("summary_text").text, event_.delta);
    } else if (type == "response.function_call_arguments.delta") {
      append_to_long(item("function_call").arguments, event_.delta);
    } else if (type == "response.function_call_arguments.done") {
      ResponseItem& call = item("function_call");
      replace(call.arguments, event_.arguments);
      replace(call.name, event_.name);
    } else if (type == "response.mcp_call_arguments.delta") {
      append_to_long(item("mcp_call").arguments, event_.delta);
    } else if (type == "response.mcp_call_arguments.done") {
      replace(item("mcp_call").arguments, event_.arguments);
    } else if (type == "response.custom_tool_call_input.done") {
      replace(item("custom_tool_call").input, extra_text(event_.extra, "input"));
    } else if (type == "response.code_interpreter_call_code.delta") {
      nlohmann::json& code = item("code_interpreter_call").extra["code"];
      if (!code.is_string()) code = "";
      append_to_long(code.get_ref<std::string&>(), event_.delta);
    } else if (type == "response.code_interpreter_call_code.done") {
      const std::string code = extra_text(event_.extra, "code");
      if (!code.empty()) item("code_interpreter_call").extra["code"] = code;
    } else if (type == "response.custom_tool_call_input.delta") {
      append_to_long(item("custom_tool_call").input, event_.delta);
    }
  }

  /// The item that the event is about, known by its id or else by its index. It is of this type if nobody has
  /// said of which. Some servers give several items one index: whoever has another id, or without ids another
  /// type, is another item. Others call one item by several ids, so a piece of text belongs to the item of
  /// its index that can have it.
  ResponseItem& item(std::string_view type) {
    const std::string& id = event_.item_id.empty() && event_.item ? event_.item->id : event_.item_id;
    std::vector<ResponseItem>& items = response_.output;
    if (!id.empty()) {
      const auto known =
          std::find_if(items.begin(), items.end(), [&](const auto& one) { return one.id == id; });
      if (known != items.end()) return *known;
    }
    ResponseItem* found = &at(items, event_.output_index);
    const auto fits = [&](const ResponseItem& one) {
      const bool may_be_it = id.empty() || one.id.empty() || (!event_.item && type == "message");
      return may_be_it && (one.type.empty() || type.empty() || one.type == type);
    };
    if (!fits(*found)) {
      const auto last = std::find_if(items.rbegin(), items.rend(), fits);
      found = last != items.rend() && id.empty() ? &*last : &items.emplace_back();
      has_too_many_ = items.size() > static_cast<std::size_t>(max_output_index) + 1;
    }
    if (found->id.empty()) found->id = id;
    if (found->type.empty()) found->type = type;
    return *found;
  }
  ResponseContent& content(std::string_view type) {
    ResponseItem& found = item(type == "reasoning_text" ? "reasoning" : "message");
    return of_type(at(found.content, event_.content_index), type);
  }
  ResponseContent& summary(std::string_view type) {
    return of_type(at(item("reasoning").summary, event_.summary_index), type);
  }

  static std::string extra_text(const nlohmann::json& extra, const char* name) {
    const nlohmann::json* member = member_of(extra, name);
    const auto* text = member == nullptr ? nullptr : member->get_ptr<const std::string*>();
    return text == nullptr ? std::string{} : *text;
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
  bool has_too_many_{};
};

}  // namespace detail

OPENAILB_INLINE Result<void> ResponseAccumulator::add(const ResponseStreamEvent& event) {
  Result<void> added = detail::EventAdder(response_, event).add();
  is_finished_ = is_finished_ || (added && detail::ends_a_response(event.type));
  return added;
}

}  // namespace openailb
