#pragma once

#include "simulation/record.hpp"
#include "simulation/rules.hpp"
#include "simulation/world.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {

/// Watches a world and notes whatever contradicts the invariants.
class Inspector {
 public:
  explicit Inspector(const World& world) : world_(&world) {}

  /// After every event.
  void observe();
  /// When nothing runs any more.
  void conclude();

  const std::vector<std::string>& violations() const noexcept { return violations_; }

 private:
  using Fate = CallRecord::Fate;

  /// How an attempt ended for its breaker, as far as is known: at some moment from `earliest` to `latest`.
  struct Ending {
    std::size_t endpoint{};
    Outcome outcome{};
    bool last_resort{};  ///< its breaker may not have admitted it
    TimePoint began{};
    TimePoint earliest{};
    TimePoint latest{};
  };

  /// What a call knew of its endpoints when it did something, worked out from the servers' side. It begins
  /// anew with each model.
  struct Story {
    std::size_t model{};                          ///< the first, second, ... of the call's
    bool asked{};                                 ///< for an earlier one of these
    std::map<std::size_t, Row> last{};            ///< by endpoint that was asked
    std::map<std::size_t, TimePoint> again_at{};  ///< not to be asked again before
    std::set<std::size_t> ran{};
    int retries{};
    std::optional<std::size_t> owed{};  ///< whose kept connection has died, the first time in the call
    bool free_retry_used{};
    bool may_go_on{true};
    bool hedged{};

    void begin_model(std::size_t next) {
      asked = asked || !last.empty();
      model = next;
      last.clear();
      again_at.clear();
      ran.clear();
      retries = 0;
      owed.reset();
    }
    TimePoint not_before(std::size_t endpoint) const {
      auto found = again_at.find(endpoint);
      return found == again_at.end() ? (TimePoint::min)() : found->second;
    }
  };
  static constexpr nanoseconds longest_backoff = 8s;

  /// How many attempts of all calls were hedges, and how many the retry budget had to pay.
  struct Spending {
    double hedges{};
    double paid{};
  };

  void require(bool holds, const std::string& what) {
    if (!holds) violations_.push_back(what);
  }
  void require(bool holds, const CallRecord& call, const std::string& what) {
    require(holds, "call " + call.id + ": " + what);
  }

  void inspect_endpoints();
  void inspect(const CallRecord& call);
  void inspect_limits(const CallRecord& call);
  void inspect_secrecy(const CallRecord& call);
  void inspect_attempts(const CallRecord& call);
  void inspect_fallback(const CallRecord& call, Story& story, const WireRequest& request, bool at_once);
  void inspect_hedge(const CallRecord& call, Story& story, std::size_t index);
  void inspect_choice(const CallRecord& call, Story& story, const WireRequest& request);
  void add_failure(const CallRecord& call, Story& story, std::size_t index);
  std::optional<Row> row_of_timeout(const CallRecord& call, const WireRequest& request, Row row,
                                    TimePoint end);
  void note(const WireRequest& request, Outcome outcome, TimePoint earliest, TimePoint latest) {
    const bool last_resort = !request.available[request.endpoint].admits;
    endings_.push_back({request.endpoint, outcome, last_resort, request.at, earliest, latest});
  }
  void inspect_giving_up(const CallRecord& call, Story story);
  void inspect_giving_up_model(const CallRecord& call, const Story& story,
                               const std::vector<Availability>& available, TimePoint now);
  void inspect_answer(const CallRecord& call);
  void inspect_stream(const CallRecord& call);
  void inspect_transitions();
  void inspect_spending();
  void inspect_shares();

  /// Whether the call may ask any endpoint for the model.
  bool is_served(const CallRecord& call, std::size_t model) const {
    for (std::size_t index = 0; index < world_->plan().endpoints.size(); ++index) {
      if (world_->serves(index, model, call)) return true;
    }
    return false;
  }
  bool steady() const { return world_->plan().jumps.empty(); }
  bool asks_refusing() const { return world_->plan().when_all_open != WhenAllOpen::fail; }
  bool has_deadline_passed(const CallRecord& call) const { return call.ended >= call.deadline; }
  int max_endpoints() const { return world_->plan().max_endpoints; }

