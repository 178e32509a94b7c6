#pragma once

#include <openailb/detail/src/environment.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/values/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace openailb::detail {

/// A value in a JSON file, and the way to it: "endpoints[1].weight".
struct FilePlace {
  const JsonNode* node;
  std::string path;
};

/// Reads the values of a JSON file. What is wrong is thrown as std::invalid_argument, with file, line and
/// member, but never with a value, since keys are among them.
class FileReader {
 public:
  /// Both must stay for as long as it reads.
  FileReader(const std::string& file, std::string_view content) : file_(&file), content_(content) {
    if (content_.starts_with("\xEF\xBB\xBF")) content_.remove_prefix(3);
    if (!JsonScanner::scan(content_, true, nodes_)) fail_to_parse();
  }

  [[noreturn]] void fail(const FilePlace& place, std::string_view fault) const {
    const std::string path = place.path.empty() ? "" : one_line(place.path) + ": ";
    fail_at(static_cast<std::size_t>(place.node->text.data() - content_.data()), path + std::string(fault));
  }

  /// The list that the file is or, if it is an object, that is its only member, of this name.
  FilePlace list(const std::string& name) const {
    FilePlace list{&nodes_.front(), name};
    if (list.node->type == JsonType::object) {
      members(FilePlace{list.node, ""}, [&](const std::string& member, const FilePlace& place) {
        if (member == name) list = place;
        return member == name;
      });
    }
    if (list.node->type != JsonType::array) fail(list, "not a list");
    return list;
  }
  /// Calls `read(place)` for each element of a list.
  template <class Read>
  void each(const FilePlace& place, Read read) const {
    if (place.node->type != JsonType::array) fail(place, "not a list");
    std::size_t index = 0;
    for (const JsonNode* one = place.node + 1; one != place.node->end(); one = one->end()) {
      read(FilePlace{one, place.path + '[' + std::to_string(index++) + ']'});
    }
  }
  /// Calls `read(name, place)` for each member of an object, which returns whether there is such a member.
  template <class Read>
  void members(const FilePlace& place, Read read) const {
    each_member(place, [&](const std::string& name, const FilePlace& member) {
      if (!read(name, member)) fail(member, "no member that a file can have");
    });
  }

  std::string text(const FilePlace& place) const {
    if (place.node->type != JsonType::string) fail(place, "not a text");
    return expanded(place, string_of(*place.node));
  }
  std::map<std::string, std::string> texts(const FilePlace& place) const {
    std::map<std::string, std::string> all;
    each_member(place,
                [&](const std::string& name, const FilePlace& member) { all.emplace(name, text(member)); });
    return all;
  }
  double number(const FilePlace& place) const {
    if (place.node->type != JsonType::number) fail(place, "not a number");
    return json(place).value().get<double>();
  }
  template <class Integer>
  void integer(const FilePlace& place, Integer& value) const {
    const char* end = place.node->text.data() + place.node->text.size();
    const auto [stopped, error] = std::from_chars(place.node->text.data(), end, value);
    const bool is_whole = place.node->type == JsonType::number && stopped == end;
    if (!is_whole || error != std::errc{}) fail(place, "not a whole number that fits");
  }
  std::chrono::nanoseconds seconds(const FilePlace& place) const {
    const double value = number(place);
    if (value < 0.0 || value > 1e9) fail(place, "not a number of seconds from 0 to 1e9");
    return std::chrono::round<std::chrono::nanoseconds>(std::chrono::duration<double>(value));
  }
  /// Any JSON. Its texts are expanded as well.
  JsonDocument json(const FilePlace& place) const {
    check_members(place);
    const std::size_t quote = place.node->type == JsonType::string ? 1 : 0;
    const char* begin = place.node->text.data();
    nlohmann::ordered_json value;
    try {
      value = nlohmann::ordered_json::parse(begin - quote, begin + place.node->text.size() + quote);
    } catch (const nlohmann::json::exception&) {  // the scanner has taken it: only a number can be wrong
      fail(place, "has a number that is too large");
    }
    expand(place, value);
    return value;
  }

 private:
  /// Calls `read(name, place)` for each member of an object.
  template <class ReadMember>
  void each_member(const FilePlace& place, ReadMember read) const {
    if (place.node->type != JsonType::object) fail(place, "not an object");
    std::set<std::string> seen;
    for (const JsonNode* name = place.node + 1; name != place.node->end(); name = name[1].end()) {
      const std::string text = string_of(*name);
      const FilePlace member{name + 1, place.path + (place.path.empty() ? "" : ".") + text};
      if (!seen.insert(text).second) fail(member, "is there twice");
      read(text, member);
    }
  }

  /// Nowhere in it may a member be there twice.
  void check_members(const FilePlace& place) const {
    if (place.node->type == JsonType::array) {
      each(place, [&](const FilePlace& one) { check_members(one); });
    } else if (place.node->type == JsonType::object) {
      each_member(place, [&](const std::string&, const FilePlace& member) { check_members(member); });
    }
  }

  std::string expanded(const FilePlace& place, std::string_view text) const {
    std::string fault;
    std::string result = expand_environment(text, fault);
    if (!fault.empty()) fail(place, fault);
    return result;
  }
  void expand(const FilePlace& place, nlohmann::ordered_json& value) const {
    if (auto* text = value.get_ptr<std::string*>()) *text = expanded(place, *text);
    if (!value.is_structured()) return;
    for (nlohmann::ordered_json& one : value) expand(place, one);
  }

  /// The scanner does not say where it has stopped.
  [[noreturn]] void fail_to_parse() const {
    try {
      static_cast<void>(nlohmann::json::parse(std::string_view(content_)).size());
    } catch (const nlohmann::json::parse_error& error) {
      fail_at((std::max<std::size_t>)(error.byte, 1) - 1, "not JSON");
    } catch (const nlohmann::json::exception&) {
      throw std::invalid_argument(*file_ + ": has a number that is too large");
    }
    throw std::invalid_argument(*file_ + ": not JSON, or nested too deeply");
  }
  [[noreturn]] void fail_at(std::size_t offset, std::string_view fault) const {
    const auto line = 1 + std::ranges::count(content_.substr(0, offset), '\n');
    throw std::invalid_argument(*file_ + ':' + std::to_string(line) + ": " + std::string(fault));
  }

  const std::string* file_;
  std::string_view content_;
  std::vector<JsonNode> nodes_{};
};

}  // namespace openailb::detail
