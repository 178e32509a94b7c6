#pragma once

#include <openailb/detail/balance/accounts.hpp>
#include <openailb/detail/balance/attempt_lease.hpp>
#include <openailb/detail/balance/call_tracer.hpp>
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/endpoint_identities.hpp>
#include <openailb/event.hpp>
#include <openailb/options.hpp>
#include <openailb/values/breaker_settings.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace openailb::detail {

/// The endpoints of a client, which may change at any time. Calls work on a list that does not change, and
/// take the next one when there is one. Thread-safe.
class EndpointSet {
 public:
  using Endpoints = std::vector<std::shared_ptr<const Endpoint>>;
  using List = std::shared_ptr<const Endpoints>;

  /// Throws std::invalid_argument, whose message says which endpoint or option is wrong.
  EndpointSet(std::vector<EndpointConfig> configs, const ClientOptions& options,
              std::shared_ptr<WaitQueue> queue, TimePoint now)
      : options_(&options), queue_(std::move(queue)) {
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
  void remove(std::string_view name);
  /// Endpoints that were there before keep their health, if their base URL is the same.
  void replace(std::vector<EndpointConfig> configs, TimePoint now);

  /// An endpoint's name, also when it has been removed; empty when that was too long ago.
  std::string name_of(std::size_t id) const {
    const std::lock_guard lock(mutex_);
    return known_.name_of(id);
  }

 private:
  /// Endpoints by a name: their own, or that of their quota group.
  using ByName = std::unordered_map<std::string_view, const Endpoint*>;

  static bool assign_name(EndpointConfig& config, std::size_t number);
  std::shared_ptr<const Endpoint> make(EndpointConfig config, bool was_named, const Endpoint* before,
                                       const Endpoint* in_its_group, TimePoint now);
  BreakerSettings breaker_of(const Endpoint& endpoint) const;
  static std::vector<std::size_t> ids_of(const Endpoints& endpoints);
  static void set_limits(const Endpoint& endpoint, TimePoint now);
  void publish(List list);

  const ClientOptions* options_;
  std::shared_ptr<WaitQueue> queue_;
  mutable std::mutex mutex_{};
  EndpointIdentities known_{};
  Accounts accounts_{};
  List list_{std::make_shared<const Endpoints>()};
  std::atomic<const Endpoints*> current_{};
};

inline const std::shared_ptr<const Endpoint>* find_endpoint(const EndpointSet::Endpoints& endpoints,
                                                            std::string_view name) {
  const auto found = std::ranges::find_if(endpoints, [&](const auto& one) { return one->name() == name; });
  return found == endpoints.end() ? nullptr : &*found;
}

/// Which endpoints are asked for an object that nobody knows: those of this trust, which is that of the
/// endpoints that have none of their own or, if there are none, of the first.
inline std::string trust_of_probed(const EndpointSet::Endpoints& endpoints) {
  const auto has_none = [](const auto& one) { return one->config().trust.empty(); };
  return std::ranges::any_of(endpoints, has_none) ? "" : endpoints.front()->config().trust;
}

inline void EndpointSet::add(EndpointConfig config, TimePoint now) {
  const std::lock_guard lock(mutex_);
  known_.forget_refused();
  Endpoints all = *list_;
  std::size_t number = all.size();
  if (config.name.empty()) {
    std::unordered_set<std::string_view> names;
    for (const auto& one : all) names.insert(one->name());
    while (names.contains("endpoint-" + std::to_string(number))) ++number;
  }
  const bool was_named = assign_name(config, number);
  if (find_endpoint(all, config.name) != nullptr) reject_options("two endpoints are named " + config.name);
  const auto is_in_its_group = [&](const auto& one) {
    return !config.quota_group.empty() && one->config().quota_group == config.quota_group;
  };
  const auto other = std::ranges::find_if(all, is_in_its_group);
  all.push_back(
      make(std::move(config), was_named, nullptr, other == all.end() ? nullptr : other->get(), now));
  const List list = std::make_shared<const Endpoints>(std::move(all));
  known_.join(list->back()->id());
  set_limits(*list->back(), now);
  publish(list);
}

inline void EndpointSet::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  Endpoints rest = *list_;
  const auto* found = find_endpoint(rest, name);
  if (found == nullptr) reject_options("there is no endpoint named " + std::string(name));
  if (rest.size() == 1)
    reject_options("a client needs at least one endpoint, and " + std::string(name) + " is its last");
  const std::size_t id = (*found)->id();
  rest.erase(rest.begin() + (found - rest.data()));
  const List list = std::make_shared<const Endpoints>(std::move(rest));
  known_.leave(id);
  publish(list);
}

