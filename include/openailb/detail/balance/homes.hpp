#pragma once

#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/object_ids.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace openailb::detail {

/// Which endpoint keeps an object, by the object's id. When there are too many, those that were used longest
/// ago are forgotten. Thread-safe.
class Homes {
 public:
  explicit Homes(std::size_t most) : most_(most) {}

  void remember(std::string_view id, std::size_t endpoint) {
    if (most_ == 0) return;
    const std::lock_guard lock(mutex_);
    if (auto found = places_.find(id); found != places_.end()) {
      found->second->endpoint = endpoint;
      return use(found->second);
    }
    objects_.push_front({std::string(id), endpoint});
    places_.emplace(objects_.front().id, objects_.begin());
    if (places_.size() <= most_) return;
    places_.erase(objects_.back().id);
    objects_.pop_back();
  }

  /// Remembers the objects that an answered attempt has named or made. `answer` is its JSON.
  void remember(const Trial& trial, std::string_view answer) {
    for (const std::string& id : trial.call->objects) remember(id, trial.endpoint->id());
    ScannedJson document;
    if (trial.call->makes_objects && document.read(answer)) remember(trial, document.root());
  }
  /// Remembers those that an answer has made, or an event of it.
  void remember(const Trial& trial, const JsonNode& answer) {
    std::vector<std::string> ids;
    add_object_ids(answer, "", IdsOf::answer, ids);
    for (const std::string& id : ids) remember(id, trial.endpoint->id());
  }

  /// Null when the id was never seen, or is forgotten.
  std::optional<std::size_t> find(std::string_view id) {
    const std::lock_guard lock(mutex_);
    auto found = places_.find(id);
    if (found == places_.end()) return std::nullopt;
    use(found->second);
    return found->second->endpoint;
  }

  /// The endpoint that keeps all these; null if none of them is known. An error if they are in two places:
  /// then no endpoint can do what is asked. `name_of(id)` is the name of an endpoint.
  template <class NameOf>
  Result<std::optional<std::size_t>> find_for_all(const std::vector<std::string>& ids, NameOf name_of) {
    std::optional<std::size_t> all;
    const std::string* known = nullptr;
    for (const std::string& id : ids) {
      const std::optional<std::size_t> one = find(id);
      if (!one) continue;
      if (all && one != all) {
        return Error{.kind = ErrorKind::bad_request,
                     .message = "not sent: " + *known + " is kept by " + name_of(*all) + ", but " + id +
                                " by " + name_of(*one)};
      }
      known = &id;
      all = one;
    }
    return all;
  }

 private:
  struct Object {
    std::string id;
    std::size_t endpoint;
  };
  using Place = std::list<Object>::iterator;

  void use(Place object) { objects_.splice(objects_.begin(), objects_, object); }

  const std::size_t most_;
  std::mutex mutex_{};
  std::list<Object> objects_{};  // the one that was used last comes first
  std::unordered_map<std::string_view, Place> places_{};
};

}  // namespace openailb::detail
