// The circuit breaker against a second one that is too plain to be wrong in the same way: whatever is done to
// both, they decide, count and tell the same. OPENAILB_SEED=n in the environment runs that one sequence
// alone.
#include "support/breaker_model.hpp"

#include <openailb/circuit_breaker.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <ostream>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test::breaker_model_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using Nanoseconds = std::chrono::nanoseconds;
using TimePoint = CircuitBreaker::Clock::time_point;
using Refusal = BreakerModel::Refusal;

constexpr TimePoint start{1h};
constexpr std::uint64_t sequences = 3'000;
constexpr int steps = 60;

const std::array<Error, 3> errors{{{.status = 400}, {.status = 409}, {.status = 500}}};

/// The same numbers from the same seed with every standard library, which its distributions do not promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool once_in(std::uint64_t times) { return below(times) == 0; }

 private:
  std::mt19937_64 engine_;
};

/// A function of the settings has been called.
struct Called {
  std::string function;
  Counts counts{};
  int status{};
  State from{};
  State to{};
  bool operator==(const Called&) const = default;
};

/// All that can be seen of a breaker after something has been done to it.
struct Seen {
  std::optional<Refusal> refusal{};
  std::optional<bool> half_open{};
  std::optional<State> state{};
  Counts counts{};
  TimePoint admits_after{};
  bool may_admit{};
  std::vector<Called> calls{};
  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  if (seen.half_open) out << "admitted" << (*seen.half_open ? " as a probe" : "") << ", ";
  if (seen.refusal) {
    out << "refused: " << seen.refusal->kind;
    if (seen.refusal->retry_after) out << " for " << seen.refusal->retry_after->count() << " ns";
    out << ", ";
  }
  if (seen.state) out << *seen.state << ", ";
  out << seen.counts;
  if (seen.admits_after == TimePoint::max()) out << ", full";
  if (seen.admits_after > start && seen.admits_after < TimePoint::max()) {
    out << ", open until " << (seen.admits_after - start).count() << " ns";
  }
  if (!seen.may_admit) out << ", would refuse";
  for (const Called& call : seen.calls) {
    out << ", " << call.function << ' ' << call.counts << ' ' << call.status << ' ' << call.from << ' '
        << call.to;
  }
  return out;
}

std::function<bool(const Counts&)> trip_rule(Random& random) {
  const auto limit = 1 + random.below(4);
  switch (random.below(5)) {
    case 0: return [=](const Counts& counts) { return counts.consecutive_failures >= limit; };
    case 1: return [=](const Counts& counts) { return counts.total_failures >= limit; };
    case 2: return [=](const Counts& counts) { return counts.requests > 2 * counts.total_successes + limit; };
    case 3: return [=](const Counts& counts) { return counts.total_exclusions >= limit; };
    default: return [](const Counts&) { return false; };
  }
}

/// Settings whose functions note in `calls` that they have been called; durations are multiples of `unit`.
BreakerSettings settings(Random random, Nanoseconds unit, std::vector<Called>& calls) {
  const auto units = [&](std::uint64_t bound) {
    return static_cast<std::int64_t>(random.below(bound)) * unit;
  };
  BreakerSettings drawn{.name = "model"};
  drawn.max_requests = static_cast<std::uint32_t>(random.below(4));
  if (!random.once_in(4)) drawn.interval = units(14) - unit;
  if (!random.once_in(3)) drawn.bucket_period = units(6) - unit;
  if (!random.once_in(8)) drawn.timeout = units(6) - unit;
  if (!random.once_in(3)) {
    drawn.ready_to_trip = [&calls, rule = trip_rule(random)](const Counts& counts) {
      calls.push_back({.function = "ready_to_trip", .counts = counts});
      return rule(counts);
    };
  }
  drawn.on_state_change = [&calls](const std::string& name, State from, State to) {
    calls.push_back({.function = name, .from = from, .to = to});
  };
  if (random.once_in(3)) {
    drawn.is_successful = [&calls](const Error* error) {
      calls.push_back({.function = "is_successful", .status = error ? error->status : 0});
      return !error || error->status == 400;
    };
  }
  if (random.once_in(3)) {
    drawn.is_excluded = [&calls](const Error* error) {
      calls.push_back({.function = "is_excluded", .status = error ? error->status : 0});
      return error && error->status == 409;
    };
  }
  return drawn;
}

