#pragma once

#include <openailb/headers.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

/// The headers of an answer, in the order in which they came. Names are found without regard to ASCII case.
/// The values of a header that came several times are joined by ", ".
///
///     for (const auto& [name, value] : info.headers) ...
///     if (info.headers.contains("x-request-id")) ... info.headers.at("x-request-id") ...
class ResponseHeaders {
 public:
  using value_type = std::pair<std::string_view, std::string_view>;
  class Iterator;

  ResponseHeaders() = default;
  ResponseHeaders(std::initializer_list<value_type> headers) {
    for (const auto& [name, value] : headers) add(name, value);
  }
  explicit ResponseHeaders(const Headers& headers) {
    for (const auto& [name, value] : headers) add(name, value);
  }

  Iterator begin() const noexcept;
  Iterator end() const noexcept;
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }

  /// end() when there is none.
  Iterator find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return index_of(name) < size(); }
  /// The value of a header. Throws std::out_of_range when there is none.
  std::string_view at(std::string_view name) const {
    const std::size_t index = index_of(name);
    if (index == size()) throw std::out_of_range("openailb: no header " + std::string(name));
    return entry(index).second;
  }

  /// All names and values, one after the other, to be searched at once.
  std::string_view text() const noexcept { return text_; }

  /// Adds a header, or joins the value to that which it has.
  void add(std::string_view name, std::string_view value);
  /// Replaces the value of a header that is there.
  void replace(Iterator header, std::string_view value);

 private:
  /// Where a header stands in the text. Its value follows its name.
  struct Entry {
    std::size_t name, name_size, value_size;
  };

  value_type entry(std::size_t index) const noexcept {
    const auto& [name, name_size, value_size] = entries_[index];
    return {{text_.data() + name, name_size}, {text_.data() + name + name_size, value_size}};
  }
  /// Puts a text in the place of a part of a header's value.
  void splice(std::size_t index, std::size_t at, std::size_t size, std::string_view text);
  /// size() when there is none.
  std::size_t index_of(std::string_view name) const noexcept {
    const auto has_name = [&](const Entry& one) {
      return one.name_size == name.size() &&
             detail::is_same_header({text_.data() + one.name, name.size()}, name);
    };
    return static_cast<std::size_t>(std::ranges::find_if(entries_, has_name) - entries_.begin());
  }

  std::string text_{};
  std::vector<Entry> entries_{};
};

/// Goes through the headers. What it points to is made when it is asked for.
class ResponseHeaders::Iterator {
 public:
  using value_type = ResponseHeaders::value_type;
  using difference_type = std::ptrdiff_t;
  using iterator_category = std::input_iterator_tag;
  using reference = value_type;
  /// A header that stays for as long as it is looked at.
  struct pointer {
    value_type header;
    const value_type* operator->() const noexcept { return &header; }
  };

  Iterator() = default;

  value_type operator*() const noexcept { return headers_->entry(index_); }
  pointer operator->() const noexcept { return {**this}; }
  Iterator& operator++() noexcept {
    ++index_;
    return *this;
  }
  Iterator operator++(int) noexcept { return std::exchange(*this, Iterator(*headers_, index_ + 1)); }
  bool operator==(const Iterator&) const = default;

 private:
  friend class ResponseHeaders;
  Iterator(const ResponseHeaders& headers, std::size_t index) : headers_(&headers), index_(index) {}

  const ResponseHeaders* headers_{};
  std::size_t index_{};
};

inline ResponseHeaders::Iterator ResponseHeaders::begin() const noexcept { return {*this, 0}; }
inline ResponseHeaders::Iterator ResponseHeaders::end() const noexcept { return {*this, size()}; }
inline ResponseHeaders::Iterator ResponseHeaders::find(std::string_view name) const noexcept {
  return {*this, index_of(name)};
}

inline void ResponseHeaders::add(std::string_view name, std::string_view value) {
  if (const std::size_t index = index_of(name); index < size()) {
    const std::size_t end = entries_[index].value_size;
    return splice(index, end, 0, (end == 0 ? "" : ", ") + std::string(value));
  }
  if (empty()) {  // as much as most answers have
    text_.reserve(1024);
    entries_.reserve(32);
  }
  entries_.push_back({.name = text_.size(), .name_size = name.size(), .value_size = value.size()});
  text_.append(name).append(value);
}

inline void ResponseHeaders::replace(Iterator header, std::string_view value) {
  splice(header.index_, 0, entries_[header.index_].value_size, value);
}

inline void ResponseHeaders::splice(std::size_t index, std::size_t at, std::size_t size,
                                    std::string_view text) {
  Entry& one = entries_[index];
  text_.replace(one.name + one.name_size + at, size, text);
  const std::size_t growth = text.size() - size;  // wraps around when it shrinks
  one.value_size += growth;
  for (Entry& later : std::span(entries_).subspan(index + 1)) later.name += growth;
}

/// The value of a header, empty when it is not there.
inline std::string_view header(const ResponseHeaders& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : found->second;
}

}  // namespace openailb
