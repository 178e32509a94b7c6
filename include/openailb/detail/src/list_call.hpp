#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/call/unary_call.hpp>
#include <openailb/detail/net/executor_hop.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/net/task_group.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/seen_cursors.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/endpoint_status.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/page.hpp>

#include <chrono>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::detail {

/// What is wrong with asking all endpoints for a list; empty when nothing is.
inline std::string problem_of_all_endpoints(const Call& call) {
  if (!call.endpoint.empty()) return "all_endpoints and endpoint exclude each other";
  if (!call.path_ids.empty()) return "all_endpoints is not for lists of one object, which one endpoint keeps";
  std::map<std::string, std::string> query = query_of(call.path);
  query.insert(call.query.begin(), call.query.end());
  const bool begins_at_an_item = query.contains("after") || query.contains("before");
  return begins_at_an_item ? "a list from all endpoints cannot begin after or before an item" : "";
}

/// Whether an endpoint has said that it has no list of this kind, as servers do that keep nothing.
inline bool has_no_such_list(const Error& error) { return error.status == 404 || error.status == 405; }

OPENAILB_INLINE List::List(const std::shared_ptr<const CoreBase>& core, ApiPath path, RequestOptions options,
                           MakePage make_page)
    : core_(core),
      path_(std::make_shared<const ApiPath>(std::move(path))),
      options_(std::move(options)),
      make_page_(make_page),
      call_(make_call(*core)) {
  if (!options_.all_endpoints) {
    places_.push_back({.endpoint = options_.endpoint});
    return;
  }
  const std::string fault = call_ ? problem_of_all_endpoints(**call_) : "";
  if (!fault.empty()) call_ = Error{.kind = ErrorKind::bad_request, .message = "not sent: " + fault};
  EndpointStatuses endpoints = core->balancer()->status(core->now());
  for (EndpointStatus& one : endpoints) {
    places_.push_back({.endpoint = std::move(one.name)});
  }
}

OPENAILB_INLINE List::List(const AnyPage& page, std::chrono::nanoseconds within, MakePage make_page)
    : core_(page.core_),
      path_(page.path_),
      options_(page.options_),
      make_page_(make_page),
      places_(page.places_),
      call_(make_call(core_of(page))) {
  if (call_) (*call_)->deadline = shorter((*call_)->deadline, within);
  if (!page.has_more || places_.empty()) {
    call_ = Error{.kind = ErrorKind::bad_request, .message = "not sent: no page follows this one"};
  }
}

OPENAILB_INLINE Result<NewCall> List::make_call(const CoreBase& core) const {
  RequestOptions options = options_;
  options.all_endpoints = false;
  return core.make_call({.method = "GET", .path = *path_}, std::move(options));
}

template <class>
MakeTask List::make_task() const {
  return [list = std::make_shared<const List>(*this)](EventLoop& loop, std::shared_ptr<const Call> call,
                                                      InvokeUser) {
    return ask_at(loop, list->core_.lock()->balancer(), std::move(call), list);
  };
}

/// Reads a page that was asked for at a place in the list.
OPENAILB_INLINE Result<AnswerPtr> List::read_page(const HttpResponse& response,
                                                  const PlaceInList& place) const {
  ScannedJson document;
  if (std::optional<Error> wrong = read_list(response, document, true)) return *std::move(wrong);
  std::unique_ptr<PageAnswer> answer = make_page_();
  answer->read(document.root());
  AnyPage& page = answer->page();
  const std::string* last_item = answer->last_item();
  if (last_item == nullptr) page.has_more = false;  // and nobody could say after what
  if (page.last_id.empty() && last_item != nullptr) page.last_id = *last_item;
  if (page.has_more && place.seen && place.seen->contains(page.last_id)) {
    return Error{.kind = ErrorKind::parse, .message = "answered with the same page again"};
  }
  if (page.has_more && place.seen && place.seen->size() == SeenCursors::most) {
    return Error{.kind = ErrorKind::parse, .message = "answered with one page too many: its list has no end"};
  }
  return AnswerPtr(std::move(answer));
}

/// Asks for a page at each of the places.
template <class>
Task<Result<AnswerPtr>> List::ask_at(EventLoop& loop, std::shared_ptr<Balancer> balancer,
                                     std::shared_ptr<const Call> call, std::shared_ptr<const List> list) {
  TaskGroup<Result<AnswerPtr>> asked;
  for (const PlaceInList& place : list->places_) {
    const auto once = std::make_shared<Call>(*call);
    once->endpoint = place.endpoint;
    if (place.after) once->query.insert_or_assign("after", *place.after);
    const Decoder decode = [list, &place](HttpResponse& response, bool&) {
      return list->read_page(response, place);
    };
    asked.add(unary_call(loop, balancer, once, decode));
  }
  std::map<std::size_t, AnswerPtr> pages;  // by their places
  std::optional<Error> has_none;
  while (!asked.empty()) {
    WhenAny one(asked);
    co_await one;
    auto [index, page] = *asked.take();
    const bool may_have_none = list->options_.all_endpoints && !list->places_[index].after;
    if (page) {
      pages.emplace(index, *std::move(page));
    } else if (may_have_none && has_no_such_list(page.error())) {
      has_none = std::move(page).error();
    } else {
      co_return std::move(page).error();
    }
  }
  if (pages.empty() && has_none) co_return *std::move(has_none);
  co_return list->put_together(pages);
}

/// Makes one page of those that have come from the places, and notes how it goes on.
OPENAILB_INLINE AnswerPtr List::put_together(std::map<std::size_t, AnswerPtr>& pages) const {
  std::unique_ptr<PageAnswer> all = make_page_();
  std::vector<PlaceInList> goes_on;
  for (auto& [index, answer] : pages) {
    auto& one = static_cast<PageAnswer&>(*answer);
    const std::string endpoint = one.info().endpoint;
    one.name_endpoint(endpoint);
    if (one.page().has_more) {
      const auto& before = places_[index].seen;
      auto seen = before ? std::make_shared<SeenCursors>(*before) : std::make_shared<SeenCursors>();
      seen->add(one.page().last_id);
      goes_on.push_back({.endpoint = endpoint, .after = one.page().last_id, .seen = std::move(seen)});
    }
    if (options_.all_endpoints) {
      add_page(*all, one);
    } else {
      all.reset(static_cast<PageAnswer*>(answer.release()));
    }
  }
  AnyPage& page = all->page();
  page.core_ = core_.lock();
  page.path_ = path_;
  page.options_ = options_;
  page.places_ = std::move(goes_on);
  return all;
}

/// Adds a page of one endpoint to a page of all endpoints.
OPENAILB_INLINE void List::add_page(PageAnswer& all, PageAnswer& one) {
  all.append_items(one);
  AnyPage& whole = all.page();
  AnyPage& part = one.page();
  whole.info.attempts.insert(whole.info.attempts.end(), std::make_move_iterator(part.info.attempts.begin()),
                             std::make_move_iterator(part.info.attempts.end()));
  whole.has_more = whole.has_more || part.has_more;
  whole.object = std::move(part.object);
  if (!part.extra.is_null()) whole.extra[part.info.endpoint] = std::move(part.extra);
}

}  // namespace openailb::detail
