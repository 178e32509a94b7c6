#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/values/headers.hpp>
#include <openailb/values/response_headers.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

/// One of 64 bits for a header's name; the same for names that are the same.
inline std::uint64_t mark_of(std::string_view name) noexcept {
  if (name.empty()) return 1;
  const auto first = static_cast<unsigned char>(lower_case(name.front()));
  const auto last = static_cast<unsigned char>(lower_case(name.back()));
  return std::uint64_t{1} << (7 * name.size() + first + std::size_t{5} * last) %
                                 64;  // of usual names, few are the same
}

}  // namespace detail

OPENAILB_INLINE ResponseHeaders::ResponseHeaders(std::initializer_list<value_type> headers) {
  for (const auto& [name, value] : headers) add(name, value);
}

OPENAILB_INLINE ResponseHeaders::ResponseHeaders(const Headers& headers) {
  for (const auto& [name, value] : headers) add(name, value);
}

OPENAILB_INLINE ResponseHeaders::ResponseHeaders(const ResponseHeaders& other)
    : text_(other.text_), entries_(other.entries_), marks_(other.marks_) {
  rebase(other.text_.data());
}

OPENAILB_INLINE auto ResponseHeaders::find(std::string_view name) const noexcept -> const_iterator {
  if ((marks_ & detail::mark_of(name)) == 0) return end();
  return std::ranges::find_if(entries_, [name](const value_type& one) {
    return one.first.size() == name.size() && detail::is_same_header(one.first, name);
  });
}

OPENAILB_INLINE std::string_view ResponseHeaders::at(std::string_view name) const& {
  const auto found = find(name);
  if (found == end()) throw std::out_of_range("openailb: no header " + std::string(name));
  return found->second;
}

OPENAILB_INLINE void ResponseHeaders::rebase(const char* before) noexcept {
  for (auto& [name, value] : entries_) {
    name = {text_.data() + (name.data() - before), name.size()};
    value = {text_.data() + (value.data() - before), value.size()};
  }
}

OPENAILB_INLINE std::vector<char> ResponseHeaders::make_room(std::size_t size) {
  std::vector<char> before;
  if (text_.capacity() - text_.size() >= size) return before;
  constexpr std::size_t usual = 1024;  // as much as most answers have
  before.reserve((std::max)(usual, 2 * (text_.size() + size)));
  before.assign(text_.begin(), text_.end());
  text_.swap(before);
  rebase(before.data());
  return before;
}

OPENAILB_INLINE void ResponseHeaders::add(std::string_view name, std::string_view value) {
  const std::uint64_t mark = detail::mark_of(name);
  if (const auto same = (marks_ & mark) == 0 ? end() : find(name); same != end()) {
    const std::size_t end = same->second.size();
    return splice(same, end, 0, (end == 0 ? "" : ", ") + std::string(value));
  }
  const std::size_t begin = text_.size(), size = name.size() + value.size();
  std::vector<char> before;
  if (text_.capacity() - begin < size) before = make_room(size);
  if (empty()) entries_.reserve(32);
  text_.resize(begin + size);  // does not move it, so both may be parts of it
  char* const at = text_.data() + begin;
  name.copy(at, name.size());
  value.copy(at + name.size(), value.size());
  entries_.push_back({{at, name.size()}, {at + name.size(), value.size()}});
  marks_ |= mark;
}

OPENAILB_INLINE void ResponseHeaders::splice(const_iterator header, std::size_t at, std::size_t size,
                                             const std::string& text) {
  const std::vector<char> before = make_room(text.size());
  const auto changed = entries_.begin() + (header - entries_.cbegin());
  std::string_view& value = changed->second;
  const auto place = text_.begin() + (value.data() - text_.data()) + static_cast<std::ptrdiff_t>(at);
  text_.insert(text_.erase(place, place + static_cast<std::ptrdiff_t>(size)), text.begin(), text.end());
  value = {value.data(), value.size() - size + text.size()};
  const std::ptrdiff_t growth = std::ssize(text) - static_cast<std::ptrdiff_t>(size);
  for (auto later = changed + 1; later != entries_.end(); ++later) {
    later->first = {later->first.data() + growth, later->first.size()};
    later->second = {later->second.data() + growth, later->second.size()};
  }
}

OPENAILB_INLINE std::string_view header(const ResponseHeaders& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : found->second;
}

}  // namespace openailb
