#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace openailb::detail {

/// The ids of the endpoints that a client has, and of the latest thousand that it had: so one that comes back
/// is known again, and names do not add up for ever. No id is given twice.
class EndpointIdentities {
 public:
  /// The same for the same endpoint. What the user has named stays the same at another base URL; the number
  /// of an endpoint says nothing.
  std::size_t id_of(const std::string& name, const std::string& base_url, bool was_named) {
    const std::string place = name + '\n' + base_url;  // no name has a line break
    auto found = ids_.find(was_named ? name : place);
    if (found == ids_.end()) found = ids_.find(place);
    const std::size_t id = found == ids_.end() ? add(name) : found->second;
    Identity& its = known_.at(id);
    if (its.place != place) forget_key(its.place, id);
    its.place = place;
    ids_.insert_or_assign(place, id);
    if (was_named) ids_.insert_or_assign(name, id);
    return id;
  }

  /// The client has it from now on.
  void join(std::size_t id) {
    known_.at(id).departure = 0;
    new_.clear();
  }
  /// The client has it no more.
  void leave(std::size_t id) {
    depart(id);
    forget_old();
  }
  /// The client had those, and has these from now on.
  void replace(const std::vector<std::size_t>& those, const std::vector<std::size_t>& these) {
    ++round_;
    for (const std::size_t id : these) {
      Identity& its = known_.at(id);
      its.present_in = round_;
      its.departure = 0;
    }
    for (const std::size_t id : those) {
      if (known_.at(id).present_in != round_) depart(id);
    }
    new_.clear();
    forget_old();
  }
  /// Forgets those whose list was refused, so that they have never been present.
  void forget_refused() {
    for (const std::size_t id : std::exchange(new_, {})) forget(id);
  }

  /// Empty when it is forgotten.
  std::string name_of(std::size_t id) const {
    const auto found = known_.find(id);
    return found == known_.end() ? std::string() : found->second.name;
  }
  std::size_t size() const noexcept { return known_.size(); }

 private:
  static constexpr std::size_t most_departed = 1000;

  struct Identity {
    std::string name{};
    std::string place{};
    std::uint64_t present_in{};  ///< the latest round
    std::uint64_t departure{};   ///< the number of it; zero: it is present
  };

  std::size_t add(const std::string& name) {
    const std::size_t id = next_id_++;
    known_.emplace(id, Identity{.name = name});
    new_.push_back(id);
    return id;
  }
  void depart(std::size_t id) {
    known_.at(id).departure = ++departures_;
    departed_.emplace_back(id, departures_);
  }
  void forget_old() {
    for (; departed_.size() > most_departed; departed_.pop_front()) {
      const auto [id, departure] = departed_.front();
      const auto found = known_.find(id);
      if (found == known_.end() || found->second.departure != departure) continue;  // it has come back since
      forget(id);
    }
  }
  void forget(std::size_t id) {
    const Identity& its = known_.at(id);
    forget_key(its.place, id);
    forget_key(its.name, id);
    known_.erase(id);
  }
  void forget_key(const std::string& key, std::size_t id) {
    const auto found = ids_.find(key);
    if (found != ids_.end() && found->second == id) ids_.erase(found);
  }

  std::unordered_map<std::size_t, Identity> known_{};   // by id
  std::unordered_map<std::string, std::size_t> ids_{};  // by what the user has named, and by name and URL
  std::vector<std::size_t> new_{};                      // not present yet
  std::deque<std::pair<std::size_t, std::uint64_t>> departed_{};  // who, and its departure
  std::size_t next_id_{};
  std::uint64_t departures_{}, round_{};
};

}  // namespace openailb::detail
