#pragma once

#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace openailb::detail {

/// Which endpoint keeps an object, by the object's id. What the user has told stands above what endpoints
/// have said of their own, and none of them moves what another one has said. Of an endpoint that has said too
/// much, what was used longest ago is forgotten: first of what it has only shown, which may be long lists,
/// and then of what it has made. It takes no room from others. Thread-safe; all but `owner_of_all` takes the
/// same time however much is known.
class ObjectAffinity {
 public:
  /// `most` is how many objects are remembered of each endpoint; zero: none, whoever tells them.
  explicit ObjectAffinity(std::size_t most) : most_(most) {}

  /// How many objects are remembered of each endpoint.
  std::size_t most() const noexcept { return most_; }
  /// Whether no object is known.
  bool empty() const noexcept { return is_empty_.load(std::memory_order_relaxed); }

  /// What the user says. It stands until the user says something else.
  void tell(std::string_view id, std::size_t endpoint) {
    if (most_ == 0) return;
    const std::lock_guard lock(mutex_);
    object(id).second.told = endpoint;
  }
  /// The endpoint has made an object.
  void made(std::string_view id, std::size_t endpoint) { remember(id, endpoint, true); }
  /// The endpoint has shown an object as its own. That counts for nothing if another one is known to have it:
  /// they may be two doors to one account, or it may have heard of it.
  void shown(std::string_view id, std::size_t endpoint) { remember(id, endpoint, false); }
  /// The endpoint has deleted its object.
  void forget(std::string_view id, std::size_t endpoint) {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(id);
    if (found == objects_.end()) return;
    Object& object = found->second;
    if (object.told == endpoint) object.told.reset();
    if (const auto kept = keeper(object, endpoint); kept != object.keepers.end()) {
      used_[endpoint].of(*kept).erase(kept->place);
      object.keepers.erase(kept);
    }
    erase_if_unknown(*found);
  }

  /// The endpoints that keep an object: one, or several if each has made one of this id; none if it is not
  /// known.
  std::vector<std::size_t> find(std::string_view id) {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(id);
    if (found == objects_.end()) return {};
    if (found->second.told) return {*found->second.told};
    std::vector<std::size_t> all;
    for (const Keeper& one : found->second.keepers) {
      use(one);
      all.push_back(one.endpoint);
    }
    return all;
  }

  /// The endpoint that keeps all these; null if none of them is known. An error if no endpoint can do what is
  /// asked, or nobody can know which. `name_of(id)` is the name of an endpoint.
  template <class NameOf>
  Result<std::optional<std::size_t>> owner_of_all(const std::vector<std::string>& ids, NameOf name_of) {
    std::optional<std::size_t> all;
    const std::string* known = nullptr;
    for (const std::string& id : ids) {
      const std::vector<std::size_t> owners = find(id);
      if (owners.empty()) continue;
      if (owners.size() > 1) {
        std::string names;
        for (const std::size_t one : owners) names += (names.empty() ? "" : " and ") + name_of(one);
        return not_sent("each of " + names + " has made an object with the id " + one_line(id) +
                        ": say which is meant, by RequestOptions::endpoint");
      }
      if (all && *all != owners.front()) {
        return not_sent(one_line(*known) + " is kept by " + name_of(*all) + ", but " + one_line(id) + " by " +
                        name_of(owners.front()) +
                        ": what is used together must be made at one endpoint. Make what takes the others "
                        "first (the vector store), then the others (its files) with RequestOptions::endpoint "
                        "set to the endpoint that has answered");
      }
      known = &id;
      all = owners.front();
    }
    return all;
  }

 private:
  struct Object;
  using Entry = std::pair<const std::string, Object>;
  using Entries = std::list<Entry*>;

  struct Keeper {
    std::size_t endpoint;
    bool has_made;
    Entries::iterator place;
  };
  /// What an endpoint keeps; what was used last comes first.
  struct Used {
    Entries made{}, shown{};
    Entries& of(const Keeper& keeper) noexcept { return keeper.has_made ? made : shown; }
  };
  struct Object {
    std::optional<std::size_t> told{};
    std::vector<Keeper> keepers{};
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  static Error not_sent(std::string why) {
    return {.kind = ErrorKind::bad_request, .message = "not sent: " + std::move(why)};
  }
  static std::vector<Keeper>::iterator keeper(Object& object, std::size_t endpoint) {
    return std::ranges::find(object.keepers, endpoint, &Keeper::endpoint);
  }

  Entry& object(std::string_view id) {
    auto found = objects_.find(id);
    if (found == objects_.end()) found = objects_.emplace(id, Object{}).first;
    is_empty_.store(false, std::memory_order_relaxed);
    return *found;
  }
  void use(const Keeper& keeper) {
    Entries& used = used_[keeper.endpoint].of(keeper);
    used.splice(used.begin(), used, keeper.place);
  }

  void remember(std::string_view id, std::size_t endpoint, bool has_made) {
    constexpr std::size_t longest = 256;  // so that an endpoint cannot fill the memory with one id
    if (most_ == 0 || id.empty() || id.size() > longest) return;
    const std::lock_guard lock(mutex_);
    Entry& entry = object(id);
    std::vector<Keeper>& keepers = entry.second.keepers;
    Used& used = used_[endpoint];
    if (const auto known = keeper(entry.second, endpoint); known != keepers.end()) {
      if (has_made && !known->has_made) {
        used.made.splice(used.made.begin(), used.shown, known->place);
        known->has_made = true;
      }
      return use(*known);
    }
    if (!has_made && !keepers.empty()) return;
    Entries& place = has_made ? used.made : used.shown;
    place.push_front(&entry);
    keepers.push_back({.endpoint = endpoint, .has_made = has_made, .place = place.begin()});
    if (used.made.size() + used.shown.size() > most_) {
      forget_oldest(endpoint, used.shown.empty() ? used.made : used.shown);
    }
  }
  void forget_oldest(std::size_t endpoint, Entries& used) {
    Entry& oldest = *used.back();
    used.pop_back();
    std::erase_if(oldest.second.keepers, [endpoint](const Keeper& one) { return one.endpoint == endpoint; });
    erase_if_unknown(oldest);
  }
  void erase_if_unknown(Entry& entry) {
    if (entry.second.told || !entry.second.keepers.empty()) return;
    objects_.erase(objects_.find(entry.first));
    is_empty_.store(objects_.empty(), std::memory_order_relaxed);
  }

  const std::size_t most_;
  std::atomic<bool> is_empty_{true};
  std::mutex mutex_{};
  std::unordered_map<std::string, Object, Hash, std::equal_to<>> objects_{};
  std::unordered_map<std::size_t, Used> used_{};  // by endpoint
};

}  // namespace openailb::detail
