#pragma once

#include <openailb/values/response_headers.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace openailb::detail {

/// Replaces an attempt's own secrets in the texts that are kept of it, since servers repeat keys in their
/// errors. A secret is found whether it is plain, escaped as in JSON, written as `\u00XX` or percent-encoded,
/// also if these are mixed or nested, and also if the text was cut in the middle of it.
class Redactor {
 public:
  /// Adds a secret, which must outlive the Redactor. An empty one is ignored. Blanks around it are not part
  /// of it. Of one like "Bearer secret", the part behind the scheme is a secret too: servers may repeat only
  /// that.
  void add(std::string_view secret);

  /// Replaces every secret in the text.
  void redact(std::string& text) const {
    if (may_be_in(text)) text = redacted(text);
  }
  void redact(ResponseHeaders& headers) const {
    if (!may_be_in(headers.text())) return;
    for (auto header = headers.begin(); header != headers.end(); ++header) {
      if (may_be_in(header->second)) headers.replace(header, redacted(header->second));
    }
  }

 private:
  struct Secret {
    std::string_view text;
    std::size_t rarest;  // which of its first characters is the rarest in texts
  };

  /// A shorter secret might be part of an ordinary word, so it is replaced only where it stands alone.
  static constexpr std::size_t shortest_anywhere = 8;

  /// The text without the secrets, in one pass over it.
  std::string redacted(std::string_view whole) const {
    std::string text;
    std::size_t kept = 0;  // what comes before this place has been written
    for (std::size_t at = 0; at < whole.size();) {
      const std::size_t length = may_begin_at(whole, at) ? secret_at(whole, at) : 0;
      if (length == 0) {
        ++at;
        continue;
      }
      text.append(whole.substr(kept, at - kept)).append("[redacted]");
      kept = at += length;
    }
    return text.append(whole.substr(kept));
  }

  /// Whether a secret may be in the text. Nearly always there is none, and this finds it out several times
  /// faster than a look at every character.
  bool may_be_in(std::string_view text) const {
    for (const Secret& secret : secrets_) {
      if (begins_plain_in(text, secret)) return true;
    }
    return !secrets_.empty() && has_encoded(text);
  }

  /// Whether the beginning of the secret is in the text as it is.
  static bool begins_plain_in(std::string_view text, const Secret& secret) {
    const std::string_view begin = secret.text.substr(0, shortest_anywhere);
    const char rarest = begin[secret.rarest];
    for (auto at = text.find(rarest, secret.rarest); at != text.npos; at = text.find(rarest, at + 1)) {
      const std::size_t first = at - secret.rarest;
      if (text[first] == begin.front() && text.substr(first).starts_with(begin)) return true;
    }
    return false;
  }

  /// Whether the text has an encoded character that may be one of a secret's.
  bool has_encoded(std::string_view text) const {
    for (auto at = text.find('%'); at < text.size(); at = text.find('%', at + 1)) {
      if (text.substr(at + 1, 1).find_first_of("0123456789abcdefABCDEF") == 0) return true;
    }
    for (auto at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
      at = (std::min)(text.find_first_not_of('\\', at), text.size());
      if (text.substr(at).starts_with("u00") || is_in_a_secret('\\')) return true;
      const bool is_control = text.substr(at, 1).find_first_of("bfnrt") == 0;  // in JSON
      if (at < text.size() && !is_control && is_in_a_secret(text[at])) return true;
    }
    return false;
  }
  bool is_in_a_secret(char c) const {
    for (const Secret& secret : secrets_) {
      if (secret.text.find(c) != secret.text.npos) return true;
    }
    return false;
  }

  bool begins(char c) const { return begins_[static_cast<unsigned char>(c)]; }

