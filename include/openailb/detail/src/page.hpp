#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/error.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/page.hpp>
#include <openailb/result.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

/// Reads a page, and notes how it was asked for.
template <class T, class Execution>
struct DecodePage {
  std::weak_ptr<Core<Execution>> core;  // a call that is under way does not keep its client
  std::string path;
  RequestOptions options;

  Result<Page<T, Execution>> operator()(HttpResponse& response, bool&) const {
    ScannedJson document;
    if (std::optional<Error> wrong = read_list(response, document)) return *std::move(wrong);
    auto page = read_json<Page<T, Execution>>(document.root());
    if (page.data.empty()) page.has_more = false;  // and nobody could say after what
    if (page.last_id.empty() && !page.data.empty()) page.last_id = page.data.back().id;
    const auto after = options.extra_query.find("after");
    if (page.has_more && after != options.extra_query.end() && after->second == page.last_id) {
      return Error{.kind = ErrorKind::parse, .message = "answered with the same page again"};
    }
    page.core_ = core.lock();
    page.path_ = path;
    page.options_ = options;
    return page;
  }
};

/// Asks for a page of a list.
template <class T, class Execution>
auto ask_for_page(const std::shared_ptr<Core<Execution>>& core, ApiPath path, const RequestOptions& options) {
  DecodePage<T, Execution> decode{.core = core, .path = path.text(), .options = options};
  ApiRequest request{.method = "GET", .path = std::move(path)};
  return core->runtime.template answer<Page<T, Execution>>(
      core->balancer, make_call(std::move(request), core->balancer->options(), options), std::move(decode));
}

}  // namespace detail

template <class T, class Execution>
auto Page<T, Execution>::next_page() const -> typename Execution::template Answer<Page> {
  if (!core_) throw std::logic_error("openailb: this page came from no client");
  if (!has_more) {
    const Error error{.kind = ErrorKind::bad_request, .message = "not sent: no page follows this one"};
    return core_->runtime.template answer<Page>(core_->balancer, error, detail::DecodePage<T, Execution>{});
  }
  RequestOptions options = options_;
  options.extra_query.insert_or_assign("after", last_id);
  options.endpoint = info.endpoint;
  return detail::ask_for_page<T>(core_, path_, options);
}

}  // namespace openailb
