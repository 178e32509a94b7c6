#pragma once

#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_tables.hpp>
#include <openailb/detail/wire/json_writer.hpp>
#include <openailb/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
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
    std::optional<JsonFlaw> flaw{};
  };

  /// No body.
  JsonBody() = default;
  JsonBody(const JsonDocument& document) {
    const nlohmann::ordered_json& value = document.value();
    if (value.is_object()) {
      write_members([&](FieldWriter& field) { field.rest(value); });
    } else if (!value.is_null()) {
      JsonPrinter printer;
      write_json(printer, value);
      flaw_ = printer.flaw();
      text_ = std::move(printer.text());
    }
  }
  template <JsonTable Params>
  JsonBody(const Params& params) {
    write_members([&](FieldWriter& field) { Params::fields(params, field); });
  }

  bool empty() const { return !members_ && text_.empty(); }
  bool is_object() const { return members_.has_value(); }
  /// What JSON cannot express.
  const std::optional<JsonFlaw>& flaw() const {
    if (!members_) return flaw_;
    const auto flawed =
        std::ranges::find_if(*members_, [](const Member& one) { return one.flaw.has_value(); });
    return flawed == members_->end() ? flaw_ : flawed->flaw;
  }

  /// The JSON of a member; null when there is none.
  const std::string* find(std::string_view name) const {
    if (!members_) return nullptr;
    const auto found = std::ranges::find(*members_, name, &Member::name);
    return found == members_->end() ? nullptr : &found->json;
  }
  /// Calls `function(name, json)` for each member of an object.
  template <class Function>
  void each_member(Function function) const {
    if (!members_) return;
    for (const Member& one : *members_) function(std::string_view(one.name), std::string_view(one.json));
  }
  /// Replaces a member of an object, or adds it at the end.
  void set(Member member) {
    const auto found = std::ranges::find(*members_, member.name, &Member::name);
    if (found != members_->end()) {
      *found = std::move(member);
    } else {
      members_->push_back(std::move(member));
    }
  }
  /// The members of `extra`, an object, replace those of the body; null removes one.
  void merge(JsonBody extra) {
    if (!members_) members_.emplace();
    for (Member& one : *extra.members_) {
      if (one.json == "null" && !one.flaw) {
        std::erase_if(*members_, [&](const Member& mine) { return mine.name == one.name; });
      } else {
        set(std::move(one));
      }
    }
  }

  /// About how many bytes its text has.
  std::size_t size() const {
    std::size_t size = text_.size() + 16;
    if (!members_) return size;
    for (const Member& one : *members_) size += one.name.size() + one.json.size() + 8;
    return size;
  }
  /// The whole text, with this name for the model if the body names one.
  std::string text(std::string_view model) const {
    if (!members_) return text_;
    JsonPrinter printer(size() + model.size());
    printer.open('{');
    for (const Member& one : *members_) {
      printer.member(one.name);
      one.name == "model" ? printer.string(model) : printer.printed(one.json);
    }
    printer.close('}');
    return std::move(printer.text());
  }

 private:
  template <class Fields>
  void write_members(Fields fields) {
    JsonPrinter printer;
    printer.open('{');
    FieldWriter field(printer, true);
    fields(field);
    const std::string_view text = printer.text();
    members_.emplace();
    for (const auto& [name, begin, value, end, flaw] : field.members()) {
      members_->push_back(
          {.name = std::string(name), .json = std::string(text.substr(value, end - value)), .flaw = flaw});
    }
  }

  std::optional<std::vector<Member>> members_{};
  std::string text_{};              // of a body that is not an object
  std::optional<JsonFlaw> flaw_{};  // of such a body
};

}  // namespace openailb::detail
