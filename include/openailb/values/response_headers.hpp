#pragma once

#include <openailb/values/headers.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {
class Redactor;
}  // namespace detail

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
  ResponseHeaders(std::initializer_list<value_type> headers);
  explicit ResponseHeaders(const Headers& headers);
  ResponseHeaders(const ResponseHeaders& other);
  ResponseHeaders(ResponseHeaders&&) noexcept = default;
  ResponseHeaders& operator=(ResponseHeaders other) noexcept {
    text_.swap(other.text_);
    entries_.swap(other.entries_);
    marks_ = other.marks_;
    return *this;
  }

  const_iterator begin() const noexcept { return entries_.begin(); }
  const_iterator end() const noexcept { return entries_.end(); }
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }

  /// end() when there is none.
  const_iterator find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return find(name) != end(); }
  /// The value of a header. Throws std::out_of_range when there is none.
  std::string_view at(std::string_view name) const&;
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
  void rebase(const char* before) noexcept;

  std::vector<char> text_{};  // stays where it is when the headers are moved
  std::vector<value_type> entries_{};
  std::uint64_t marks_{};  // of the names: most that are not there are missed here, without a search
};

/// The value of a header, empty when it is not there.
std::string_view header(const ResponseHeaders& headers, std::string_view name);

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/values/response_headers.hpp>
#endif
