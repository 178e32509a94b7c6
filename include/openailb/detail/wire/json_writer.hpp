#pragma once

#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_tables.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// Writes a value as JSON, a struct in the order of its fields.
template <class T>
void write_json(JsonPrinter& json, const T& value);

/// The JSON text of a value. What JSON cannot express in it is replaced, see JsonPrinter.
template <class T>
std::string write_json(const T& value) {
  JsonPrinter json;
  write_json(json, value);
  return std::move(json.text());
}

/// Writes the fields of a struct. Fields that are absent are left out; see json_tables.hpp.
class FieldWriter {
 public:
  /// A member that has been written: its name, and where in the text it and its value begin and end.
  struct Member {
    std::string_view name;
    std::size_t begin, value, end;
    std::optional<JsonProblem> problem;  ///< only if each is to have its own
  };

  /// If `each_has_its_flaw`, a problem is kept with its member instead of with the printer.
  explicit FieldWriter(JsonPrinter& json, bool each_has_its_flaw = false)
      : json_(&json), each_has_its_flaw_(each_has_its_flaw) {}

  template <class T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (is_optional<T>) {
      if (value) member(name, *value, members_.size());
    } else if constexpr (is_nlohmann_json<T>) {
      if (!value.is_null()) member(name, value, members_.size());
    } else if constexpr (requires { value.empty(); }) {
      if (!value.empty()) member(name, value, members_.size());
    } else {
      member(name, value, members_.size(), JsonTable<T>);
    }
  }

  template <class T>
  void required(std::string_view name, const T& value) {
    member(name, value, members_.size());
  }

  template <class T>
  void alias(std::string_view, const T&) {}

  void text(std::string_view name, const std::string& value) { required(name, value); }

  template <class Json>
  void rest(const Json& extra) {
    if (!extra.is_object()) return;
    const std::size_t fields = members_.size();  // the others have names of their own
    for (const auto& [name, value] : extra.template get_ref<const typename Json::object_t&>()) {
      member(name, value, fields);
    }
  }

  const std::vector<Member>& members() const { return members_; }

 private:
  /// Writes a member; if it is to be `not_empty`, and turns out to be {}, it is taken back. If one of the
  /// first `earlier` members has the same name, that one gets the value instead.
  template <class T>
  void member(std::string_view name, const T& value, std::size_t earlier, bool not_empty = false) {
    const bool had_flaw = begin(name);
    write_json(*json_, value);
    end(name, earlier, not_empty, had_flaw);
  }
  /// Gives whether there was a problem before the value of the member.
  bool begin(std::string_view name) {
    const std::size_t begin = json_->text().size();
    json_->member(name);
    if (members_.empty()) members_.reserve(8);
    members_.push_back(
        {.name = name, .begin = begin, .value = json_->text().size(), .end = 0, .problem = {}});
    return json_->had_flaw();
  }
  void end(std::string_view name, std::size_t earlier, bool not_empty, bool had_flaw) {
    json_->below(had_flaw, name);
    if (each_has_its_flaw_) members_.back().problem = json_->take_flaw();
    members_.back().end = json_->text().size();
    if (not_empty && members_.back().end - members_.back().value == 2) return take_back();
    for (std::size_t index = 0; index < earlier; ++index) {
      if (members_[index].name == name) return move_last_to(index);
    }
  }
  void take_back() {
    json_->text().resize(members_.back().begin);
    members_.pop_back();
  }
  /// Makes the value of the last member that of an earlier one.
  void move_last_to(std::size_t index) {
    std::string& text = json_->text();
    const std::string value = text.substr(members_.back().value);
    members_[index].problem = std::move(members_.back().problem);
    take_back();
    const Member earlier = members_[index];
    text.replace(earlier.value, earlier.end - earlier.value, value);
    const std::size_t growth = value.size() - (earlier.end - earlier.value);  // wraps around when it shrinks
    members_[index].end += growth;
    while (++index < members_.size()) {
      members_[index].begin += growth;
      members_[index].value += growth;
      members_[index].end += growth;
    }
  }

  JsonPrinter* json_;
  bool each_has_its_flaw_;
  std::vector<Member> members_{};
};

template <class List>
void write_list(JsonPrinter& json, const List& items) {
  if (!json.open('[')) return;
  std::size_t index = 0;
  for (const auto& item : items) {
    const bool had_flaw = json.had_flaw();
    json.element();
    write_json(json, item);
    json.below(had_flaw, index++);
  }
  json.close(']');
}

template <class Object>
void write_object(JsonPrinter& json, const Object& members) {
  if (!json.open('{')) return;
  for (const auto& [name, value] : members) {
    json.member(name);
    const bool had_flaw = json.had_flaw();
    write_json(json, value);
    json.below(had_flaw, name);
  }
  json.close('}');
}

/// Writes nlohmann_json's JSON.
template <class Json>
void write_document(JsonPrinter& json, const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return json.null();
    case Json::value_t::boolean: return json.boolean(value.template get_ref<const bool&>());
    case Json::value_t::string: return json.string(value.template get_ref<const std::string&>());
    case Json::value_t::number_integer: return json.integer(value.template get_ref<const std::int64_t&>());
    case Json::value_t::number_unsigned: return json.integer(value.template get_ref<const std::uint64_t&>());
    case Json::value_t::number_float: return json.number(value.template get_ref<const double&>());
    case Json::value_t::array:
      return write_list(json, value.template get_ref<const typename Json::array_t&>());
    case Json::value_t::object:
      return write_object(json, value.template get_ref<const typename Json::object_t&>());
    case Json::value_t::binary: return json.printed(nlohmann::json(value.get_binary()).dump());
    case Json::value_t::discarded: return json.flawed("is not valid JSON");
  }
}

template <class T>
void write_json(JsonPrinter& json, const T& value) {
  if constexpr (JsonTable<T>) {
    if (!json.open('{')) return;
    FieldWriter field(json);
    T::fields(value, field);
    json.close('}');
  } else if constexpr (JsonCustom<T>) {
    value.write_json(json);
  } else if constexpr (is_vector<T>) {
    write_list(json, value);
  } else if constexpr (is_string_map<T>) {
    write_object(json, value);
  } else if constexpr (is_nlohmann_json<T>) {
    write_document(json, value);
  } else if constexpr (std::derived_from<T, std::string>) {
    json.string(value);
  } else if constexpr (std::same_as<T, bool>) {
    json.boolean(value);
  } else if constexpr (std::floating_point<T>) {
    json.number(value);
  } else {
    json.integer(value);
  }
}

}  // namespace openailb::detail