  const World* world_;
  std::vector<std::string> violations_{};
  std::vector<Ending> endings_{};
  Answers answers_{};
  Spending spending_{};
  std::set<const CallRecord*> answered_{};
  std::set<const CallRecord*> inspected_{};
  std::map<std::pair<std::size_t, std::string>, TimePoint> not_before_{};
};

inline void Inspector::observe() {
  inspect_endpoints();
  for (const auto& call : world_->calls()) {
    const bool answered = call->fate == Fate::succeeded || call->committed;
    if (!answered || !answered_.insert(call.get()).second) continue;
    const nanoseconds took = call->info.attempts.back().elapsed;
    answers_.add(call->served().endpoint, call->streams(), took, world_->now());
  }
  for (const auto& call : world_->calls()) {
    if (call->fate != Fate::running && inspected_.insert(call.get()).second) inspect(*call);
  }
}

/// In-flight counts, permits, probes and cooldowns, at any moment.
inline void Inspector::inspect_endpoints() {
  std::size_t in_flight = 0;
  std::size_t index = 0;
  for (const EndpointStatus& endpoint : world_->status()) {
    const Counts& counts = endpoint.counts;
    const auto settled = counts.total_successes + counts.total_failures + counts.total_exclusions;
    const EndpointPlan& plan = world_->plan().endpoints[index];
    require(endpoint.in_flight >= 0, endpoint.name + ": a negative in-flight count");
    in_flight += static_cast<std::size_t>(endpoint.in_flight);
    require(counts.requests <= settled + static_cast<std::uint32_t>(endpoint.in_flight),
            endpoint.name + ": a permit is out that no attempt holds");
    require(endpoint.state != State::half_open ||
                counts.requests - counts.total_exclusions <= plan.breaker.max_requests,
            endpoint.name + ": more probes than max_requests");
    for (const auto& [model, remaining] : endpoint.cooldowns) {
      TimePoint& not_before = not_before_[{index, model}];
      require(world_->now() + remaining >= not_before, endpoint.name + ": not_before moved back");
      not_before = world_->now() + remaining;
    }
    for (const auto& [key, until] : not_before_) {
      require(key.first != index || until <= world_->now() || endpoint.cooldowns.contains(key.second),
              endpoint.name + ": not_before was forgotten");
    }
    ++index;
  }
  const std::size_t most = world_->running() * (world_->plan().hedge ? 2 : 1);
  require(in_flight <= most, "more attempts in flight than calls and hedges");
}

inline void Inspector::inspect(const CallRecord& call) {
  inspect_limits(call);
  inspect_secrecy(call);
  inspect_attempts(call);
  if (call.fate == Fate::succeeded) inspect_answer(call);
  if (call.committed) inspect_stream(call);
}

inline void Inspector::inspect_limits(const CallRecord& call) {
  const std::size_t endpoints = call.plan.endpoint ? 1 : world_->plan().endpoints.size();
  const bool has_free_retry = std::ranges::any_of(
      call.requests, [](const WireRequest& one) { return one.fault == Fault::idle_connection_died; });
  const std::size_t per_model = endpoints + static_cast<std::size_t>(call.max_retries);
  std::size_t most = call.models().size() * per_model + (has_free_retry ? 1 : 0);
  if (call.plan.wait_for_rate_limits) {
    most +=
        static_cast<std::size_t>(std::ranges::count(call.requests, Fault::rate_limited, &WireRequest::fault));
  }
  require(call.requests.size() <= most, call, "more requests than endpoints and retries");
  for (const WireRequest& request : call.requests) {
    require(request.at < call.deadline, call, "a request after the deadline");
    require(!call.plan.endpoint || request.endpoint == *call.plan.endpoint, call,
            "a request to another endpoint than the only one to use");
    require(request.available[request.endpoint].cooldowns[request.model] == 0ns, call,
            "a request during a cooldown");
    require(!call.plan.stop || !steady() || request.at <= call.began + *call.plan.stop, call,
            "a request after the stop");
  }
  if (!steady()) return;
  require(call.ended <= call.deadline, call, "it outlived its deadline");
  require(!call.plan.stop || call.ended <= call.began + *call.plan.stop, call, "it outlived its stop");
}