  /// Whether a secret may begin at a place, as far as its first character tells. Texts may be full of
  /// characters that are encoded, and this looks at each once, not once for each secret.
  bool may_begin_at(std::string_view text, std::size_t at) const {
    const char c = text[at];
    if (begins(c)) return true;
    if (c == '%') return begins_as_digits(text, at + 1) || begins_as_digits(text, at + 3);
    if (c != '\\') return false;
    const std::size_t behind = text.substr(0, at + 16).find_first_not_of('\\', at);
    if (behind == text.npos) return false;
    return begins(text[behind]) ||
           (text.substr(behind).starts_with("u00") && begins_as_digits(text, behind + 3));
  }
  /// Whether two hexadecimal digits stand for a character with which a secret begins.
  bool begins_as_digits(std::string_view text, std::size_t at) const {
    if (at + 2 > text.size()) return false;
    const int high = digit_value(text[at]), low = digit_value(text[at + 1]);
    return high >= 0 && low >= 0 &&
           begins_[static_cast<std::size_t>(high) * 16 + static_cast<std::size_t>(low)];
  }
  static constexpr int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }

  /// The length, in the text, of the secret that begins at `at`; 0 when none does.
  std::size_t secret_at(std::string_view text, std::size_t at) const {
    for (const auto& [secret, rarest] : secrets_) {
      const std::string_view rest = text.substr(at);
      const std::size_t length = rest.starts_with(secret) ? secret.size() : encoded_length(rest, secret);
      if (length == 0) continue;
      if (secret.size() >= shortest_anywhere || stands_alone(text, at, length)) return length;
    }
    return 0;
  }

  /// The length of a secret at the start of the text, some of its characters encoded; 0 when it is not there.
  /// The beginning of a secret counts too if the text ends there, once shortest_anywhere characters of it
  /// match.
  static std::size_t encoded_length(std::string_view text, std::string_view secret) {
    const std::size_t whole = text.size();
    for (std::size_t index = 0; index < secret.size(); ++index) {
      const char c = secret[index];
      if (c == '\\' && index > 0 && secret[index - 1] == c) continue;  // was in the run before it
      if (text.empty() && index >= shortest_anywhere) break;
      std::size_t length = length_of_encoded(text, c);
      if (length == 0 && text.starts_with(c)) length = 1;
      if (length == 0) return 0;
      text.remove_prefix(length);
    }
    return whole - text.size();
  }

  /// The length of one encoded character; 0 when the text does not begin with it. JSON inside JSON inside
  /// JSON has up to seven backslashes where the innermost has one, and a URL inside a URL has `%25` for `%`.
  static std::size_t length_of_encoded(std::string_view text, char c) {
    if (text.starts_with('%')) {
      const std::size_t digits = text.starts_with("%25") && c != '%' ? 3 : 1;
      return hexadecimal(text.substr(digits, 2), c) ? digits + 2 : 0;
    }
    const std::string_view beginning = text.substr(0, 15);
    const std::size_t run = (std::min)(beginning.find_first_not_of('\\'), beginning.size());
    if (run == 0) return 0;
    const std::string_view rest = text.substr(run);
    if (rest.starts_with("u00") && hexadecimal(rest.substr(3, 2), c)) return run + 5;
    if (c == '\\') return run;
    return rest.starts_with(c) ? run + 1 : 0;
  }

  static bool hexadecimal(std::string_view digits, char c) {
    unsigned char byte = 0;
    const char* end = digits.data() + digits.size();
    return digits.size() == 2 && std::from_chars(digits.data(), end, byte, 16).ptr == end &&
           byte == static_cast<unsigned char>(c);
  }

  static bool stands_alone(std::string_view text, std::size_t at, std::size_t size) {
    const bool alone_before = at == 0 || !is_word(text[at - 1]);
    return alone_before && (at + size == text.size() || !is_word(text[at + size]));
  }
  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  std::vector<Secret> secrets_{};
  std::array<bool, 256> begins_{};
};

inline void Redactor::add(std::string_view secret) {
  constexpr std::string_view blanks = " \t";
  secret.remove_prefix((std::min)(secret.find_first_not_of(blanks), secret.size()));
  secret = secret.substr(0, secret.find_last_not_of(blanks) + 1);
  if (secret.empty()) return;

  constexpr std::string_view commonest_first = " \"etaoinsrhldcumfpgwybv0123456789.,:_-kxjqz";
  const auto rarity = [&](std::size_t at) { return commonest_first.find(secret[at]); };
  std::size_t rarest = 0;
  for (std::size_t at = 1; at < (std::min)(secret.size(), shortest_anywhere); ++at) {
    if (rarity(at) > rarity(rarest)) rarest = at;
  }
  // The longest first: if one secret begins with another, the rest of it would be shown.
  auto place = secrets_.begin();
  while (place != secrets_.end() && place->text.size() >= secret.size()) ++place;
  secrets_.insert(place, {.text = secret, .rarest = rarest});
  begins_[static_cast<unsigned char>(secret.front())] = true;

  if (const auto blank = secret.find_last_of(blanks); blank != secret.npos) add(secret.substr(blank + 1));
}

}  // namespace openailb::detail
