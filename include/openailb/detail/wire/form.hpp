#pragma once

#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_tables.hpp>
#include <openailb/detail/wire/json_writer.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/http.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// Structs as forms, by the table of fields that each of them has.

namespace openailb::detail {

/// The body of a request as a form, of type multipart/form-data.
struct Form {
  std::vector<BodyPart> parts{};
  std::string fault{};  ///< what cannot be sent; empty when there is nothing
};

/// The first part with this name; null when there is none.
inline const BodyPart* find_part(const std::vector<BodyPart>& parts, std::string_view name) {
  for (const BodyPart& part : parts) {
    if (part.name == name) return &part;
  }
  return nullptr;
}

/// Removes the parts with this name and, if `with_members`, those of its elements and members.
inline void remove_parts(std::vector<BodyPart>& parts, std::string_view name, bool with_members) {
  const std::string members = std::string(name) + '[';
  std::vector<BodyPart> kept;
  for (BodyPart& part : parts) {
    const bool goes = part.name == name || (with_members && part.name.starts_with(members));
    if (!goes) kept.push_back(std::move(part));
  }
  parts = std::move(kept);
}

/// Writes the fields of a struct as parts of a form, as the official SDKs do: each element of a list as
/// `name[]`, each member of an object as `name[member]`. Fields that are absent are left out; see
/// json_tables.hpp.
class FormWriter {
 public:
  explicit FormWriter(Form& form) : form_(&form) {}

  template <class T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (is_optional<T>) {
      if (value) required(name, *value);
    } else if constexpr (is_nlohmann_json<T>) {
      if (!value.is_null()) required(name, value);
    } else if constexpr (requires { value.empty(); }) {
      if (!value.empty()) required(name, value);
    } else {
      required(name, value);
    }
  }

  template <class T>
  void required(std::string_view name, const T& value) {
    write(parent_.empty() ? std::string(name) : parent_ + '[' + std::string(name) + ']', value);
  }

  template <class Json>
  void rest(const Json& extra) {
    if (!extra.is_object()) return;
    for (const auto& [name, value] : extra.template get_ref<const typename Json::object_t&>()) {
      (*this)(name, value);
    }
  }

 private:
  FormWriter(Form& form, std::string parent, int depth)
      : form_(&form), parent_(std::move(parent)), depth_(depth) {}

  template <class T>
  void write(std::string name, const T& value) {
    if constexpr (std::same_as<T, FileInput>) {
      if (value.empty()) fail(name + " is missing");
      form_->parts.push_back({.name = std::move(name), .file = value});
    } else if constexpr (std::derived_from<T, std::string>) {
      form_->parts.push_back({.name = std::move(name), .content = value});
    } else if constexpr (std::same_as<T, std::vector<FileInput>>) {
      write_files(name, value);
    } else if constexpr (is_vector<T>) {
      for (const auto& one : value) write(name + "[]", one);
    } else if constexpr (is_string_map<T>) {
      for (const auto& [key, one] : value) write(name + '[' + key + ']', one);
    } else if constexpr (is_nlohmann_json<T>) {
      write_document(std::move(name), value);
    } else if constexpr (JsonTable<T>) {
      FormWriter members(*form_, std::move(name), depth_ + 1);
      T::fields(value, members);
    } else {
      JsonPrinter number;
      write_json(number, value);
      if (number.problem()) fail(name + ' ' + number.problem()->why);
      form_->parts.push_back({.name = std::move(name), .content = std::move(number.text())});
    }
  }
  /// One file is sent as such, since not every server takes a list.
  void write_files(const std::string& name, const std::vector<FileInput>& files) {
    if (files.empty()) fail(name + " is missing");
    for (const FileInput& one : files) write(files.size() == 1 ? name : name + "[]", one);
  }
  template <class Json>
  void write_document(std::string name, const Json& value) {
    constexpr int deepest = 16;
    if (depth_ == deepest) return fail(name + " is nested too deeply");
    if (value.is_string()) return write(std::move(name), value.template get_ref<const std::string&>());
    FormWriter inside(*form_, name, depth_ + 1);
    if (value.is_object()) return inside.rest(value);
    if (value.is_array()) {
      for (const Json& one : value) inside.write_document(name + "[]", one);
    } else {
      JsonPrinter text;
      if (!value.is_null()) write_json(text, value);
      form_->parts.push_back({.name = std::move(name), .content = std::move(text.text())});
    }
  }
  void fail(std::string fault) {
    if (form_->fault.empty()) form_->fault = std::move(fault);
  }

  Form* form_;
  std::string parent_{};
  int depth_{};
};

/// The form that a struct is which has a table of fields.
template <JsonTable Params>
Form form_of(const Params& params) {
  Form form;
  FormWriter field(form);
  Params::fields(params, field);
  return form;
}

/// Lets the members of an object replace the fields of a form that have their names; null removes one.
template <class Json>
void merge_form(Form& form, const Json& extra) {
  Form added;
  FormWriter(added).rest(extra);
  for (const auto& [name, value] : extra.template get_ref<const typename Json::object_t&>()) {
    remove_parts(form.parts, name, true);
  }
  for (BodyPart& part : added.parts) form.parts.push_back(std::move(part));
  if (form.fault.empty()) form.fault = std::move(added.fault);
}

}  // namespace openailb::detail
