#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Model names and patterns of them, in which each `*` stands for any number of characters.

namespace openailb::detail {

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
    const auto fits_model = [model](const std::string& pattern) { return fits(pattern, model); };
    return names_.contains(model) || std::ranges::any_of(patterns_, fits_model);
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
    for (const auto& [model, mapped] : models) {
      if (is_pattern(model)) {
        patterns_.push_back({model, mapped});
      } else {
        names_.emplace(model, mapped);
      }
    }
    std::ranges::stable_sort(patterns_, std::ranges::greater{}, &Pattern::weight);
  }

  /// A model that is not listed keeps its name.
  std::string name_of(const std::string& model) const {
    if (const auto found = names_.find(model); found != names_.end()) return found->second;
    for (const Pattern& pattern : patterns_) {
      if (fits(pattern.key, model)) return pattern.apply(model);
    }
    return model;
  }

 private:
  struct Pattern {
    std::string key;
    std::string mapped;

    std::ptrdiff_t stars() const { return std::ranges::count(key, '*'); }
    std::ptrdiff_t weight() const { return static_cast<std::ptrdiff_t>(key.size()) - stars(); }
    /// The mapped name, in which a star is what the key's only star stands for.
    std::string apply(std::string_view model) const {
      std::string name = mapped;
      const std::size_t at = name.find('*');
      if (at == std::string::npos || stars() != 1) return name;
      const std::size_t before = key.find('*');
      return name.replace(at, 1, model.substr(before, model.size() - (key.size() - 1)));
    }
  };

  std::map<std::string, std::string> names_{};
  std::vector<Pattern> patterns_{};  // the first that a model fits decides
};

/// What is wrong with an entry of a model map; empty when nothing is.
inline std::string fault_of_mapping(const std::string& model, const std::string& mapped) {
  if (model.empty()) return "model_map has an empty name";
  const auto stars = std::ranges::count(model, '*');
  if (!is_pattern(mapped)) return {};
  if (stars != 1) return "model_map has a * in the name for " + model + ", which has not exactly one *";
  return std::ranges::count(mapped, '*') == 1 ? "" : "model_map has more than one * in the name for " + model;
}

}  // namespace openailb::detail
