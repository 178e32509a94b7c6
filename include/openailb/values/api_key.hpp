#pragma once

#include <concepts>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace openailb {

/// An API key, or a function that returns one, for tokens that rotate. The function is called once per
/// attempt, possibly from several threads at once. What it throws reaches the caller of the API.
class ApiKey {
 public:
  ApiKey() = default;
  ApiKey(std::string key) : key_(std::move(key)) {}
  ApiKey(std::string_view key) : key_(key) {}
  /// A null pointer, as getenv gives for a variable that is not set, throws std::invalid_argument.
  ApiKey(const char* key) {
    if (key == nullptr) {
      throw std::invalid_argument("openailb: api_key is a null pointer: is its environment variable set?");
    }
    key_ = key;
  }
  template <class Function>
    requires(std::is_invocable_r_v<std::string, const Function&> &&
             !std::convertible_to<Function, std::string_view>)
  ApiKey(Function ask) : ask_(std::move(ask)) {}

  /// The key to use now.
  std::string operator()() const { return ask_ ? ask_() : key_; }

  /// Whether the key comes from a function, which is called for each attempt.
  bool rotates() const noexcept { return static_cast<bool>(ask_); }

  friend bool operator==(const ApiKey& key, std::string_view text) { return !key.ask_ && key.key_ == text; }

 private:
  std::string key_{};
  std::function<std::string()> ask_{};
};

}  // namespace openailb