inline void EndpointSet::replace(std::vector<EndpointConfig> configs, TimePoint now) {
  if (configs.empty()) reject_options("a client needs at least one endpoint");
  const std::lock_guard lock(mutex_);
  known_.forget_refused();
  ByName before, names, groups;
  for (const auto& endpoint : *list_) before.emplace(endpoint->name(), endpoint.get());
  const auto find = [](const ByName& among, const std::string& name) {
    const auto found = among.find(name);
    return found == among.end() ? nullptr : found->second;
  };
  Endpoints all;
  for (EndpointConfig& config : configs) {
    const bool was_named = assign_name(config, all.size());
    if (names.contains(config.name)) reject_options("two endpoints are named " + config.name);
    const Endpoint* in_its_group = find(groups, config.quota_group);
    all.push_back(make(config, was_named, find(before, config.name), in_its_group, now));
    const Endpoint& made = *all.back();
    names.emplace(made.name(), &made);
    const std::string& group = made.config().quota_group;
    if (!group.empty()) groups.emplace(group, &made);
  }
  const List list = std::make_shared<const Endpoints>(std::move(all));
  known_.replace(ids_of(*list_), ids_of(*list));
  for (const auto& one : *list) set_limits(*one, now);
  publish(list);
}

inline std::vector<std::size_t> EndpointSet::ids_of(const Endpoints& endpoints) {
  std::vector<std::size_t> ids;
  for (const auto& one : endpoints) ids.push_back(one->id());
  return ids;
}

/// Gives an endpoint that has no name the one of its number. Whether it had one.
inline bool EndpointSet::assign_name(EndpointConfig& config, std::size_t number) {
  if (!config.name.empty()) return true;
  config.name = "endpoint-" + std::to_string(number);
  return false;
}

/// `before` is the endpoint of that name that there is now, `in_its_group` another one of its quota group
/// that there will be; both may be null.
inline std::shared_ptr<const Endpoint> EndpointSet::make(EndpointConfig config, bool was_named,
                                                         const Endpoint* before, const Endpoint* in_its_group,
                                                         TimePoint now) {
  if (in_its_group != nullptr) {
    const EndpointConfig& other = in_its_group->config();
    if (other.requests_per_minute != config.requests_per_minute ||
        other.tokens_per_minute != config.tokens_per_minute) {
      reject(config.name, "it is in the quota_group of " + other.name + ", but has other limits per minute");
    }
  }
  const std::size_t id = known_.id_of(config.name, config.base_url, was_named);
  auto made = std::make_shared<Endpoint>(id, std::move(config), *options_);
  const bool stays = before != nullptr && before->config().base_url == made->config().base_url;
  if (stays) {
    made->turn().inherit(before->turn());
    made->hedge_turn().inherit(before->hedge_turn());
  }
  auto health = stays ? before->health() : std::make_shared<EndpointHealth>(breaker_of(*made), queue_, now);
  made->attach_state(std::move(health), accounts_.limits_of(made->config(), now));
  return made;
}

/// The settings of its breaker, of whose changes the client's listener is told as well.
inline BreakerSettings EndpointSet::breaker_of(const Endpoint& endpoint) const {
  BreakerSettings settings = endpoint_breaker(endpoint.config().breaker, options_->breaker, endpoint.name());
  if (!options_->on_event) return settings;
  settings.on_state_change = [options = options_, name = endpoint.name(), also = settings.on_state_change](
                                 const std::string& breaker, State from, State to) {
    notify(*options, BreakerChanged{.endpoint = name, .from = from, .to = to});
    if (also) also(breaker, from, to);
  };
  return settings;
}

/// Only once the list is sure, so that one that is refused changes no limit.
inline void EndpointSet::set_limits(const Endpoint& endpoint, TimePoint now) {
  const EndpointConfig& config = endpoint.config();
  endpoint.health()->concurrency.set_limit(config.max_in_flight);
  endpoint.account()->set_limits(config.requests_per_minute, config.tokens_per_minute, now);
}

inline void EndpointSet::publish(List list) {
  list_ = std::move(list);
  current_.store(list_.get());
  queue_->wake_all();  // there may be room now
}

}  // namespace openailb::detail