inline void Inspector::inspect_secrecy(const CallRecord& call) {
  std::string all = call.error.message + call.error.body + call.error.type + call.error.code +
                    call.error.param + call.error.request_id + call.info.body;
  for (const auto& attempts : {call.error.attempts, call.info.attempts}) {
    for (const Attempt& attempt : attempts) all += attempt.message;
  }
  for (const auto& [name, value] : call.info.headers) all += value;
  require(all.find("sk-secret") == std::string::npos, call, "an API key shows");
}

/// That each attempt was one the call owed or was allowed, and that it did not give up too early.
inline void Inspector::inspect_attempts(const CallRecord& call) {
  const std::vector<Attempt>& attempts = call.attempts();
  const bool answered = call.fate == Fate::succeeded || call.committed;
  if (!answered && call.fate != Fate::failed) {  // nobody knows how its attempts ended
    for (const WireRequest& request : call.requests) {
      for (Outcome outcome : {Outcome::success, Outcome::failure, Outcome::exclusion})
        note(request, outcome, request.at, call.ended);
    }
    return;
  }
  require(attempts.size() == call.requests.size(), call, "its attempts are not the requests that were sent");
  if (attempts.size() != call.requests.size()) return;
  Story story;
  std::size_t ended = 0;
  for (std::size_t index = 0; index < call.requests.size(); ++index) {
    const WireRequest& request = call.requests[index];
    const auto ended_before = [&](std::size_t attempt) {
      return call.request_of(attempt) < index && call.end_of(attempt) <= request.at;
    };
    while (ended < attempts.size() && ended_before(ended)) add_failure(call, story, ended++);
    require(story.may_go_on, call, "it went on after a failure that ends a call");
    const TimePoint latest = ended == 0 ? call.began : call.end_of(ended - 1);
    if (request.model != call.models()[story.model]) {
      require(ended == index, call, "it fell back on another model during an attempt");
      inspect_fallback(call, story, request, request.at == latest);
    }
    if (ended < index) {
      inspect_hedge(call, story, index);
    } else {
      inspect_choice(call, story, request);
    }
  }
  const std::size_t failures = attempts.size() - (answered ? 1 : 0);
  while (ended < failures) add_failure(call, story, ended++);
  if (!answered) inspect_giving_up(call, story);
}

/// A call goes on with the next of its models that anybody serves, when it can do nothing more with those
/// before. If it does not ask at once, nobody knows what it saw when it decided.
inline void Inspector::inspect_fallback(const CallRecord& call, Story& story, const WireRequest& request,
                                        bool at_once) {
  const std::vector<std::size_t> all = call.models();
  while (story.model + 1 < all.size() && request.model != all[story.model]) {
    if (at_once) inspect_giving_up_model(call, story, request.available, request.at);
    story.begin_model(story.model + 1);
  }
  require(request.model == all[story.model], call, "it went back to a model that it had given up");
}

/// A hedge is a call's only second attempt at the same time, and goes to another endpoint that admits.
inline void Inspector::inspect_hedge(const CallRecord& call, Story& story, std::size_t index) {
  const WireRequest& request = call.requests[index];
  const std::optional<HedgeOptions>& hedge = world_->plan().hedge;
  ++spending_.hedges;
  ++spending_.paid;
  require(hedge.has_value(), call, "a hedge although there is to be none");
  require(!std::exchange(story.hedged, true), call, "hedged twice");
  require(call.plan.kind != CallPlan::Kind::post && !call.plan.endpoint, call, "not to be hedged");
  const Availability& available = request.available[request.endpoint];
  require(!available.open && available.cooldowns[request.model] == 0ns, call,
          "a hedge on an endpoint that does not admit");
  require(!story.last.contains(request.endpoint), call, "a hedge on an endpoint that it has tried");
  require(static_cast<int>(story.ran.size()) + 1 < max_endpoints(), call, "a hedge beyond max_endpoints");
  if (!hedge || index == 0) return;
  const WireRequest& first = call.requests[index - 1];
  require(first.endpoint != request.endpoint, call, "hedged on the same endpoint");
  require(request.at >= first.at + hedge->delay, call, "hedged before the delay");
}

