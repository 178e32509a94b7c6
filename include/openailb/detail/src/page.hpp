#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/answer_call.hpp>
#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/failure/classify.hpp>
#include <openailb/detail/net/gathering.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/seen_cursors.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/endpoint_status.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/page.hpp>
#include <openailb/result.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

/// Reads a page that was asked for at a place in the list.
template <class T, class Execution>
struct DecodePage {
  PlaceInList place{};

  Result<Page<T, Execution>> operator()(HttpResponse& response, bool&) const {
    ScannedJson document;
    if (std::optional<Error> wrong = read_list(response, document)) return *std::move(wrong);
    auto page = read_json<Page<T, Execution>>(document.root());
    if (page.data.empty()) page.has_more = false;  // and nobody could say after what
    if (page.last_id.empty() && !page.data.empty()) page.last_id = page.data.back().id;
    if (page.has_more && place.seen && place.seen->contains(page.last_id)) {
      return Error{.kind = ErrorKind::parse, .message = "answered with the same page again"};
    }
    if (page.has_more && place.seen && place.seen->size() == SeenCursors::most) {
      return Error{.kind = ErrorKind::parse,
                   .message = "answered with one page too many: its list has no end"};
    }
    return page;
  }
};

/// What is wrong with asking for a list everywhere; empty when nothing is.
inline std::string fault_of_everywhere(const Call& call) {
  if (!call.endpoint.empty()) return "everywhere and endpoint exclude each other";
  if (!call.path_ids.empty()) return "everywhere is not for lists of one object, which has one home";
  std::map<std::string, std::string> query = query_of(call.path);
  query.insert(call.query.begin(), call.query.end());
  const bool begins_at_an_item = query.contains("after") || query.contains("before");
  return begins_at_an_item ? "a list from everywhere cannot begin after or before an item" : "";
}

/// Whether an endpoint has said that it has no list of this kind, as servers do that keep nothing.
inline bool has_no_such_list(const Error& error) { return error.status == 404 || error.status == 405; }

/// A list that is asked for page by page: at one endpoint, or at all of them at the same time.
template <class T, class Execution>
class List {
 public:
  using OnePage = Page<T, Execution>;
  using Answer = typename Execution::template Answer<OnePage>;
  using SharedCore = std::shared_ptr<Core<Execution>>;

  static Answer first_page(const SharedCore& core, ApiPath path, RequestOptions options) {
    const List list(core, std::make_shared<const ApiPath>(path), std::move(options));
    Result<Call> call = list.make_call(*core, std::move(path));
    if (!list.options_.everywhere) {
      return list.ask(*core, std::move(call), {{.endpoint = list.options_.endpoint}});
    }
    const std::string fault = call ? fault_of_everywhere(*call) : "";
    if (!fault.empty()) call = Error{.kind = ErrorKind::bad_request, .message = "not sent: " + fault};
    std::vector<PlaceInList> places;
    for (EndpointStatus& one : core->balancer->status(core->runtime.now())) {
      places.push_back({.endpoint = std::move(one.name)});
    }
    return list.ask(*core, std::move(call), std::move(places));
  }

  /// Within some time, zero for no limit but that of the options.
  static Answer page_after(const OnePage& page, std::chrono::nanoseconds within = {}) {
    if (!page.core_) throw std::logic_error("openailb: this page came from no client");
    const List list(page.core_, page.path_, page.options_);
    Result<Call> call = list.make_call(*page.core_, *page.path_);
    if (call) call->deadline = shorter(call->deadline, within);
    if (!page.has_more || page.places_.empty()) {
      call = Error{.kind = ErrorKind::bad_request, .message = "not sent: no page follows this one"};
    }
    return list.ask(*page.core_, std::move(call), page.places_);
  }

 private:
  List(std::weak_ptr<Core<Execution>> core, std::shared_ptr<const ApiPath> path, RequestOptions options)
      : core_(std::move(core)), path_(std::move(path)), options_(std::move(options)) {}

  Result<Call> make_call(const Core<Execution>& core, ApiPath path) const {
    RequestOptions options = options_;
    options.everywhere = false;
    ApiRequest request{.method = "GET", .path = std::move(path)};
    return detail::make_call(std::move(request), core.balancer->options(), std::move(options));
  }
  Answer ask(const Core<Execution>& core, Result<Call> call, std::vector<PlaceInList> places) const {
    return core.runtime.template run_call<OnePage>(std::move(call), [&](EventLoop& loop, Call made, auto) {
      return ask_at(loop, core.balancer, std::move(made), std::move(places), *this);
    });
  }

