#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace openailb {

/// Round robin among those that can be used at the moment: the one least recently picked is next, ties by
/// index. With all usable that is plain round robin; when some are not, their share spreads evenly over the
/// others, which a counter modulo the number of usable ones does not do. Lock-free; safe from any thread.
class RoundRobin {
 public:
  explicit RoundRobin(std::size_t size) : last_picked_(size) {}

  /// Picks a candidate and admits a call to it in one step. `admit(index)` gives an optional, empty when the
  /// endpoint refuses; a refused candidate is struck off and another one is drawn, until none is left.
  template <class Admit>
  auto pick(std::vector<bool>& candidates, Admit admit) -> std::invoke_result_t<Admit&, std::size_t> {
    for (;;) {
      auto [index, stamp] = least_recent(candidates);
      if (index == candidates.size()) return std::nullopt;

      // Stamping it first takes it from the threads that are picking too: they see the new stamp, or lose
      // here.
      const std::uint64_t claim = picks_.fetch_add(1) + 1;
      if (!last_picked_[index].compare_exchange_strong(stamp, claim)) continue;
      if (auto admitted = admit(index)) return admitted;

      std::uint64_t mine = claim;
      last_picked_[index].compare_exchange_strong(mine, stamp);
      candidates[index] = false;
    }
  }

 private:
  std::pair<std::size_t, std::uint64_t> least_recent(const std::vector<bool>& candidates) const {
    std::pair<std::size_t, std::uint64_t> found{candidates.size(),
                                                (std::numeric_limits<std::uint64_t>::max)()};
    for (std::size_t index = 0; index < candidates.size(); ++index) {
      if (!candidates[index]) continue;
      const std::uint64_t stamp = last_picked_[index].load();
      if (stamp < found.second) found = {index, stamp};
    }
    return found;
  }

  std::atomic<std::uint64_t> picks_{};
  std::vector<std::atomic<std::uint64_t>> last_picked_;
};

}  // namespace openailb
