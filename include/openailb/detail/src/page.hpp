#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/src/list.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/error.hpp>
#include <openailb/options.hpp>
#include <openailb/page.hpp>
#include <openailb/result.hpp>

#include <chrono>
#include <concepts>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

template <class T, class Execution>
class PageAnswerOf final : public PageAnswer {
 public:
  static std::unique_ptr<PageAnswer> make() { return std::make_unique<PageAnswerOf>(); }

  AnyPage& page() noexcept override { return page_; }
  void* value() noexcept override { return &page_; }
  bool read(JsonNode& json) override { return read_json(json, page_); }
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