/// A breaker decides the order: one that refuses comes after all that admit and have not been tried.
inline void Inspector::inspect_choice(const CallRecord& call, Story& story, const WireRequest& request) {
  const bool all_ran = static_cast<int>(story.ran.size()) >= max_endpoints();
  const bool refuses = request.available[request.endpoint].open;
  auto before = story.last.find(request.endpoint);
  require(!all_ran || story.ran.contains(request.endpoint), call, "fed to more than max_endpoints");
  require(!refuses || asks_refusing(), call, "asked an open endpoint although it is to fail");
  if (story.owed == request.endpoint) return story.owed.reset();
  const bool is_first = story.last.empty() && !story.asked;
  const bool free = is_first || (before == story.last.end() && !refuses);
  if (!free) ++spending_.paid;
  for (std::size_t other = 0; other < request.available.size(); ++other) {
    const bool untried = world_->serves(other, request.model, call) && !story.last.contains(other) &&
                         other != request.endpoint;
    const bool passed_over = untried && !all_ran && request.available[other].now(request.model) &&
                             request.at > story.not_before(other) + longest_backoff;
    require(!passed_over || before == story.last.end(), call,
            "asked an endpoint again while another had not been tried");
    require(!passed_over || !refuses, call, "asked an open endpoint while another admitted");
  }
  require(request.at >= story.not_before(request.endpoint), call, "asked again before the time");
  if (before == story.last.end()) return;
  require(story.retries < call.max_retries, call, "retried more often than max_retries");
  require(before->second.same, call, "asked an endpoint again that would fail again");
  ++story.retries;
}

/// What a timeout means: nothing about an endpoint that was not given the time it needs.
inline std::optional<Row> Inspector::row_of_timeout(const CallRecord& call, const WireRequest& request,
                                                    Row row, TimePoint end) {
  const nanoseconds given = std::min(call.timeout, call.deadline - request.at);
  const WorldPlan& plan = world_->plan();
  const nanoseconds usual = call.streams() ? shorter(plan.timeout, plan.first_token_timeout) : plan.timeout;
  if (end >= call.deadline) row.another = row.same = false;
  const bool not_connected = request.fault == Fault::black_hole && end - request.at < given;
  if (not_connected || given >= usual) return row;
  const std::optional<bool> blames =
      answers_.blames(request.endpoint, call.streams(), request.at, request.at + given);
  if (!blames) note(request, Outcome::failure, end, end);  // as well as what follows
  if (blames != true) row.breaker = Outcome::exclusion;
  return row;
}

inline void Inspector::add_failure(const CallRecord& call, Story& story, std::size_t index) {
  const WireRequest& request = call.requests[call.request_of(index)];
  const Attempt& attempt = call.attempts()[index];
  const TimePoint end = request.at + attempt.elapsed;
  if (was_lost(attempt)) {
    require(story.hedged, call, "an attempt lost although there was no other");
    return note(request, Outcome::exclusion, end, end);
  }
  std::optional<Row> row = row_of(request.fault, attempt);
  // After a jump of the clock an attempt may be too late between the head of its answer and the first token.
  if (!row && attempt.kind == ErrorKind::timeout && !steady()) row = Row{.ran_it = true};
  if (attempt.kind == ErrorKind::canceled) {
    row = Row{.another = false, .breaker = Outcome::exclusion};
    require(call.plan.stop.has_value(), call, "canceled by nobody");
  } else if (row && attempt.kind == ErrorKind::timeout) {
    row = row_of_timeout(call, request, *row, end);
  }
  require(row.has_value(), call, "an attempt failed that its server answered: " + attempt.message);
  if (!row) return;
  note(request, row->breaker, end, end);
  story.last[request.endpoint] = *row;
  story.may_go_on = row->another;
  if (row->ran_it) story.ran.insert(request.endpoint);
  const bool limited = request.fault == Fault::rate_limited && attempt.status == 429;
  story.again_at[request.endpoint] = limited ? end + request.retry_after : end;
  if (limited && call.plan.wait_for_rate_limits) story.last.erase(request.endpoint);
  const bool died = request.fault == Fault::idle_connection_died && attempt.kind == ErrorKind::connection;
  if (died && !std::exchange(story.free_retry_used, true)) story.owed = request.endpoint;
}