/// The breaker and its model, to which the same is done.
class Pair {
 public:
  explicit Pair(std::uint64_t seed, std::ostream& history)
      : unit_(seed % 2 == 0 ? 1ns : 1s),
        breaker_(settings(Random(seed), unit_, calls_), start),
        model_(settings(Random(seed), unit_, model_calls_), start),
        random_(~seed),
        history_(history) {}

  /// Does something at random to both. False: they differ.
  bool step() {
    Seen seen;
    Seen expected;
    switch (random_.below(10)) {
      case 0:
      case 1: move_time(); break;
      case 2: random_.once_in(4) ? close() : ask_state(seen, expected); break;
      case 3:
      case 4:
      case 5: acquire(seen, expected); break;
      default: end_one(); break;
    }
    look(seen, expected);
    history_ << "    " << seen << '\n';
    if (seen == expected) return true;
    history_ << "but the model says\n    " << expected << '\n';
    return false;
  }

 private:
  void move_time() {
    const auto nanosecond = static_cast<std::int64_t>(random_.below(3)) - 1;
    switch (random_.below(8)) {
      case 0: break;
      case 1: now_ -= static_cast<std::int64_t>(random_.below(20)) * unit_; break;
      case 2: now_ += static_cast<std::int64_t>(random_.below(100)) * unit_; break;
      case 3:
      case 4: now_ += static_cast<std::int64_t>(random_.below(4)) * unit_ + nanosecond * 1ns; break;
      default: now_ = model_.boundary() + nanosecond * 1ns; break;
    }
    history_ << "at " << (now_ - start).count() << " ns\n";
  }

  void ask_state(Seen& seen, Seen& expected) {
    history_ << "state\n";
    seen.state = breaker_.state(now_);
    expected.state = model_.state(now_);
  }

  void close() {
    history_ << "close\n";
    breaker_.close(now_);
    model_.close(now_);
  }

  void acquire(Seen& seen, Seen& expected) {
    history_ << "acquire\n";
    auto permit = breaker_.try_acquire(now_);
    if (!permit) seen.refusal = Refusal{permit.error().kind, permit.error().retry_after};
    expected.refusal = model_.acquire(now_);
    if (permit) seen.half_open = permit->half_open();
    if (!expected.refusal) expected.half_open = model_.half_open();
    if (permit && !expected.refusal) permits_.emplace_back(admitted_++, *std::move(permit));
  }

  /// Ends a request, or tries to end it again.
  void end_one() {
    if (permits_.empty()) return;
    const auto chosen = permits_.begin() + static_cast<std::ptrdiff_t>(random_.below(permits_.size()));
    auto& [request, permit] = *chosen;
    history_ << "request " << request << ": ";
    const auto outcome = static_cast<Outcome>(random_.below(3));
    const auto* error = random_.once_in(3) ? nullptr : &errors[random_.below(errors.size())];
    switch (random_.below(8)) {
      case 0: abandon(chosen); return;
      case 1:
      case 2:
        history_ << "report " << (error ? error->status : 0) << '\n';
        permit.report(error, now_);
        model_.report(request, error, error ? Outcome::failure : Outcome::success, now_);
        break;
      case 3:
        history_ << "report " << (error ? error->status : 0) << " or " << static_cast<int>(outcome) << '\n';
        permit.report(error, outcome, now_);
        model_.report(request, error, outcome, now_);
        break;
      default: settle(request, permit, outcome); break;
    }
    if (!random_.once_in(4)) permits_.erase(chosen);
  }

  void settle(std::size_t request, Permit& permit, Outcome outcome) {
    switch (outcome) {
      case Outcome::success: history_ << "success\n", permit.success(now_); break;
      case Outcome::failure: history_ << "failure\n", permit.failure(now_); break;
      case Outcome::exclusion: history_ << "exclude\n", permit.exclude(now_); break;
    }
    model_.settle(request, outcome, now_);
  }

