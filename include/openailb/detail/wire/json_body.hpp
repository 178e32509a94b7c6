#pragma once

#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_tables.hpp>
#include <openailb/detail/wire/json_writer.hpp>
#include <openailb/values/json.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// The JSON body of a request, as text. An object is kept by its members, so that each can be replaced
/// without writing the others again.
class JsonBody {
 public:
  struct Member {
    std::string name;
    std::string json;
    std::optional<JsonProblem> problem{};
  };

  /// No body.
  JsonBody() = default;
  JsonBody(const JsonDocument& document) {
    const nlohmann::ordered_json& value = document.value();
    if (value.is_object()) {
      JsonPrinter printer;
      printer.open('{');
      FieldWriter field(printer, true);
      field.rest(value);
      take_members(field, printer.text());
    } else if (!value.is_null()) {
      JsonPrinter printer;
      write_json(printer, value);
      problem_ = printer.problem();
      text_ = std::move(printer.text());
    }
  }
  template <JsonTable Params>
  JsonBody(const Params& params) {
    JsonPrinter printer;
    printer.open('{');
    FieldWriter field(printer, true);
    Params::fields(params, field);
    take_members(field, printer.text());
  }

  bool empty() const { return !is_object_ && text_.empty(); }
  bool is_object() const { return is_object_; }
  /// What JSON cannot express.
  const std::optional<JsonProblem>& problem() const {
    for (const Member& one : members_) {
      if (one.problem) return one.problem;
    }
    return problem_;
  }

  /// The JSON of a member; null when there is none.
  const std::string* find(std::string_view name) const {
    for (const Member& one : members_) {
      if (one.name == name) return &one.json;
    }
    return nullptr;
  }
  /// Calls `function(name, json)` for each member of an object.
  template <class Function>
  void each_member(Function function) const {
    for (const Member& one : members_) function(std::string_view(one.name), std::string_view(one.json));
  }
  /// Replaces a member of an object, or adds it at the end.
  void set(Member member) {
    for (Member& one : members_) {
      if (one.name != member.name) continue;
      one = std::move(member);
      return;
    }
    members_.push_back(std::move(member));
  }
  /// The members of `extra`, an object, replace those of the body; null removes one.
  void merge(JsonBody extra) {
    is_object_ = true;
    for (Member& one : extra.members_) {
      if (one.json == "null" && !one.problem) {
        remove(one.name);
      } else {
        set(std::move(one));
      }
    }
  }

  /// About how many bytes its text has.
  std::size_t size() const {
    std::size_t size = text_.size() + 16;
    for (const Member& one : members_) size += one.name.size() + one.json.size() + 8;
    return size;
  }
  /// The whole text, with this name for the model if the body names one.
  std::string text(std::string_view model) const {
    if (!is_object_) return text_;
    JsonPrinter printer(size() + model.size());
    printer.open('{');
    for (const Member& one : members_) {
      printer.member(one.name);
      one.name == "model" ? printer.string(model) : printer.printed(one.json);
    }
    printer.close('}');
    return std::move(printer.text());
  }

 private:
  void remove(std::string_view name) {
    for (std::size_t index = members_.size(); index-- > 0;) {
      if (members_[index].name != name) continue;
      members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index));
    }
  }
  /// Takes the members that have been written to a text.
  void take_members(const FieldWriter& writer, std::string_view text) {
    is_object_ = true;
    for (const auto& [name, begin, value, end, problem] : writer.members()) {
      members_.push_back({.name = std::string(name),
                          .json = std::string(text.substr(value, end - value)),
                          .problem = problem});
    }
  }

  bool is_object_{};
  std::vector<Member> members_{};
  std::string text_{};                    // of a body that is not an object
  std::optional<JsonProblem> problem_{};  // of such a body
};

}  // namespace openailb::detail
