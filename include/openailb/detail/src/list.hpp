#pragma once

#include <openailb/detail/balance/answered.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/page.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace openailb::detail {

/// A page as an answer, whatever its items are.
class PageAnswer : public Answered {
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

  const Result<Call>& call() const noexcept { return call_; }
  template <class = OnlyIfUsed>
  MakeTask make_task() const;

  /// The client that a page came from. Throws std::logic_error if it came from none.
  static const CoreBase& core_of(const AnyPage& page) {
    if (!page.core_) throw std::logic_error("openailb: this page came from no client");
    return *page.core_;
  }
  static bool came_from_a_client(const AnyPage& page) noexcept { return page.core_ != nullptr; }

 private:
  Result<Call> make_call(const CoreBase& core) const;
  Result<AnyAnswer> read_page(const HttpResponse& response, const PlaceInList& place) const;
  template <class = OnlyIfUsed>
  static Task<Result<AnyAnswer>> ask_at(EventLoop& loop, std::shared_ptr<Balancer> balancer, Call call,
                                        std::shared_ptr<const List> list);
  AnyAnswer put_together(std::map<std::size_t, AnyAnswer> pages) const;
  static void take_in(PageAnswer& all, PageAnswer& one);

  std::weak_ptr<const CoreBase> core_;  // a call that is under way does not keep its client
  std::shared_ptr<const ApiPath> path_;
  RequestOptions options_;
  MakePage make_page_;
  std::vector<PlaceInList> places_{};
  Result<Call> call_;
};

}  // namespace openailb::detail
