#pragma once

#include <openailb/detail/net/file_content.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

/// \file
/// Checks ConnectionOptions before any connection is made.

namespace openailb::detail {

/// What is wrong with a proxy, empty when nothing is. Repeats nothing of it: it may hold a password.
inline std::string problem_of_proxy(std::string_view proxy) {
  constexpr std::array<std::string_view, 6> schemes{"http",    "https",  "socks4",
                                                    "socks4a", "socks5", "socks5h"};
  std::string fault =
      "connection.proxy is no URL of a proxy, such as http://user:password@proxy.example:3128";
  if (!check_characters(proxy)) return fault;
  if (const auto end = proxy.find("://"); end != std::string_view::npos) {
    if (std::ranges::find(schemes, lower(proxy.substr(0, end))) == schemes.end()) return fault;
    proxy.remove_prefix(end + 3);
  }
  proxy = proxy.substr(0, proxy.find('/'));
  proxy.remove_prefix(proxy.rfind('@') + 1);  // removes nothing when there is none
  Url url;
  return take_authority(url, proxy) ? std::string{} : fault;
}

/// What is wrong with a file that must hold a `what` in PEM, empty when nothing is.
inline std::string problem_of_pem(const char* option, const std::string& path, std::string_view what) {
  const std::string named = std::string("connection.") + option + ": ";
  std::string fault;
  const std::string content = content_of_file(path, fault);
  if (fault.empty() && content.empty()) fault = "is empty";
  if (!fault.empty()) return named + path + ' ' + fault;
  if (what == "PRIVATE KEY" && content.find("ENCRYPTED") != std::string::npos) {
    return named + path + " is encrypted; it must be a key without a passphrase";
  }
  if (content.find(std::string(what) + "-----") != std::string::npos) return {};
  return named + path + " has no " + lower(what) + " in PEM";
}

/// What is wrong with the options, empty when nothing is.
inline std::string problem_of_connection(const ConnectionOptions& options) {
  std::string fault;
  if (!options.proxy.empty()) fault = problem_of_proxy(options.proxy);
  if (fault.empty() && !options.ca_bundle.empty()) {
    fault = problem_of_pem("ca_bundle", options.ca_bundle, "CERTIFICATE");
  }
  if (!fault.empty() || (options.client_certificate.empty() && options.client_key.empty())) return fault;
  if (options.client_certificate.empty()) return "connection.client_key needs a client_certificate";
  fault = problem_of_pem("client_certificate", options.client_certificate, "CERTIFICATE");
  if (!fault.empty()) return fault;
  // A file may hold both.
  const std::string& key = options.client_key.empty() ? options.client_certificate : options.client_key;
  return problem_of_pem("client_key", key, "PRIVATE KEY");
}

}  // namespace openailb::detail
