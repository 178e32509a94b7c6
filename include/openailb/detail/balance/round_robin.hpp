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

/// When an endpoint's turn is.
struct RoundRobinState {
  explicit RoundRobinState(double weight = 1.0) : stride(1.0 / weight), due(stride / 2) {}

  /// Goes on where the turns of another one are.
  void inherit(const RoundRobinState& other) noexcept {
    due.store(other.due.load());
    picked.store(other.picked.load());
  }

  const double stride;                  ///< from one of its turns to the next, in rounds
  std::atomic<double> due;              ///< so that turns of different weights lie evenly between each other
  std::atomic<std::uint64_t> picked{};  ///< which pick its last one was
};

/// Whether a pick is an endpoint's turn. A retry and a last resort are none: they come when others cannot be
/// asked, so they move the round no further, and only put the endpoint's next turn off.
enum class PickKind { turn, retry };

/// Weighted round robin over the endpoints that can be used at the moment: the one that is due first is next;
/// of several, the one that was picked least recently, ties by index. If all can be used and have the same
/// weight, that is plain round robin. If some cannot, the others share their calls by their weights, which a
/// counter modulo the number of usable endpoints would not do, and what has missed turns gets only one of
/// them later (start-time fair queueing). Lock-free; safe from any thread.
class RoundRobin {
 public:
  /// Picks one of `size` endpoints for which `usable(index)` holds, and admits a call to it in the same step.
  /// The lowest `rank(index)` comes first; turns decide only among equal ranks. `turn(index)` is its
  /// RoundRobinState. `admit(index)` returns an optional, empty when the endpoint does not admit the call.
  /// Then another is picked, until none is left.
  template <class TurnOf, class Usable, class Rank, class Admit>
  auto pick(PickKind kind, std::size_t size, TurnOf turn, Usable usable, Rank rank, Admit admit)
      -> std::invoke_result_t<Admit&, std::size_t> {
    std::vector<std::size_t> draw_again;  // those that did not admit; seldom any
    for (;;) {
      const auto can_be_drawn = [&](std::size_t index) {
        return usable(index) && std::ranges::find(draw_again, index) == draw_again.end();
      };
      auto [index, due, last] = first(size, turn, can_be_drawn, rank);
      if (index == size) return std::nullopt;

      // This claims the endpoint before the call is admitted. Other threads that are picking see that it is
      // due later, or fail in this exchange.
      RoundRobinState& its = turn(index);
      const double round = round_.load(), begins = (std::max)(due, round);
      const bool is_turn = kind == PickKind::turn;
      const double next = is_turn ? begins + its.stride : (std::max)(due, round + its.stride);
      if (!its.due.compare_exchange_strong(due, next)) continue;
      its.picked.store(++picks_);
      if (auto admitted = admit(index)) {
        if (is_turn) reach(begins);
        return admitted;
      }
      its.picked.store(last);
      double claimed = next;
      its.due.compare_exchange_strong(claimed, due);
      draw_again.push_back(index);
    }
  }

 private:
  struct Found {
    std::size_t index;
    double due;
    std::uint64_t last;
  };

  template <class TurnOf, class Usable, class Rank>
  static Found first(std::size_t size, TurnOf turn, Usable usable, Rank rank) {
    Found found{size, 0.0, 0};
    std::optional<std::invoke_result_t<Rank&, std::size_t>> lowest;
    for (std::size_t index = 0; index < size; ++index) {
      const RoundRobinState& its = turn(index);
      const double due = its.due.load();
      const std::uint64_t last = its.picked.load();
      const auto ranked = rank(index);
      if (lowest && std::tie(*lowest, found.due, found.last) <= std::tie(ranked, due, last)) continue;
      if (!usable(index)) continue;  // asked last, since it takes longest
      lowest = ranked;
      found = {index, due, last};
    }
    return found;
  }

  void reach(double begins) noexcept {
    double round = round_.load();
    while (begins > round && !round_.compare_exchange_weak(round, begins)) {
    }
  }

  std::atomic<double> round_{};  // when the turn that was picked last was due
  std::atomic<std::uint64_t> picks_{};
};

}  // namespace openailb::detail
