#pragma once

#include <openailb/detail/failure/redactor.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/values/http.hpp>

#include <cstddef>
#include <string>

namespace openailb::detail {

/// Makes a server's text one line for people, without secrets. It is cut short before it is searched, and
/// once more when nothing can be left of half a secret.
inline void clean_line(std::string& text, const Redactor& secrets) {
  constexpr std::size_t searched = 4096;
  cut_text(text, searched);
  secrets.redact(text);
  text = one_line(text);
}

/// Makes what a server said fit to be kept and shown: without secrets, no longer than an error may be, and
/// all but the body and the headers on one line each.
inline void clean_error(Error& error, const Redactor& secrets) {
  for (std::string* text : {&error.message, &error.type, &error.code, &error.param, &error.request_id}) {
    clean_line(*text, secrets);
  }
  cut_text(error.body, max_error_body);
  secrets.redact(error.body);
  secrets.redact(error.headers);
}

}  // namespace openailb::detail