  static Task<Result<OnePage>> ask_at(EventLoop& loop, std::shared_ptr<Balancer> balancer, Call call,
                                      std::vector<PlaceInList> places, List list);
  OnePage put_together(std::map<std::size_t, OnePage> pages, const std::vector<PlaceInList>& places) const;
  static void take_in(OnePage& all, OnePage page);

  std::weak_ptr<Core<Execution>> core_;  // a call that is under way does not keep its client
  std::shared_ptr<const ApiPath> path_;
  RequestOptions options_;
};

/// Asks for a page at each of these places.
template <class T, class Execution>
auto List<T, Execution>::ask_at(EventLoop& loop, std::shared_ptr<Balancer> balancer, Call call,
                                std::vector<PlaceInList> places, List list) -> Task<Result<OnePage>> {
  Gathering<Result<OnePage>> asked;
  for (const PlaceInList& place : places) {
    Call once = call;
    once.endpoint = place.endpoint;
    if (place.after) once.query.insert_or_assign("after", *place.after);
    DecodePage<T, Execution> decode{.place = place};
    asked.add(answer_call<OnePage>(loop, balancer, std::move(once), std::move(decode)));
  }
  std::map<std::size_t, OnePage> pages;  // by their places
  std::optional<Error> has_none;
  while (!asked.empty()) {
    FirstOf one(asked);
    co_await one;
    auto [index, page] = *asked.take();
    const bool may_have_none = list.options_.everywhere && !places[index].after;
    if (page) {
      pages.emplace(index, *std::move(page));
    } else if (may_have_none && has_no_such_list(page.error())) {
      has_none = std::move(page).error();
    } else {
      co_return std::move(page).error();
    }
  }
  if (pages.empty() && has_none) co_return *std::move(has_none);
  co_return list.put_together(std::move(pages), places);
}

/// Makes one page of those that have come from these places, and notes how it goes on.
template <class T, class Execution>
auto List<T, Execution>::put_together(std::map<std::size_t, OnePage> pages,
                                      const std::vector<PlaceInList>& places) const -> OnePage {
  OnePage all;
  for (auto& [index, page] : pages) {
    const std::string endpoint = page.info.endpoint;
    if constexpr (requires(T item) { item.info.endpoint; }) {
      for (T& item : page.data) item.info.endpoint = endpoint;
    }
    if (page.has_more) {
      const auto& before = places[index].seen;
      auto seen = before ? std::make_shared<SeenCursors>(*before) : std::make_shared<SeenCursors>();
      seen->add(page.last_id);
      all.places_.push_back({.endpoint = endpoint, .after = page.last_id, .seen = std::move(seen)});
    }
    if (options_.everywhere) {
      take_in(all, std::move(page));
    } else {
      page.places_ = std::move(all.places_);
      all = std::move(page);
    }
  }
  all.core_ = core_.lock();
  all.path_ = path_;
  all.options_ = options_;
  return all;
}

/// Adds a page of one endpoint to a page from everywhere.
template <class T, class Execution>
void List<T, Execution>::take_in(OnePage& all, OnePage page) {
  std::ranges::move(page.data, std::back_inserter(all.data));
  std::ranges::move(page.info.attempts, std::back_inserter(all.info.attempts));
  all.has_more = all.has_more || page.has_more;
  all.object = std::move(page.object);
  if (!page.extra.is_null()) all.extra[page.info.endpoint] = std::move(page.extra);
}

/// Asks for the first page of a list.
template <class T, class Execution>
auto ask_for_page(const std::shared_ptr<Core<Execution>>& core, ApiPath path, const RequestOptions& options) {
  return List<T, Execution>::first_page(core, std::move(path), options);
}

}  // namespace detail

template <class T, class Execution>
auto Page<T, Execution>::next_page() const -> typename Execution::template Answer<Page> {
  return detail::List<T, Execution>::page_after(*this);
}

template <class T, class Execution>
TimePoint Page<T, Execution>::ends_after(std::chrono::nanoseconds deadline) const
  requires std::same_as<Execution, Blocking>
{
  return core_ ? detail::limit_from(core_->runtime.now(), deadline) : (TimePoint::max)();
}

template <class T, class Execution>
auto Page<T, Execution>::next_page_before(TimePoint ends) const -> Result<Page>
  requires std::same_as<Execution, Blocking>
{
  if (ends == (TimePoint::max)()) return next_page();
  const std::chrono::nanoseconds left = ends - core_->runtime.now();
  if (left.count() > 0) return detail::List<T, Execution>::page_after(*this, left);
  return Error{.kind = ErrorKind::timeout, .message = "no more pages before the deadline of all()"};
}

}  // namespace openailb
