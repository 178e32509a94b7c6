#pragma once

#include <openailb/error.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace openailb {

template <class T>
class Result;

namespace detail {

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;

/// An Error or null, in memory of its own: a Result with a value needs no room for one.
class ErrorBox {
 public:
  ErrorBox() = default;
  explicit ErrorBox(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
  ErrorBox(const ErrorBox& other) : error_(other ? std::make_unique<Error>(*other) : nullptr) {}
  ErrorBox(ErrorBox&&) noexcept = default;
  ErrorBox& operator=(ErrorBox other) noexcept {
    error_.swap(other.error_);
    return *this;
  }
  ~ErrorBox() = default;

  explicit operator bool() const noexcept { return error_ != nullptr; }
  Error& operator*() noexcept { return *error_; }
  const Error& operator*() const noexcept { return *error_; }

 private:
  std::unique_ptr<Error> error_{};
};

}  // namespace detail

/// A value, or the Error that explains why there is none. The names are those of std::expected, but every
/// access is checked: asking for a value that is not there throws Exception, and asking a success for its
/// error throws std::logic_error. On a temporary, value() and * return the value itself, and what -> points
/// at lives until the end of the expression.
template <class T>
class [[nodiscard]] Result {
  static_assert(
      requires { sizeof(T); },  // NOLINT(bugprone-sizeof-expression): it may be a pointer
      "include the header that has this type, such as openailb/embeddings.hpp");

 public:
  using value_type = T;
  using error_type = Error;

  template <class U = T>
    requires(std::constructible_from<T, U> && !std::same_as<std::remove_cvref_t<U>, Result> &&
             !std::same_as<std::remove_cvref_t<U>, Error>)
  explicit(!std::convertible_to<U, T>) Result(U&& value) : value_(std::in_place, std::forward<U>(value)) {}
  Result(Error error) : error_(std::move(error)) {}
  /// From a Result of something that converts to T.
  template <class U>
    requires(!std::same_as<U, T> && std::convertible_to<U, T>)
  Result(Result<U> other) {
    if (other) {
      value_.emplace(*std::move(other));
    } else {
      error_ = detail::ErrorBox(std::move(other).error());
    }
  }
  Result(const Result& other) = default;
  Result(Result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) = default;
  /// By value, so that one that cannot be copied leaves this one as it is.
  Result& operator=(Result other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    value_ = std::move(other.value_);
    error_ = std::move(other.error_);
    return *this;
  }
  ~Result() = default;

  bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return checked(*this); }
  const T& value() const& { return checked(*this); }
  T value() && { return std::move(checked(*this)); }
  T value() const&& { return checked(*this); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T operator*() const&& { return checked(*this); }

  T* operator->() & { return &value(); }
  const T* operator->() const& { return &value(); }
  T* operator->() && { return &value(); }
  const T* operator->() const&& { return &value(); }

  Error& error() & { return checked_error(*this); }
  const Error& error() const& { return checked_error(*this); }
  Error error() && { return std::move(checked_error(*this)); }
  Error error() const&& { return checked_error(*this); }

  template <class U>
  T value_or(U&& fallback) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
  }
  template <class U>
  T value_or(U&& fallback) && {
    return has_value() ? std::move(*this).value() : static_cast<T>(std::forward<U>(fallback));
  }

  /// Calls `next(value)`, which returns a Result, and returns that; an error is passed on.
  template <class Next>
  auto and_then(Next&& next) & {
    return and_then_on(*this, std::forward<Next>(next));
  }
  template <class Next>
  auto and_then(Next&& next) const& {
    return and_then_on(*this, std::forward<Next>(next));
  }
  template <class Next>
  auto and_then(Next&& next) && {
    return and_then_on(std::move(*this), std::forward<Next>(next));
  }

