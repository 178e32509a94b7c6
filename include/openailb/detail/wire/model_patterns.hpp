#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// Model names and patterns of them, in which each `*` stands for any number of characters.

namespace openailb::detail {

inline std::size_t stars(std::string_view name) {
  std::size_t count = 0;
  for (const char c : name) count += c == '*' ? 1 : 0;
  return count;
}

inline bool is_pattern(std::string_view name) { return name.find('*') != std::string_view::npos; }

/// Whether a name is one that the pattern stands for.
inline bool fits(std::string_view pattern, std::string_view name) {
  constexpr std::size_t none = std::string_view::npos;
  std::size_t star = none;  // the latest one
  std::size_t resume = 0;   // where what that star stands for ends so far
  std::size_t in_pattern = 0;
  for (std::size_t in_name = 0; in_name < name.size();) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      resume = in_name;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == name[in_name]) {
      ++in_pattern;
      ++in_name;
    } else if (star != none) {
      in_pattern = star + 1;
      in_name = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == none;
}

/// The models of an allow-list. Without any it has all.
class ModelList {
 public:
  explicit ModelList(const std::vector<std::string>& models) {
    for (const std::string& model : models) {
      if (is_pattern(model)) {
        patterns_.push_back(model);
      } else {
        names_.insert(model);
      }
    }
  }

  bool has(std::string_view model) const {
    if (names_.empty() && patterns_.empty()) return true;
    if (names_.contains(model)) return true;
    for (const std::string& pattern : patterns_) {
      if (fits(pattern, model)) return true;
    }
    return false;
  }

 private:
  std::set<std::string, std::less<>> names_{};
  std::vector<std::string> patterns_{};
};

/// What models are called at an endpoint. Of several patterns that a model fits, the one with most characters
/// beside its stars decides, and among such the first by name.
class ModelMap {
 public:
  explicit ModelMap(const std::map<std::string, std::string>& models) {
    for (const auto& [model, mapped] : models)
      (is_pattern(model) ? patterns_ : names_).emplace(model, mapped);
  }

  /// A model that is not listed keeps its name.
  std::string name_of(const std::string& model) const {
    if (const auto found = names_.find(model); found != names_.end()) return found->second;
    const std::pair<const std::string, std::string>* decides = nullptr;
    for (const auto& pattern : patterns_) {
      if (!fits(pattern.first, model)) continue;
      if (decides == nullptr || weight(pattern.first) > weight(decides->first)) decides = &pattern;
    }
    return decides == nullptr ? model : applied(decides->first, decides->second, model);
  }

 private:
  static std::size_t weight(std::string_view pattern) { return pattern.size() - stars(pattern); }
  /// The mapped name, in which a star is what the pattern's only star stands for.
  static std::string applied(std::string_view pattern, std::string mapped, std::string_view model) {
    const std::size_t at = mapped.find('*');
    if (at == std::string::npos || stars(pattern) != 1) return mapped;
    return mapped.replace(at, 1, model.substr(pattern.find('*'), model.size() - (pattern.size() - 1)));
  }

  std::map<std::string, std::string> names_{};
  std::map<std::string, std::string> patterns_{};
};

/// What is wrong with an entry of a model map; empty when nothing is.
inline std::string problem_of_mapping(const std::string& model, const std::string& mapped) {
  if (model.empty()) return "model_map has an empty name";
  if (!is_pattern(mapped)) return {};
  if (stars(model) != 1)
    return "model_map has a * in the name for " + model + ", which has not exactly one *";
  return stars(mapped) == 1 ? "" : "model_map has more than one * in the name for " + model;
}

}  // namespace openailb::detail
