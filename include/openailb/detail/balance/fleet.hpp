#pragma once

#include <openailb/breaker_settings.hpp>
#include <openailb/clock.hpp>
#include <openailb/detail/balance/accounts.hpp>
#include <openailb/detail/balance/call_watch.hpp>
#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/known_endpoints.hpp>
#include <openailb/detail/balance/seats.hpp>
#include <openailb/detail/balance/standing.hpp>
#include <openailb/event.hpp>
#include <openailb/options.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace openailb::detail {

/// The endpoints of a client, which may change at any time. Calls work on a list that does not change, and
/// take the next one when there is one. Thread-safe.
class Fleet {
 public:
  using Endpoints = std::vector<std::shared_ptr<const Endpoint>>;
  using List = std::shared_ptr<const Endpoints>;

  /// Throws std::invalid_argument, whose message says which endpoint or option is wrong.
  Fleet(std::vector<EndpointConfig> configs, const ClientOptions& options, std::shared_ptr<WaitingRoom> room,
        TimePoint now)
      : options_(&options), room_(std::move(room)) {
    replace(std::move(configs), now);
  }

  List list() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }
  /// Whether this is the list of now.
  bool is_current(const List& list) const noexcept { return list.get() == current_.load(); }

  /// The functions that follow change nothing if they throw std::invalid_argument.
  void add(EndpointConfig config, TimePoint now);
  /// Attempts that are under way there go on.
  void remove(std::string_view name, TimePoint now);
  /// Endpoints that were there before keep their standing, if their base URL is the same.
  void replace(std::vector<EndpointConfig> configs, TimePoint now);

  /// An endpoint's name, also when it has been removed; empty when that was too long ago.
  std::string name_of(std::size_t id) const {
    const std::lock_guard lock(mutex_);
    return known_.name_of(id);
  }

 private:
  /// The endpoints, by their names.
  using ByName = std::unordered_map<std::string_view, const Endpoint*>;

  /// A list that is being made.
  struct Draft {
    Endpoints endpoints{};
    ByName names{};
    std::unordered_map<std::string_view, const Endpoint*> groups{};  // the first of each quota group

    void put(std::shared_ptr<const Endpoint> endpoint);
  };

  /// Adds an endpoint to a list. `before` are those that there are now, for one that stays.
  void put(Draft& draft, EndpointConfig config, std::size_t number, const ByName& before, TimePoint now);
  BreakerSettings breaker_of(const Endpoint& endpoint) const;
  void publish(Endpoints endpoints, TimePoint now);

  const ClientOptions* options_;
  std::shared_ptr<WaitingRoom> room_;
  mutable std::mutex mutex_{};
  KnownEndpoints known_{};
  Accounts accounts_{};
  List list_{std::make_shared<const Endpoints>()};
  std::atomic<const Endpoints*> current_{};
};

inline const std::shared_ptr<const Endpoint>* find_endpoint(const Fleet::Endpoints& endpoints,
                                                            std::string_view name) {
  const auto found = std::ranges::find_if(endpoints, [&](const auto& one) { return one->name() == name; });
  return found == endpoints.end() ? nullptr : &*found;
}

inline void Fleet::add(EndpointConfig config, TimePoint now) {
  const std::lock_guard lock(mutex_);
  known_.forget_refused();
  Draft draft;
  draft.endpoints.reserve(list_->size() + 1);
  for (const auto& endpoint : *list_) draft.put(endpoint);
  std::size_t number = draft.endpoints.size();
  while (draft.names.contains("endpoint-" + std::to_string(number))) ++number;
  put(draft, std::move(config), number, {}, now);
  publish(std::move(draft.endpoints), now);
}