  void abandon(std::vector<std::pair<std::size_t, Permit>>::iterator chosen) {
    history_ << "abandon\n";
    model_.abandon(chosen->first);
    permits_.erase(chosen);
  }

  void look(Seen& seen, Seen& expected) {
    seen.counts = breaker_.counts();
    seen.admits_after = breaker_.admits_after();
    seen.may_admit = breaker_.may_admit(now_);
    seen.calls = std::exchange(calls_, {});
    expected.counts = model_.counts();
    expected.admits_after = model_.admits_after();
    expected.may_admit = now_ > expected.admits_after;
    expected.calls = std::exchange(model_calls_, {});
  }

  Nanoseconds unit_;
  std::vector<Called> calls_{};
  std::vector<Called> model_calls_{};
  CircuitBreaker breaker_;
  BreakerModel model_;
  std::vector<std::pair<std::size_t, Permit>> permits_{};
  std::size_t admitted_{};
  TimePoint now_{start};
  Random random_;
  std::ostream& history_;
};

bool agree(std::uint64_t seed, std::ostream& history) {
  Pair pair(seed, history);
  for (int step = 0; step < steps; ++step) {
    if (!pair.step()) return false;
  }
  return true;
}

/// Admits a request and ends it at once for each letter: a success, a failure or an exclusion.
void play(BreakerModel& model, const std::string& outcomes, TimePoint now) {
  for (std::size_t request = 0; const char outcome : outcomes) {
    ASSERT_FALSE(model.acquire(now));
    while (model.ended(request)) ++request;
    model.settle(request,
                 outcome == 'S'   ? Outcome::success
                 : outcome == 'F' ? Outcome::failure
                                  : Outcome::exclusion,
                 now);
  }
}

TEST(BreakerModel, DoesAsGobreakerDoes) {
  const auto mostly_failures = [](const Counts& counts) {
    const auto valid = counts.requests - counts.total_exclusions;
    return valid >= 3 && counts.total_failures * 10 >= valid * 6;
  };
  BreakerModel model({.max_requests = 3,
                      .interval = 30s,
                      .bucket_period = 3s,
                      .timeout = 90s,
                      .ready_to_trip = mostly_failures},
                     start);
  play(model, "SFXSFXSFXSFXSFX", start);
  EXPECT_EQ(model.counts(), (Counts{15, 5, 5, 5, 0, 1}));
  play(model, "S", start + 3s);
  play(model, "SX", start + 5s);
  play(model, "XS", start + 7s);
  play(model, "F", start + 9s);
  EXPECT_EQ(model.counts(), (Counts{21, 8, 6, 7, 0, 1}));
  for (int bucket = 4; bucket < 10; ++bucket) play(model, "SF", start + bucket * 3s);
  EXPECT_EQ(model.counts(), (Counts{33, 14, 12, 7, 0, 1}));
  play(model, "F", start + 30s);
  EXPECT_EQ(model.counts(), (Counts{19, 9, 8, 2, 0, 2})) << "the first bucket has fallen out";
  play(model, "FFFFFF", start + 30s);
  EXPECT_EQ(model.state(start + 120s), State::open);
  play(model, "XXSSS", start + 120s + 1ns);
  EXPECT_EQ(model.state(start + 120s + 1ns), State::closed);
  EXPECT_EQ(model.counts(), Counts{});
}

TEST(BreakerModel, AgreesWithTheBreakerWhateverIsDone) {
  const char* chosen = std::getenv("OPENAILB_SEED");
  const std::uint64_t first = chosen ? std::stoull(chosen) : 0;
  std::ostream nowhere(nullptr);
  for (std::uint64_t seed = first; seed < (chosen ? first + 1 : sequences); ++seed) {
    if (agree(seed, nowhere)) continue;
    std::ostringstream history;
    agree(seed, history);
    FAIL() << "OPENAILB_SEED=" << seed << " repeats this:\n" << history.str();
  }
}

}  // namespace
}  // namespace openailb::test::breaker_model_test
