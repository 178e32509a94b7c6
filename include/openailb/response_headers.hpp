#pragma once

#include <openailb/headers.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {
class Redactor;
}

/// The headers of an answer, in the order in which they came. Names are found without regard to ASCII case.
/// The values of a header that came several times are joined by ", ".
///
///     for (const auto& [name, value] : info.headers) ...
///     if (info.headers.contains("x-request-id")) ... info.headers.at("x-request-id") ...
class ResponseHeaders {
 public:
  /// A name and its value. They are valid for as long as the headers are there and do not change.
  using value_type = std::pair<std::string_view, std::string_view>;
  using const_iterator = std::vector<value_type>::const_iterator;

  ResponseHeaders() = default;
  ResponseHeaders(std::initializer_list<value_type> headers) {
    for (const auto& [name, value] : headers) add(name, value);
  }
  explicit ResponseHeaders(const Headers& headers) {
    for (const auto& [name, value] : headers) add(name, value);
  }
  ResponseHeaders(const ResponseHeaders& other) : text_(other.text_), entries_(other.entries_) {
    rebase(other.text_.data());
  }
  ResponseHeaders(ResponseHeaders&&) noexcept = default;
  ResponseHeaders& operator=(ResponseHeaders other) noexcept {
    text_.swap(other.text_);
    entries_.swap(other.entries_);
    return *this;
  }

  const_iterator begin() const noexcept { return entries_.begin(); }
  const_iterator end() const noexcept { return entries_.end(); }
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }

  /// end() when there is none.
  const_iterator find(std::string_view name) const noexcept {
    return std::ranges::find_if(entries_, [name](const value_type& one) {
      return one.first.size() == name.size() && detail::is_same_header(one.first, name);
    });
  }
  bool contains(std::string_view name) const noexcept { return find(name) != end(); }
  /// The value of a header. Throws std::out_of_range when there is none.
  std::string_view at(std::string_view name) const& {
    const auto found = find(name);
    if (found == end()) throw std::out_of_range("openailb: no header " + std::string(name));
    return found->second;
  }
  /// The same of headers that are gone afterwards, as a copy.
  std::string at(std::string_view name) const&& { return std::string(at(name)); }

  /// Adds a header, or joins the value to that which it has.
  void add(std::string_view name, std::string_view value);

  friend bool operator==(const ResponseHeaders& one, const ResponseHeaders& other) {
    return one.entries_ == other.entries_;
  }

 private:
  friend class detail::Redactor;

  /// All names and values, one after the other, to be searched at once.
  std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

  /// Makes room for more text. Gives what held the text before, since somebody may still read from it.
  std::vector<char> make_room(std::size_t size);
  /// Puts a text in the place of a part of a header's value.
  void splice(const_iterator header, std::size_t at, std::size_t size, const std::string& text);
  void replace(const_iterator header, const std::string& value) {
    splice(header, 0, header->second.size(), value);
  }
  /// Lets the entries, which stand in the text that begins at `before`, stand in this one.
  void rebase(const char* before) noexcept {
    for (auto& [name, value] : entries_) {
      name = {text_.data() + (name.data() - before), name.size()};
      value = {text_.data() + (value.data() - before), value.size()};
    }
  }

  std::vector<char> text_{};  // stays where it is when the headers are moved
  std::vector<value_type> entries_{};
};

inline std::vector<char> ResponseHeaders::make_room(std::size_t size) {
  std::vector<char> before;
  if (text_.capacity() - text_.size() >= size) return before;
  constexpr std::size_t usual = 1024;  // as much as most answers have
  before.reserve((std::max)(usual, 2 * (text_.size() + size)));
  before.assign(text_.begin(), text_.end());
  text_.swap(before);
  rebase(before.data());
  return before;
}

inline void ResponseHeaders::add(std::string_view name, std::string_view value) {
  if (const auto same = find(name); same != end()) {
    const std::size_t end = same->second.size();
    return splice(same, end, 0, (end == 0 ? "" : ", ") + std::string(value));
  }
  const std::vector<char> before = make_room(name.size() + value.size());
  if (empty()) entries_.reserve(32);
  const std::size_t begin = text_.size();
  text_.resize(begin + name.size() + value.size());  // does not move it, so both may be parts of it
  std::ranges::copy(value, std::ranges::copy(name, text_.data() + begin).out);
  entries_.push_back(
      {{text_.data() + begin, name.size()}, {text_.data() + begin + name.size(), value.size()}});
}

inline void ResponseHeaders::splice(const_iterator header, std::size_t at, std::size_t size,
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

/// The value of a header, empty when it is not there.
inline std::string_view header(const ResponseHeaders& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : found->second;
}

}  // namespace openailb