  /// A Result of `change(value)`; an error is passed on.
  template <class Change>
  auto transform(Change&& change) & {
    return transform_on(*this, std::forward<Change>(change));
  }
  template <class Change>
  auto transform(Change&& change) const& {
    return transform_on(*this, std::forward<Change>(change));
  }
  template <class Change>
  auto transform(Change&& change) && {
    return transform_on(std::move(*this), std::forward<Change>(change));
  }

  /// This Result if it is a success, else `fallback(error)`, which returns a Result of the same type.
  template <class Fallback>
  Result or_else(Fallback&& fallback) const& {
    return has_value() ? *this : Result(std::invoke(std::forward<Fallback>(fallback), error()));
  }
  template <class Fallback>
  Result or_else(Fallback&& fallback) && {
    return has_value() ? std::move(*this) : Result(std::invoke(std::forward<Fallback>(fallback), error()));
  }

 private:
  template <class Self>
  static auto& checked(Self& self) {
    if (!self.value_) throw Exception(self.error_ ? *self.error_ : Error{});
    return *self.value_;
  }

  template <class Self>
  static auto& checked_error(Self& self) {
    if (!self.error_) throw std::logic_error("openailb::Result: error() of a success");
    return *self.error_;
  }

  template <class Self, class Next>
  static auto and_then_on(Self&& self, Next&& next) {
    using Returned = std::remove_cvref_t<decltype(std::invoke(next, *std::forward<Self>(self).value_))>;
    static_assert(detail::is_result<Returned>, "and_then takes a function that returns a Result");
    if (!self.value_) return Returned(std::forward<Self>(self).error());
    return std::invoke(std::forward<Next>(next), *std::forward<Self>(self).value_);
  }

  template <class Self, class Change>
  static auto transform_on(Self&& self, Change&& change) {
    using Value = std::remove_cvref_t<decltype(std::invoke(change, *std::forward<Self>(self).value_))>;
    if (!self.value_) return Result<Value>(std::forward<Self>(self).error());
    if constexpr (std::is_void_v<Value>) {
      std::invoke(std::forward<Change>(change), *std::forward<Self>(self).value_);
      return Result<Value>();
    } else {
      return Result<Value>(std::invoke(std::forward<Change>(change), *std::forward<Self>(self).value_));
    }
  }

  std::optional<T> value_{};
  detail::ErrorBox error_{};  // exactly one of the two is there, unless it was moved away
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  using error_type = Error;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }

  void value() const {
    if (error_) throw Exception(*error_);
  }
  void operator*() const { value(); }

  Error& error() & {
    checked_error();
    return *error_;
  }
  const Error& error() const& { return checked_error(); }
  Error error() && {
    checked_error();
    return *std::move(error_);
  }
  Error error() const&& { return checked_error(); }

  /// Calls `next()`, which returns a Result, and returns that; an error is passed on.
  template <class Next>
  auto and_then(Next&& next) const {
    using Returned = std::remove_cvref_t<std::invoke_result_t<Next>>;
    static_assert(detail::is_result<Returned>, "and_then takes a function that returns a Result");
    return error_ ? Returned(*error_) : std::invoke(std::forward<Next>(next));
  }

  /// A Result of `change()`; an error is passed on.
  template <class Change>
  auto transform(Change&& change) const {
    using Value = std::remove_cvref_t<std::invoke_result_t<Change>>;
    if (error_) return Result<Value>(*error_);
    if constexpr (std::is_void_v<Value>) {
      std::invoke(std::forward<Change>(change));
      return Result<Value>();
    } else {
      return Result<Value>(std::invoke(std::forward<Change>(change)));
    }
  }

  /// This Result if it is a success, else `fallback(error)`, which returns a Result<void>.
  template <class Fallback>
  Result or_else(Fallback&& fallback) const {
    return error_ ? Result(std::invoke(std::forward<Fallback>(fallback), *error_)) : *this;
  }

 private:
  const Error& checked_error() const {
    if (!error_) throw std::logic_error("openailb::Result: error() of a success");
    return *error_;
  }

  std::optional<Error> error_;
};

}  // namespace openailb