inline void Fleet::remove(std::string_view name, TimePoint now) {
  const std::lock_guard lock(mutex_);
  Endpoints rest = *list_;
  if (std::erase_if(rest, [&](const auto& one) { return one->name() == name; }) == 0) {
    reject_options("there is no endpoint named " + std::string(name));
  }
  if (rest.empty())
    reject_options("a client needs at least one endpoint, and " + std::string(name) + " is its last");
  publish(std::move(rest), now);
}

inline void Fleet::replace(std::vector<EndpointConfig> configs, TimePoint now) {
  if (configs.empty()) reject_options("a client needs at least one endpoint");
  const std::lock_guard lock(mutex_);
  known_.forget_refused();
  ByName before;
  for (const auto& endpoint : *list_) before.emplace(endpoint->name(), endpoint.get());
  Draft draft;
  for (EndpointConfig& config : configs) {
    const std::size_t number = draft.endpoints.size();
    put(draft, std::move(config), number, before, now);
  }
  publish(std::move(draft.endpoints), now);
}

inline void Fleet::Draft::put(std::shared_ptr<const Endpoint> endpoint) {
  names.emplace(endpoint->name(), endpoint.get());
  const std::string& group = endpoint->config().quota_group;
  if (!group.empty()) groups.emplace(group, endpoint.get());
  endpoints.push_back(std::move(endpoint));
}

/// One that has no name gets the one of its number.
inline void Fleet::put(Draft& draft, EndpointConfig config, std::size_t number, const ByName& before,
                       TimePoint now) {
  const bool was_named = !config.name.empty();
  if (!was_named) config.name = "endpoint-" + std::to_string(number);
  if (draft.names.contains(config.name)) reject_options("two endpoints are named " + config.name);
  if (const auto found = draft.groups.find(config.quota_group); found != draft.groups.end()) {
    const EndpointConfig& other = found->second->config();
    if (other.requests_per_minute != config.requests_per_minute ||
        other.tokens_per_minute != config.tokens_per_minute) {
      reject(config.name, "it is in the quota_group of " + other.name + ", but has other limits per minute");
    }
  }
  const std::size_t id = known_.id_of(config.name, config.base_url, was_named);
  auto made = std::make_shared<Endpoint>(id, std::move(config), *options_);
  const auto found = before.find(made->name());
  const bool stays = found != before.end() && found->second->config().base_url == made->config().base_url;
  if (stays) {
    made->turn().go_on_from(found->second->turn());
    made->hedge_turn().go_on_from(found->second->hedge_turn());
  }
  auto standing =
      stays ? found->second->standing() : std::make_shared<Standing>(breaker_of(*made), room_, now);
  made->adopt(std::move(standing), accounts_.quota_of(made->config(), now));
  draft.put(std::move(made));
}

/// The settings of its breaker, of whose changes the client's listener is told as well.
inline BreakerSettings Fleet::breaker_of(const Endpoint& endpoint) const {
  BreakerSettings settings = endpoint_breaker(endpoint.config().breaker, options_->breaker, endpoint.name());
  if (!options_->on_event) return settings;
  settings.on_state_change = [options = options_, name = endpoint.name(), also = settings.on_state_change](
                                 const std::string& breaker, State from, State to) {
    tell(*options, BreakerChanged{.endpoint = name, .from = from, .to = to});
    if (also) also(breaker, from, to);
  };
  return settings;
}

/// From here on, limits are those of the new list. So one that is refused has changed none.
inline void Fleet::publish(Endpoints endpoints, TimePoint now) {
  std::vector<std::size_t> ids;
  for (const auto& one : endpoints) ids.push_back(one->id());
  List list = std::make_shared<const Endpoints>(std::move(endpoints));
  known_.set_present(ids);
  list_ = std::move(list);
  for (const auto& one : *list_) {
    const EndpointConfig& config = one->config();
    one->standing()->seats.set_most(config.max_in_flight);
    one->quota()->set_limits(config.requests_per_minute, config.tokens_per_minute, now);
  }
  current_.store(list_.get());
  room_->call_all();  // there may be room now
}

}  // namespace openailb::detail