/// A call fails only when there is nothing left that it could try, with any of its models.
inline void Inspector::inspect_giving_up(const CallRecord& call, Story story) {
  if (call.committed) return;
  if (call.error.kind == ErrorKind::canceled)
    return require(call.plan.stop.has_value(), call, "canceled by nobody");
  if (has_deadline_passed(call) || !story.may_go_on) return;
  const bool any_served =
      std::ranges::any_of(call.models(), [&](std::size_t model) { return is_served(call, model); });
  require(any_served || (call.error.kind == ErrorKind::bad_request && call.requests.empty()), call,
          "asked for models that nobody serves");
  const std::size_t last = call.models().size() - 1;
  for (; story.model < last; story.begin_model(story.model + 1)) {
    inspect_giving_up_model(call, story, call.available, call.ended);
  }
  inspect_giving_up_model(call, story, call.available, call.ended);
}

/// A call gives up a model only when there is nothing left that it could try with it.
inline void Inspector::inspect_giving_up_model(const CallRecord& call, const Story& story,
                                               const std::vector<Availability>& availables, TimePoint now) {
  const std::vector<std::size_t> all = call.models();
  const std::size_t model = all[story.model];
  const bool is_last = std::none_of(all.begin() + static_cast<std::ptrdiff_t>(story.model) + 1, all.end(),
                                    [&](std::size_t one) { return is_served(call, one); });
  const nanoseconds longest_wait = call.plan.wait_for_rate_limits ? nanoseconds::max()
                                   : is_last                      ? nanoseconds(120s)
                                                                  : longest_backoff;
  const bool all_ran = static_cast<int>(story.ran.size()) >= max_endpoints();
  const bool says_so = call.error.message.find("retry budget is used up") != std::string::npos;
  require(!says_so || world_->plan().retry_budget, call, "it had no budget that could be used up");
  const bool is_end = model == all.back();  // of an earlier model nobody says whether the budget was used up
  const bool budget_used_up = is_end ? says_so : world_->plan().retry_budget.has_value();
  for (std::size_t index = 0; index < availables.size(); ++index) {
    const Availability& available = availables[index];
    if (!world_->serves(index, model, call)) continue;
    if (!available.admits && !asks_refusing()) continue;
    auto before = story.last.find(index);
    const bool tried = before != story.last.end();
    if (all_ran && !story.ran.contains(index)) continue;
    const bool may_retry = story.retries < call.max_retries || story.owed == index;
    if (tried && (!before->second.same || !may_retry)) continue;
    if (budget_used_up && (tried ? story.owed != index : !available.admits)) continue;
    TimePoint ready = now + available.cooldowns[model];
    ready = (std::max)(ready, story.not_before(index) + longest_backoff);
    require(ready >= call.deadline || ready - now > longest_wait, call,
            "it gave up model " + std::to_string(model) + " while endpoint-" + std::to_string(index) +
                " could be asked");
  }
}

inline void Inspector::inspect_answer(const CallRecord& call) {
  const WireRequest& last = call.served();
  if (call.plan.kind != CallPlan::Kind::post) {
    require(call.content == last.content, call, "not the answer that was sent to it");
    require(call.info.endpoint == "endpoint-" + std::to_string(last.endpoint), call,
            "answered by another endpoint than it says");
  }
  require(call.info.model == World::name_of(last.model), call, "answered by another model than it says");
  note(last, Outcome::success, call.ended, call.ended);
}

