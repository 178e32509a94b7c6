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

/// Round robin over the endpoints that can be used at the moment: the one that was picked least recently is
/// next, ties by index. If all can be used, that is plain round robin. If some cannot, the others share their
/// calls evenly, which a counter modulo the number of usable endpoints would not do. Lock-free; safe from any
/// thread.
class RoundRobin {
 public:
  explicit RoundRobin(std::size_t size) : last_picked_(size) {}

  /// Picks an endpoint for which `usable(index)` holds, and admits a call to it in the same step.
  /// `admit(index)` returns an optional, empty when the endpoint's breaker refuses. Then another endpoint is
  /// picked, until none is left.
  template <class Usable, class Admit>
  auto pick(Usable usable, Admit admit) -> std::invoke_result_t<Admit&, std::size_t> {
    return pick(
        usable, [](std::size_t) { return 0; }, admit);
  }

  /// The same, but the lowest `rank(index)` comes first; round robin decides only among equal ranks.
  template <class Usable, class Rank, class Admit>
  auto pick(Usable usable, Rank rank, Admit admit) -> std::invoke_result_t<Admit&, std::size_t> {
    std::vector<std::size_t> draw_again;  // those whose breakers refused; seldom any
    for (;;) {
      auto [index, stamp] = first(
          [&](std::size_t one) {
            return usable(one) && std::ranges::find(draw_again, one) == draw_again.end();
          },
          rank);
      if (index == last_picked_.size()) return std::nullopt;

      // The stamp claims the endpoint before the call is admitted. Other threads that are picking see the new
      // stamp, or fail in this exchange.
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
