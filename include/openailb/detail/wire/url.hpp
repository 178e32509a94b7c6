#pragma once

#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace openailb::detail {

/// One `name=value` of a URL's query, both still percent-encoded.
struct QueryParameter {
  std::string name{};
  std::optional<std::string> value{};  ///< null when there is no `=`

  bool operator==(const QueryParameter&) const = default;
};

/// An http or https URL in parts (RFC 3986), without user information and without a fragment.
struct Url {
  std::string scheme{"https"};  ///< `http` or `https`
  std::string host{};           ///< in lower case; an IPv6 address keeps its brackets
  std::uint16_t port{443};      ///< the scheme's default when the text names none
  std::string path{};           ///< as given: empty, or begins with a slash; may hold a placeholder `{model}`
  std::vector<QueryParameter> query{};

  bool operator==(const Url&) const = default;

  /// A base URL, such as `https://api.openai.com/v1`; slashes at the end of its path are dropped. The error's
  /// message says what is wrong but repeats nothing of the text, which may hold a password or a key.
  static Result<Url> parse(std::string_view text);

  /// `scheme://host`, with the port unless it is the scheme's default: two URLs with the same origin go to
  /// the same server by the same protocol (RFC 6454), so what may be sent to one may be sent to the other.
  std::string origin() const;

  /// The URL without its query, which may hold a key: for messages and status.
  std::string display() const { return origin() + path; }

  /// The whole URL, to be sent.
  std::string text() const;
};

/// `text` with every byte but RFC 3986's unreserved ones as %XX, fit for one segment of a path or for a
/// query's name or value. `.` and `..`, which a path would read as a step, come out as %2E and %2E%2E.
inline std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  const bool is_step = text == "." || text == "..";
  std::string encoded;
  for (const char c : text) {
    if (!is_step && unreserved.find(c) != unreserved.npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', digits[byte / 16], digits[byte % 16]};
  }
  return encoded;
}

inline Error bad_url(std::string_view what) {
  return Error{.kind = ErrorKind::bad_request, .message = std::string(what)};
}

inline bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

/// Rejects characters that no URL may contain. The backslash is one because browsers and servers read it as a
/// slash, so that two readers of one URL would see two hosts.
inline Result<void> check_characters(std::string_view text) {
  const auto is_forbidden = [](char c) { return is_control(c) || c == ' ' || c == '\\' || c == '#'; };
  std::size_t at = 0;
  while (at < text.size() && !is_forbidden(text[at])) ++at;
  if (at == text.size()) return {};
  switch (text[at]) {
    case ' ': return bad_url("the URL contains a space");
    case '\\': return bad_url("the URL contains a backslash");
    case '#': return bad_url("the URL has a fragment (#), which is never sent");
    default: return bad_url("the URL contains a control character");
  }
}

/// True for a name, an IPv4 address or an IPv6 address in brackets. A percent sign is rejected because
/// libcurl would decode it into another name, and what is not ASCII because not each libcurl can encode it.
inline bool is_host(std::string_view host) {
  constexpr std::string_view name = "abcdefghijklmnopqrstuvwxyz0123456789-._";
  constexpr std::string_view address = "abcdef0123456789:.";
  if (host.starts_with('[')) {
    return host.ends_with(']') && host.find(':') != host.npos &&
           host.substr(1, host.size() - 2).find_first_not_of(address) == host.npos;
  }
  return host.find_first_not_of(name) == host.npos;
}

/// Reads `host`, `host:port` or `[address]:port` into `url`, whose scheme is already set.
inline Result<void> take_authority(Url& url, std::string_view authority) {
  if (authority.find('@') != authority.npos) {
    return bad_url("the URL contains user information (before an @); the key belongs in api_key");
  }
  const auto after_address = authority.find(']');
  const auto colon = authority.find(':', after_address == authority.npos ? 0 : after_address);
  url.host = lower(authority.substr(0, colon));
  if (url.host.empty()) return bad_url("the URL has no host");
  if (std::ranges::any_of(url.host, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return bad_url("the URL's host is not ASCII: write it in its ASCII form (xn--...)");
  }
  if (!is_host(url.host)) return bad_url("the URL's host contains a character that a host cannot have");
  url.port = url.scheme == "https" ? 443 : 80;
  if (colon == authority.npos) return {};
  const auto digits = authority.substr(colon + 1);
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, url.port);
  if (error != std::errc{} || stopped != end || url.port == 0) {
    return bad_url("the URL's port is not a number from 1 to 65535");
  }
  return {};
}

inline std::vector<QueryParameter> parse_query(std::string_view text) {
  std::vector<QueryParameter> query;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find('&'));
    text.remove_prefix((std::min)(text.size(), part.size() + 1));
    if (part.empty()) continue;
    auto& parameter = query.emplace_back();
    parameter.name = part.substr(0, part.find('='));
    if (parameter.name.size() < part.size()) parameter.value = part.substr(parameter.name.size() + 1);
  }
  return query;
}

/// Splits `path?query` into its two halves, the second without its question mark.
inline std::pair<std::string_view, std::string_view> split_query(std::string_view text) {
  const auto path = text.substr(0, text.find('?'));
  return {path, text.substr((std::min)(text.size(), path.size() + 1))};
}

