#pragma once

#include <openailb/breaker_settings.hpp>
#include <openailb/clock.hpp>
#include <openailb/detail/balance/call_watch.hpp>
#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/quota.hpp>
#include <openailb/detail/balance/seats.hpp>
#include <openailb/detail/balance/standing.hpp>
#include <openailb/event.hpp>
#include <openailb/options.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
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
  void remove(std::string_view name);
  /// Endpoints that were there before keep their standing, if their base URL is the same.
  void replace(std::vector<EndpointConfig> configs, TimePoint now);

  /// An endpoint's name, also when it has been removed.
  std::string name_of(std::size_t id) const {
    const std::lock_guard lock(mutex_);
    return known_[id].name;
  }

 private:
  /// An endpoint that there is or was.
  struct Known {
    std::string name;
    std::string base_url;
    bool was_named;  ///< by the user

    /// What the user has named stays the same at another base URL. The number of an endpoint says nothing.
    bool is_same(const Known& other) const {
      return name == other.name && (base_url == other.base_url || (was_named && other.was_named));
    }
  };

  std::size_t id_of(Known endpoint);
  static Known name_it(EndpointConfig& config, std::size_t number);
  std::shared_ptr<Endpoint> make(std::size_t id, EndpointConfig config, const Endpoints& others,
                                 TimePoint now);
  std::shared_ptr<Quota> quota_for(const EndpointConfig& config, const Endpoints& others,
                                   TimePoint now) const;
  BreakerSettings breaker_of(const Endpoint& endpoint) const;
  void publish(Endpoints endpoints);

  const ClientOptions* options_;
  std::shared_ptr<WaitingRoom> room_;
  mutable std::mutex mutex_{};
  std::vector<Known> known_{};  // by id
  List list_{std::make_shared<const Endpoints>()};
  std::atomic<const Endpoints*> current_{};
};

inline const std::shared_ptr<const Endpoint>* find_endpoint(const Fleet::Endpoints& endpoints,
                                                            std::string_view name) {
  const auto found = std::ranges::find_if(endpoints, [&](const auto& one) { return one->name() == name; });
  return found == endpoints.end() ? nullptr : &*found;
}

/// Which endpoints are asked for an object that nobody knows: those of this trust, which is that of the
/// endpoints that have none of their own or, if there are none, of the first.
inline std::string trust_of_seekers(const Fleet::Endpoints& endpoints) {
  const auto has_none = [](const auto& one) { return one->config().trust.empty(); };
  return std::ranges::any_of(endpoints, has_none) ? "" : endpoints.front()->config().trust;
}

inline void Fleet::add(EndpointConfig config, TimePoint now) {
  const std::lock_guard lock(mutex_);
  Endpoints all = *list_;
  std::size_t number = all.size();
  while (find_endpoint(all, "endpoint-" + std::to_string(number)) != nullptr) ++number;
  const std::size_t id = id_of(name_it(config, number));
  if (find_endpoint(all, config.name) != nullptr) reject_options("two endpoints are named " + config.name);
  all.push_back(make(id, std::move(config), all, now));
  publish(std::move(all));
}

inline void Fleet::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  Endpoints rest = *list_;
  if (std::erase_if(rest, [&](const auto& one) { return one->name() == name; }) == 0) {
    reject_options("there is no endpoint named " + std::string(name));
  }
  if (rest.empty())
    reject_options("a client needs at least one endpoint, and " + std::string(name) + " is its last");
  publish(std::move(rest));
}

inline void Fleet::replace(std::vector<EndpointConfig> configs, TimePoint now) {
  if (configs.empty()) reject_options("a client needs at least one endpoint");
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  Endpoints all;
  for (EndpointConfig& config : configs) {
    const std::size_t id = id_of(name_it(config, all.size()));
    if (!names.insert(config.name).second) reject_options("two endpoints are named " + config.name);
    all.push_back(make(id, std::move(config), all, now));
  }
  publish(std::move(all));
}

/// Gives an endpoint that has no name the one of its number.
inline Fleet::Known Fleet::name_it(EndpointConfig& config, std::size_t number) {
  const bool was_named = !config.name.empty();
  if (!was_named) config.name = "endpoint-" + std::to_string(number);
  return {config.name, config.base_url, was_named};
}

inline std::size_t Fleet::id_of(Known endpoint) {
  const auto found = std::ranges::find_if(known_, [&](const Known& one) { return one.is_same(endpoint); });
  if (found != known_.end()) return static_cast<std::size_t>(found - known_.begin());
  known_.push_back(std::move(endpoint));
  return known_.size() - 1;
}

/// The endpoint, beside others that will be in the same list.
inline std::shared_ptr<Endpoint> Fleet::make(std::size_t id, EndpointConfig config, const Endpoints& others,
                                             TimePoint now) {
  auto made = std::make_shared<Endpoint>(id, std::move(config), *options_);
  const std::shared_ptr<const Endpoint>* before = find_endpoint(*list_, made->name());
  const bool stays = before != nullptr && (*before)->config().base_url == made->config().base_url;
  if (stays) {
    made->turn().go_on_from((*before)->turn());
    made->hedge_turn().go_on_from((*before)->hedge_turn());
  }
  auto standing = stays ? (*before)->standing() : std::make_shared<Standing>(breaker_of(*made), room_, now);
  made->adopt(std::move(standing), quota_for(made->config(), others, now));
  return made;
}

/// The quota of its group or, without a group, the one that it had before.
inline std::shared_ptr<Quota> Fleet::quota_for(const EndpointConfig& config, const Endpoints& others,
                                               TimePoint now) const {
  const auto has_same_limits = [&](const EndpointConfig& other) {
    return other.requests_per_minute == config.requests_per_minute &&
           other.tokens_per_minute == config.tokens_per_minute;
  };
  const auto shares_it = [&](const std::shared_ptr<const Endpoint>& one) {
    const EndpointConfig& other = one->config();
    if (!config.quota_group.empty()) return other.quota_group == config.quota_group;
    return other.quota_group.empty() && other.name == config.name && other.base_url == config.base_url;
  };
  if (const auto other = std::ranges::find_if(others, shares_it); other != others.end()) {
    if (has_same_limits((*other)->config())) return (*other)->quota();
    reject(config.name,
           "it is in the quota_group of " + (*other)->name() + ", but has other limits per minute");
  }
  const auto before = std::ranges::find_if(*list_, shares_it);
  std::shared_ptr<Quota> quota = before == list_->end() ? nullptr : (*before)->quota();
  if (quota && has_same_limits((*before)->config())) return quota;
  return std::make_shared<Quota>(config.requests_per_minute, config.tokens_per_minute, now, quota.get());
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

inline void Fleet::publish(Endpoints endpoints) {
  list_ = std::make_shared<const Endpoints>(std::move(endpoints));
  for (const auto& one : *list_) one->standing()->seats.set_most(one->config().max_in_flight);
  current_.store(list_.get());
  room_->call_all();  // there may be room now
}

}  // namespace openailb::detail
