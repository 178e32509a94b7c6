#pragma once

#include <openailb/result.hpp>
#include <openailb/types/response.hpp>
#include <openailb/types/response_item.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace openailb {

/// One event of a streamed response. Its type says which members it has. An event "error" is not among them:
/// it ends the stream with an error.
struct ResponseStreamEvent {
  using Completion = Response;  ///< what the events of a stream add up to

  std::string type{};  ///< "response.output_text.delta", "response.completed", ...
  std::int64_t sequence_number{};
  std::string item_id{};                  ///< the item that the event is about
  std::int64_t output_index{};            ///< where that is in the output
  std::int64_t content_index{};           ///< where the part is in the item's content
  std::int64_t summary_index{};           ///< where the part is in the item's summary
  std::string delta{};                    ///< of "....delta": what is new of a text, of arguments or of code
  std::string text{};                     ///< of "response.output_text.done": the whole text
  std::string refusal{};                  ///< of "response.refusal.done": the whole refusal
  std::string name{};                     ///< of "response.function_call_arguments.done"
  std::string arguments{};                ///< of "response.function_call_arguments.done": all of them
  std::optional<ResponseContent> part{};  ///< of "response.content_part.added" and "....done"
  std::optional<ResponseItem> item{};     ///< of "response.output_item.added" and "....done"
  std::optional<Response> response{};     ///< of "response.created", "response.completed", ...
  std::string obfuscation{};              ///< has no meaning: it makes all events the same size
  nlohmann::json extra{};                 ///< members that have no name here

  /// The new text of the answer; empty in events of other types.
  std::string output_text() const { return type == "response.output_text.delta" ? delta : std::string{}; }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field("sequence_number", self.sequence_number);
    field("item_id", self.item_id);
    field("output_index", self.output_index);
    field("content_index", self.content_index);
    field("summary_index", self.summary_index);
    field("delta", self.delta);
    field("text", self.text);
    field("refusal", self.refusal);
    field("name", self.name);
    field("arguments", self.arguments);
    field("part", self.part);
    field("item", self.item);
    field("response", self.response);
    field("obfuscation", self.obfuscation);
    field.rest(self.extra);
  }
};

/// Puts the events of a stream together into the response that would have come without streaming.
class ResponseAccumulator {
 public:
  /// Adds an event. An index below 0, or far above those that occur, is an error of kind parse, and nothing
  /// is added.
  Result<void> add(const ResponseStreamEvent& event);

  /// What has accumulated so far.
  const Response& completion() const& { return response_; }
  Response completion() && { return std::move(response_); }

  /// Whether the event has come that ends a stream.
  bool finished() const { return is_finished_; }

 private:
  Response response_;
  bool is_finished_{};
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/response_event.hpp>
#endif