/// Reads an absolute URL, and keeps its path exactly as it is.
inline Result<Url> parse_exactly(std::string_view text) {
  if (auto fine = check_characters(text); !fine) return fine.error();
  const auto scheme_end = text.find_first_of(":/?");
  if (scheme_end == text.npos || !text.substr(scheme_end).starts_with("://")) {
    return bad_url("the URL has no scheme: it must begin with https:// or http://");
  }
  Url url{.scheme = lower(text.substr(0, scheme_end))};
  if (url.scheme != "https" && url.scheme != "http") {
    return bad_url("the URL's scheme is neither https nor http");
  }
  text.remove_prefix(scheme_end + 3);
  const auto authority = text.substr(0, text.find_first_of("/?"));
  if (auto fine = take_authority(url, authority); !fine) return fine.error();
  const auto [path, query] = split_query(text.substr(authority.size()));
  url.path = path;
  url.query = parse_query(query);
  return url;
}

inline std::string_view without_trailing_slashes(std::string_view path) {
  return path.substr(0, path.find_last_not_of('/') + 1);
}

/// Removes `.` and `..` as RFC 3986 5.2.4 says, from a path that is empty or begins with a slash.
inline std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_in_step = false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    ends_in_step = segment == "." || segment == "..";
    if (!ends_in_step) kept.push_back(segment);
    if (segment == ".." && !kept.empty()) kept.pop_back();
  }
  std::string result;
  for (const auto segment : kept) result.append("/").append(segment);
  return ends_in_step ? result + '/' : result;
}

inline std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char* digits = text.data() + i + 1;
    unsigned char byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

/// The query of a URL or of a path, decoded.
inline std::map<std::string, std::string> query_of(std::string_view url) {
  std::map<std::string, std::string> query;
  for (const auto& [name, value] : parse_query(split_query(url).second)) {
    query.emplace(name, percent_decode(value.value_or("")));
  }
  return query;
}

inline Result<Url> Url::parse(std::string_view text) {
  auto url = parse_exactly(text);
  if (url) url->path.resize(without_trailing_slashes(url->path).size());
  return url;
}

inline std::string Url::origin() const {
  std::string origin;
  origin.reserve(scheme.size() + host.size() + path.size() + 16);  // so that text() has room as well
  origin.append(scheme).append("://").append(host);
  const bool is_default = port == (scheme == "https" ? 443 : 80);
  if (!is_default) origin.append(":").append(std::to_string(port));
  return origin;
}

inline std::string Url::text() const {
  std::string result = origin();
  result.append(path.empty() ? std::string_view("/") : path);
  char separator = '?';
  for (const auto& [name, value] : query) {
    result += std::exchange(separator, '&') + name;
    if (value) result += '=' + *value;
  }
  return result;
}

/// Adds `later` to `query`; a parameter in `later` overrides all earlier ones of the same name, however the
/// names are encoded.
inline void merge_query(std::vector<QueryParameter>& query, const std::vector<QueryParameter>& later) {
  for (const auto& parameter : later) {
    const auto name = percent_decode(parameter.name);
    std::erase_if(query, [&](const auto& earlier) { return percent_decode(earlier.name) == name; });
  }
  query.insert(query.end(), later.begin(), later.end());
}

/// The same for names and values that are not encoded yet, such as those of an option.
inline void merge_query(std::vector<QueryParameter>& query, const std::map<std::string, std::string>& later) {
  std::vector<QueryParameter> encoded;
  encoded.reserve(later.size());
  for (const auto& [name, value] : later) encoded.push_back({percent_encode(name), percent_encode(value)});
  merge_query(query, encoded);
}

/// `path` below `base`, with exactly one slash between them, and the query that `path` carries merged into
/// the base's. The path is sent as given; variable parts of it must go through percent_encode first.
inline Result<Url> join(Url base, std::string_view path) {
  if (auto fine = check_characters(path); !fine) return fine.error();
  auto [below, query] = split_query(path);
  below.remove_prefix((std::min)(below.size(), below.find_first_not_of('/')));
  if (!below.empty()) {
    base.path.resize(without_trailing_slashes(base.path).size());
    base.path.append("/").append(below);
  }
  merge_query(base.query, parse_query(query));
  return base;
}

/// Where a redirect from `base` leads: `location` may be absolute or relative in any way that RFC 3986 5.2
/// knows. Its fragment is dropped. The result may be of another origin, an http one after https included:
/// compare origin() before anything is sent there. What is not a plain http or https URL is an error.
inline Result<Url> resolve(const Url& base, std::string_view location) {
  location = location.substr(0, location.find('#'));
  const auto first = location.find_first_of(":/?");
  std::string absolute;
  if (first != location.npos && location[first] == ':') {
    absolute = location;
  } else if (location.starts_with("//")) {
    absolute = (base.scheme + ':').append(location);
  } else if (location.starts_with('/')) {
    absolute = base.origin().append(location);
  } else if (location.empty()) {
    return base;
  } else if (location.starts_with('?')) {
    absolute = base.display().append(location);
  } else {
    const auto directory = base.path.substr(0, base.path.rfind('/') + 1);
    absolute = base.origin().append(directory.empty() ? "/" : directory).append(location);
  }
  auto url = parse_exactly(absolute);
  if (url) url->path = remove_dot_segments(url->path);
  return url;
}

}  // namespace openailb::detail
