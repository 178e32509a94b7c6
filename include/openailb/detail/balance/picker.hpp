#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <vector>

namespace openailb::detail {

/// Round robin among those that can be used at the moment: the one least recently picked is next, ties by
/// index. With all usable that is plain round robin; when some are not, their share spreads evenly over the
/// others, which a counter modulo the number of usable ones does not do. Lock-free; safe from any thread.
class RoundRobin {
 public:
  explicit RoundRobin(std::size_t size) : last_picked_(size) {}

  /// Picks among those of which `usable(index)` holds, and admits a call in the same step. `admit(index)`
  /// gives an optional, empty when the endpoint refuses; then another one is drawn, until none is left.
  template <class Usable, class Admit>
  auto pick(Usable usable, Admit admit) -> std::invoke_result_t<Admit&, std::size_t> {
    return pick(
        usable, [](std::size_t) { return 0; }, admit);
  }

  /// The same, but of those with the lowest `rank(index)`.
  template <class Usable, class Rank, class Admit>
  auto pick(Usable usable, Rank rank, Admit admit) -> std::invoke_result_t<Admit&, std::size_t> {
    std::vector<std::size_t> draw_again;  // seldom any
    for (;;) {
      auto [index, stamp] = first(
          [&](std::size_t one) {
            return usable(one) && std::ranges::find(draw_again, one) == draw_again.end();
          },
          rank);
      if (index == last_picked_.size()) return std::nullopt;

      // Stamping it first takes it from the threads that are picking too: they see the new stamp, or lose
      // here.
      const std::uint64_t claim = picks_.fetch_add(1) + 1;
      if (!last_picked_[index].compare_exchange_strong(stamp, claim)) continue;
      if (auto admitted = admit(index)) return admitted;

      std::uint64_t mine = claim;
      last_picked_[index].compare_exchange_strong(mine, stamp);
      draw_again.push_back(index);
    }
  }

 private:
  struct Found {
    std::size_t index;
    std::uint64_t stamp;
  };

  template <class Usable, class Rank>
  Found first(Usable usable, Rank rank) const {
    Found found{last_picked_.size(), 0};
    std::optional<std::invoke_result_t<Rank&, std::size_t>> lowest;
    for (std::size_t index = 0; index < last_picked_.size(); ++index) {
      const std::uint64_t stamp = last_picked_[index].load();
      if (!usable(index)) continue;
      const auto ranked = rank(index);
      if (lowest && std::tie(*lowest, found.stamp) <= std::tie(ranked, stamp)) continue;
      lowest = ranked;
      found = {index, stamp};
    }
    return found;
  }

  std::atomic<std::uint64_t> picks_{};
  std::vector<std::atomic<std::uint64_t>> last_picked_;
};

}  // namespace openailb::detail
