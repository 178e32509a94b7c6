#pragma once

#include <openailb/error.hpp>
#include <openailb/execution.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

class ApiPath;
class CoreBase;
class List;
class SeenCursors;

/// Where a list goes on.
struct PlaceInList {
  std::string endpoint{};                     // empty: any
  std::optional<std::string> after{};         // the last item before it; null: its beginning
  std::shared_ptr<const SeenCursors> seen{};  // the last items of all pages before it; null: there are none
};

/// What a page has, whatever its items are.
class AnyPage {
 public:
  bool has_more{};         ///< whether another page follows
  std::string first_id{};  ///< empty if it comes from all endpoints
  std::string last_id{};   ///< the same
  std::string object{};    ///< "list"
  nlohmann::json
      extra{};  ///< members that have no name here; of all endpoints: by the names of the endpoints
  /// Which endpoint served it; not part of the JSON. of all endpoints: only the attempts, of all endpoints.
  ResponseInfo info{};

 private:
  friend class List;

  std::shared_ptr<const CoreBase> core_{};  // null if it came from no client
  std::shared_ptr<const ApiPath> path_{};   // of the call that gave it
  RequestOptions options_{};
  std::vector<PlaceInList> places_{};  // where it goes on
};

}  // namespace detail

template <class T>
class AllItems;

/// One page of a list, and the way to those that follow.
///
///     auto page = client.files.list();
///     for (const auto& file : page->data) ...            // the items of this page
///     if (page->has_more) page = page->next_page();
///     for (const auto& file : page->all()) ...           // the items of this page and of all that follow
///
/// A list that comes back to where it was is an error: it would not end. A list belongs to an account, so the
/// next page is asked of the endpoint that gave this one. The `info.endpoint` of each item says which one has
/// it.
///
/// With `{.all_endpoints = true}` all endpoints are asked at the same time. A page then has a page of each,
/// one after the other, and the next page goes on at those that have more. An endpoint without such a list
/// (404 or 405) has no items, unless no endpoint has one. If another failure is final, the call fails with
/// it: it never lacks items silently.
template <class T, class Execution = Blocking>
class Page : public detail::AnyPage {
 public:
  std::vector<T> data{};

  /// Asks for the page that follows, with the options of the call that gave this one. If none follows, it is
  /// an error of kind bad_request, and nothing is sent. Throws std::logic_error if this page came from no
  /// client.
  auto next_page() const -> typename Execution::template Answer<Page>;

  /// The items of this page and of all that follow, which are fetched as they are reached. Of a Client. After
  /// the deadline no page can be had; zero: there is none but that of each page, as the options say.
  AllItems<T> all(std::chrono::nanoseconds deadline = {}) const&
    requires std::same_as<Execution, Blocking>
  {
    return AllItems<T>(*this, deadline);
  }
  AllItems<T> all(std::chrono::nanoseconds deadline = {}) &&
        requires std::same_as<Execution, Blocking>
  {
    return AllItems<T>(std::move(*this), deadline);
  }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("data", self.data);
    field("has_more", self.has_more);
    field("first_id", self.first_id);
    field("last_id", self.last_id);
    field("object", self.object);
    field.rest(self.extra);
  }

 private:
  friend class AllItems<T>;

  /// Asks for the page that follows, within some time; zero for no limit but that of the options.
  auto page_after(std::chrono::nanoseconds within) const -> typename Execution::template Answer<Page>;
  /// When a deadline that begins now is over.
  TimePoint ends_after(std::chrono::nanoseconds deadline) const
    requires std::same_as<Execution, Blocking>;
  auto next_page_before(TimePoint ends) const -> Result<Page>
    requires std::same_as<Execution, Blocking>;
};

/// The items of a list from one page on.
///
///     for (const auto& file : page.all()) ...          // throws Exception when a page cannot be had
///     while (auto file = items.next()) ...             // and then look at items.error()
template <class T>
class AllItems {
 public:
  class Iterator;

  /// No page can be had once `deadline` is over; zero: there is none.
  explicit AllItems(Page<T> first, std::chrono::nanoseconds deadline = {})
      : page_(std::move(first)), ends_(page_.ends_after(deadline)) {}

  /// The next item; null at the end. Then error() says whether that is the end of the list.
  std::optional<T> next() {
    while (next_ == page_.data.size()) {
      if (error_ || !page_.has_more) return std::nullopt;
      Result<Page<T>> following = page_.next_page_before(ends_);
      if (!following) {
        error_ = std::move(following).error();
        return std::nullopt;
      }
      page_ = *std::move(following);
      next_ = 0;
    }
    return std::move(page_.data[next_++]);
  }

  /// Why a page could not be had; null while all is well.
  const std::optional<Error>& error() const& noexcept { return error_; }
  std::optional<Error> error() && { return std::move(error_); }

  Iterator begin() { return ++Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Page<T> page_;
  TimePoint ends_;
  std::size_t next_{};  // of the page's items
  std::optional<Error> error_{};
};

/// Reads a list item by item; each stays until the next one is read. Throws Exception when a page cannot be
/// had.
template <class T>
class AllItems<T>::Iterator {
 public:
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  explicit Iterator(AllItems& items) : items_(&items) {}

  const T& operator*() const { return *item_; }
  const T* operator->() const { return &*item_; }
  Iterator& operator++() {
    item_ = items_->next();
    if (!item_ && items_->error()) throw Exception(*items_->error());
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) { return !iterator.item_; }

 private:
  AllItems* items_;
  std::optional<T> item_{};
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/values/page.hpp>
#endif
