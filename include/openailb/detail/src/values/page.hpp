#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/page.hpp>
#include <openailb/values/response_info.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

/// A page as an answer, whatever its items are.
class PageAnswer : public AnyAnswer {
 public:
  virtual AnyPage& page() noexcept = 0;
  virtual bool read(JsonNode& json) = 0;
  /// The id of its last item; null when it has none.
  virtual const std::string* last_item() const = 0;
  /// Says of each item which endpoint has it.
  virtual void name_endpoint(const std::string& endpoint) = 0;
  /// Takes the items of another page of the same type.
  virtual void append_items(PageAnswer& other) = 0;

  ResponseInfo& info() noexcept override { return page().info; }
};

using MakePage = std::unique_ptr<PageAnswer> (*)();

/// A list that is asked for page by page: at one endpoint, or at all of them at the same time.
class List {
 public:
  /// From its beginning.
  List(const std::shared_ptr<const CoreBase>& core, ApiPath path, RequestOptions options, MakePage make_page);
  /// From the end of a page on. Within some time, zero for no limit but that of the options.
  List(const AnyPage& page, std::chrono::nanoseconds within, MakePage make_page);

  const Result<NewCall>& call() const noexcept { return call_; }
  template <class = OnlyIfUsed>
  MakeTask make_task() const;

  /// The client that a page came from. Throws std::logic_error if it came from none.
  static const CoreBase& core_of(const AnyPage& page) {
    if (!page.core_) throw std::logic_error("openailb: this page came from no client");
    return *page.core_;
  }
  static bool came_from_a_client(const AnyPage& page) noexcept { return page.core_ != nullptr; }

 private:
  Result<NewCall> make_call(const CoreBase& core) const;
  Result<AnswerPtr> read_page(const HttpResponse& response, const PlaceInList& place) const;
  template <class = OnlyIfUsed>
  static Task<Result<AnswerPtr>> ask_at(EventLoop& loop, std::shared_ptr<Balancer> balancer,
                                        std::shared_ptr<const Call> call, std::shared_ptr<const List> list);
  AnswerPtr put_together(std::map<std::size_t, AnswerPtr>& pages) const;
  static void add_page(PageAnswer& all, PageAnswer& one);

  std::weak_ptr<const CoreBase> core_;  // a call that is under way does not keep its client
  std::shared_ptr<const ApiPath> path_;
  RequestOptions options_;
  MakePage make_page_;
  std::vector<PlaceInList> places_{};
  Result<NewCall> call_;
};

template <class T, class Execution>
class PageAnswerOf final : public PageAnswer {
 public:
  static std::unique_ptr<PageAnswer> make() { return std::make_unique<PageAnswerOf>(); }

  AnyPage& page() noexcept override { return page_; }
  void* value() noexcept override { return &page_; }
  bool read(JsonNode& json) override {
    return json.type == JsonType::array ? read_json(json, page_.data) : read_json(json, page_);
  }
  const std::string* last_item() const override {
    return page_.data.empty() ? nullptr : &page_.data.back().id;
  }
  void name_endpoint(const std::string& endpoint) override {
    if constexpr (requires(T item) { item.info.endpoint; }) {
      for (T& item : page_.data) item.info.endpoint = endpoint;
    }
  }
  void append_items(PageAnswer& other) override {
    auto& items = static_cast<PageAnswerOf&>(other).page_.data;
    page_.data.insert(page_.data.end(), std::make_move_iterator(items.begin()),
                      std::make_move_iterator(items.end()));
  }

 private:
  Page<T, Execution> page_{};
};

template <class T, class Execution>
auto ask_for_page(const Core<Execution>& core, const List& list) {
  return core.template run_call<Page<T, Execution>>(list.call(), list.make_task());
}

/// Asks for the first page of a list.
template <class T, class Execution>
auto ask_for_page(const std::shared_ptr<Core<Execution>>& core, ApiPath path, const RequestOptions& options) {
  const List list(core, std::move(path), options, PageAnswerOf<T, Execution>::make);
  return ask_for_page<T, Execution>(*core, list);
}

}  // namespace detail

template <class T, class Execution>
auto Page<T, Execution>::next_page() const -> typename Execution::template Answer<Page> {
  return page_after({});
}

template <class T, class Execution>
auto Page<T, Execution>::page_after(std::chrono::nanoseconds within) const ->
    typename Execution::template Answer<Page> {
  const auto& core = static_cast<const detail::Core<Execution>&>(detail::List::core_of(*this));
  const detail::List list(*this, within, detail::PageAnswerOf<T, Execution>::make);
  return detail::ask_for_page<T, Execution>(core, list);
}

template <class T, class Execution>
TimePoint Page<T, Execution>::ends_after(std::chrono::nanoseconds deadline) const
  requires std::same_as<Execution, Blocking>
{
  const bool came_from_a_client = detail::List::came_from_a_client(*this);
  return came_from_a_client ? detail::limit_from(detail::List::core_of(*this).now(), deadline)
                            : (TimePoint::max)();
}

template <class T, class Execution>
auto Page<T, Execution>::next_page_before(TimePoint ends) const -> Result<Page>
  requires std::same_as<Execution, Blocking>
{
  if (ends == (TimePoint::max)()) return next_page();
  const std::chrono::nanoseconds left = ends - detail::List::core_of(*this).now();
  if (left.count() > 0) return page_after(left);
  return Error{.kind = ErrorKind::timeout, .message = "no more pages before the deadline of all()"};
}

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/list_call.hpp>
#endif