inline void Inspector::inspect_stream(const CallRecord& call) {
  const WireRequest& last = call.served();
  require(call.requests.back().at <= *call.committed, call, "a request after its stream was committed");
  require(last.content.starts_with(call.content), call, "a stream with words that its server did not send");
  // A probe has succeeded by then; for others this changes nothing.
  note(last, Outcome::success, *call.committed, *call.committed);
  if (call.fate != Fate::failed) return;
  switch (call.error.kind) {
    case ErrorKind::canceled: require(call.plan.stop.has_value(), call, "canceled by nobody"); break;
    case ErrorKind::timeout: require(has_deadline_passed(call), call, "no deadline passed"); break;
    default: {
      require(call.error.kind == ErrorKind::stream_interrupted, call, "broken without saying so");
      const std::set<Fault> breaking{Fault::broken, Fault::stalled, Fault::truncated, Fault::error_inside};
      require(breaking.contains(last.fault) || !steady(), call, "a stream broke that its server sent whole");
      note(last, Outcome::failure, call.ended, call.ended);
    }
  }
}

inline void Inspector::conclude() {
  observe();
  require(world_->transfers() == 0, "a transfer is left");
  for (const EndpointStatus& endpoint : world_->status()) {
    const Counts& counts = endpoint.counts;
    require(endpoint.in_flight == 0, endpoint.name + ": in flight when nothing runs");
    require(counts.requests == counts.total_successes + counts.total_failures + counts.total_exclusions,
            endpoint.name + ": a permit was not given back");
  }
  for (const auto& call : world_->calls()) {
    require(call->requests.empty() || call->requests.back().at <= call->ended, *call,
            "a request after its end");
  }
  inspect_transitions();
  inspect_spending();
  if (world_->plan().calm && !world_->plan().hedge) inspect_shares();
}

/// Hedges are at most the given fraction of the calls, and what the retry budget paid is no more than it had.
inline void Inspector::inspect_spending() {
  const WorldPlan& plan = world_->plan();
  const auto calls = static_cast<double>(world_->calls().size());
  constexpr double rounding = 1e-6;
  if (plan.hedge) {
    require(spending_.hedges <= plan.hedge->max_fraction * calls + rounding, "more hedges than max_fraction");
  }
  if (plan.retry_budget) {
    const std::chrono::duration<double> passed = world_->now() - world_->began();
    const double earned =
        plan.retry_budget->per_call * calls + plan.retry_budget->per_second * (passed.count() + 10.0);
    require(spending_.paid <= earned + rounding, "more retries than the retry budget has paid");
  }
}

/// A breaker changes its state only for an outcome of its present generation, or by time alone.
inline void Inspector::inspect_transitions() {
  std::map<std::size_t, TimePoint> previous;
  for (const Transition& change : world_->transitions()) {
    const TimePoint since =
        previous.contains(change.endpoint) ? previous[change.endpoint] : (TimePoint::min)();
    previous[change.endpoint] = change.at;
    const std::string name = "endpoint-" + std::to_string(change.endpoint);
    if (change.to == State::half_open) {
      require(change.at > since + world_->plan().endpoints[change.endpoint].breaker.timeout,
              name + ": half-open before its timeout");
      continue;
    }
    const Outcome cause = change.to == State::open ? Outcome::failure : Outcome::success;
    const bool has_cause = std::ranges::any_of(endings_, [&](const Ending& ending) {
      // What an earlier period still has to say counts for nothing, but a last resort's success does.
      const bool counts = ending.began >= since || (ending.last_resort && cause == Outcome::success);
      return ending.endpoint == change.endpoint && ending.outcome == cause && counts &&
             ending.earliest <= change.at && change.at <= ending.latest;
    });
    require(has_cause, name + ": its breaker went " + std::string(to_string(change.to)) + " without a cause");
  }
}

/// The shares of endpoints that are always healthy differ by at most one, whatever fails beside them.
inline void Inspector::inspect_shares() {
  std::map<std::size_t, int> shares;
  for (std::size_t index = 0; index < world_->plan().endpoints.size(); ++index) {
    if (world_->plan().endpoints[index].phases.empty()) shares[index] = 0;
  }
  for (std::size_t asked : world_->asked()) {
    if (!shares.contains(asked)) continue;
    ++shares[asked];
    const auto [least, most] =
        std::ranges::minmax_element(shares, {}, &std::pair<const std::size_t, int>::second);
    require(most->second - least->second <= 1, "the shares of healthy endpoints differ by more than one");
  }
}

}  // namespace openailb::simulation
