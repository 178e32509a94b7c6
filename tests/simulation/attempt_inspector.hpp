#pragma once

#include "simulation/breaker_inspector.hpp"
#include "simulation/inspection.hpp"
#include "simulation/record.hpp"
#include "simulation/rules.hpp"
#include "simulation/world.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {

/// How many attempts of all calls were hedges, and how many the retry budget had to pay.
struct Spending {
  double hedges{};
  double paid{};
};

/// Looks at the attempts of each call that has ended: whether each was owed or allowed, whether another
/// endpoint's turn was before, and whether the call gave up too early.
class AttemptInspector : Inspection {
 public:
  AttemptInspector(const World& world, Violations& violations, BreakerInspector& breakers,
                   const Answers& answers, Spending& spending)
      : Inspection(world, violations), breakers_(&breakers), answers_(&answers), spending_(&spending) {}

  void inspect(const CallRecord& call);

 private:
  /// What a call knew of its endpoints when it did something, worked out from the servers' side. It begins
  /// anew with each model.
  struct Story {
    std::size_t model{};                          ///< the first, second, ... of the call's
    std::set<std::size_t> given_up{};             ///< those before
    bool asked{};                                 ///< for one of these
    std::map<std::size_t, Row> last{};            ///< by endpoint that was asked
    std::map<std::size_t, TimePoint> again_at{};  ///< not to be asked again before
    std::set<std::size_t> with_own_pace{};        ///< whose server said when, or whose connection had died
    std::set<std::size_t> ran{};
    int retries{};
    int late{};                         ///< attempts on endpoints that may have come too late to be free
    std::optional<std::size_t> owed{};  ///< whose kept connection has died, the first time in the call
    bool free_retry_used{};
    bool may_go_on{true};
    bool hedged{};

    void begin_model(std::size_t next) {
      given_up.insert(model);
      asked = asked || !last.empty();
      model = next;
      last.clear();
      again_at.clear();
      ran.clear();
      retries = late = 0;
      owed.reset();
    }
    TimePoint not_before(std::size_t endpoint) const {
      auto found = again_at.find(endpoint);
      return found == again_at.end() ? (TimePoint::min)() : found->second;
    }
  };
  static constexpr nanoseconds longest_backoff = 8s;

  /// The lowest comes first: of the first tier, what the scorer finds cheapest.
  std::pair<int, double> rank(const CallRecord& call, std::size_t endpoint) const {
    const bool by_whim = plan().scorer == ScorerPlan::whim;
    return {plan().endpoints[endpoint].priority, by_whim ? whim(endpoint, call.plan.session) : 0.0};
  }
  /// Whether the call may ask any endpoint for the model.
  bool is_served(const CallRecord& call, std::size_t model) const {
    for (std::size_t index = 0; index < plan().endpoints.size(); ++index) {
      if (world().serves(index, model, call)) return true;
    }
    return false;
  }
  /// Whether nobody ever serves those of the call's models that come after this one.
  bool is_last_served(const CallRecord& call, std::size_t index) const {
    const std::vector<std::size_t> all = call.models();
    return std::none_of(all.begin() + static_cast<std::ptrdiff_t>(index) + 1, all.end(),
                        [&](std::size_t model) { return is_served(call, model); });
  }
  static bool has_asked_all(const CallRecord& call, const Story& story, const std::vector<Availability>& now,
                            TimePoint at);
  void inspect_fallback(const CallRecord& call, Story& story, const WireRequest& request, bool at_once);
  void inspect_hedge(const CallRecord& call, Story& story, std::size_t index);
  void inspect_choice(const CallRecord& call, Story& story, const WireRequest& request);
  void add_failure(const CallRecord& call, Story& story, std::size_t index);
  std::optional<Row> row_of_timeout(const CallRecord& call, const WireRequest& request, Row row,
                                    TimePoint end);
  void inspect_giving_up(const CallRecord& call, Story story);
  void inspect_persistence(const CallRecord& call, const Story& story);
  void inspect_giving_up_model(const CallRecord& call, const Story& story,
                               const std::vector<Availability>& availables, TimePoint now);

  BreakerInspector* breakers_;
  const Answers* answers_;
  Spending* spending_;
};

/// That each attempt was one the call owed or was allowed, and that it did not give up too early.
inline void AttemptInspector::inspect(const CallRecord& call) {
  const std::vector<Attempt>& attempts = call.attempts();
  const bool answered = call.fate == CallRecord::Fate::succeeded || call.committed;
  if (!answered && call.fate != CallRecord::Fate::failed) {  // nobody knows how its attempts ended
    for (const WireRequest& request : call.requests) {
      for (Outcome outcome : {Outcome::success, Outcome::failure, Outcome::exclusion})
        breakers_->note(request, outcome, request.at, call.ended);
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
inline void AttemptInspector::inspect_fallback(const CallRecord& call, Story& story,
                                               const WireRequest& request, bool at_once) {
  const std::vector<std::size_t> all = call.models();
  if (plan().moves()) {  // an endpoint may have joined that serves a model that was passed over
    story.begin_model(static_cast<std::size_t>(std::ranges::find(all, request.model) - all.begin()));
    return require(!story.given_up.contains(story.model), call, "it went back to a model it had given up");
  }
  while (story.model + 1 < all.size() && request.model != all[story.model]) {
    if (at_once) inspect_giving_up_model(call, story, request.available, request.at);
    story.begin_model(story.model + 1);
  }
  require(request.model == all[story.model], call, "it went back to a model that it had given up");
}

/// A hedge is a call's only second attempt at the same time, and goes to another endpoint that admits.
inline void AttemptInspector::inspect_hedge(const CallRecord& call, Story& story, std::size_t index) {
  const WireRequest& request = call.requests[index];
  const std::optional<HedgeOptions>& hedge = plan().hedge;
  ++spending_->hedges;
  ++spending_->paid;
  require(hedge.has_value(), call, "a hedge although there is to be none");
  require(!std::exchange(story.hedged, true), call, "hedged twice");
  require(call.plan.kind != CallPlan::Kind::post && !call.plan.endpoint, call, "not to be hedged");
  const Availability& available = request.available[request.endpoint];
  require(!available.open && available.cooldowns[request.model] == 0ns, call,
          "a hedge on an endpoint that does not admit");
  require(!story.last.contains(request.endpoint), call, "a hedge on an endpoint that it has tried");
  require(static_cast<int>(story.ran.size()) + 1 < plan().max_endpoints, call,
          "a hedge beyond max_endpoints");
  if (!hedge || index == 0) return;
  const WireRequest& first = call.requests[index - 1];
  require(first.endpoint != request.endpoint, call, "hedged on the same endpoint");
  require(request.at >= first.at + hedge->delay, call, "hedged before the delay");
}

/// Whether a call has asked as many endpoints as it has seen at a time: to ask one that has come since is a
/// retry.
inline bool AttemptInspector::has_asked_all(const CallRecord& call, const Story& story,
                                            const std::vector<Availability>& now, TimePoint at) {
  std::size_t most = 0;
  const auto count = [&](const std::vector<Availability>& seen) {
    const auto present = std::ranges::count_if(seen, [](const Availability& one) { return one.present; });
    most = std::max(most, static_cast<std::size_t>(present));
  };
  for (const WireRequest& request : call.requests) {
    if (request.at <= at) count(request.available);
  }
  count(now);
  return story.last.size() >= most;
}

/// A breaker decides the order: one that refuses comes after all that admit and have not been tried.
inline void AttemptInspector::inspect_choice(const CallRecord& call, Story& story,
                                             const WireRequest& request) {
  const bool all_ran = static_cast<int>(story.ran.size()) >= plan().max_endpoints;
  const bool refuses = request.available[request.endpoint].open;
  auto before = story.last.find(request.endpoint);
  require(!all_ran || story.ran.contains(request.endpoint), call, "fed to more than max_endpoints");
  require(!refuses || asks_refusing(), call, "asked an open endpoint although it is to fail");
  if (story.owed == request.endpoint) return story.owed.reset();
  const bool is_first = story.last.empty() && !story.asked;
  const bool free = is_first || (before == story.last.end() && !refuses);
  if (!free) ++spending_->paid;
  const bool asked_all = has_asked_all(call, story, request.available, request.at);
  for (std::size_t other = 0; other < request.available.size(); ++other) {
    const bool untried = world().serves(other, request.model, call) && !story.last.contains(other) &&
                         other != request.endpoint && !asked_all;
    const bool passed_over = untried && !all_ran && request.available[other].now(request.model) &&
                             request.at > story.not_before(other) + longest_backoff;
    require(!passed_over || before == story.last.end(), call,
            "asked an endpoint again while another had not been tried");
    require(!passed_over || !refuses, call, "asked an open endpoint while another admitted");
    const bool has_turn = passed_over && !story.hedged && request.available[other].sure_turn;
    const bool comes_first = has_turn && rank(call, other) < rank(call, request.endpoint);
    require(!comes_first || refuses || before != story.last.end(), call,
            "asked an endpoint although another came first");
  }
  require(request.at >= story.not_before(request.endpoint), call, "asked again before the time");
  if (before == story.last.end()) {
    if (asked_all) ++story.late;
    return;
  }
  require(story.retries < call.max_retries, call, "retried more often than max_retries");
  require(before->second.same, call, "asked an endpoint again that would fail again");
  ++story.retries;
}

/// What a timeout means: nothing about an endpoint that was not given the time it needs.
inline std::optional<Row> AttemptInspector::row_of_timeout(const CallRecord& call, const WireRequest& request,
                                                           Row row, TimePoint end) {
  const nanoseconds given = std::min(call.timeout, call.deadline - request.at);
  const nanoseconds usual =
      call.streams() ? shorter(plan().timeout, plan().first_token_timeout) : plan().timeout;
  if (end >= call.deadline) row.another = row.same = false;
  const nanoseconds took = end - request.at;
  const bool connected = took >= request.connects_after;
  if (!connected) row.ran_it = false;
  if (!connected && took < given) {  // it had not all the time that the call gives
    if (took >= ClientOptions().connect_timeout) return row;
    if (world().may_have_connected(request.endpoint, end)) {
      breakers_->note(request, Outcome::failure, end, end);  // if it is known to connect faster
    }
    row.breaker = Outcome::exclusion;
    return row;
  }
  if (given >= usual) return row;
  const std::optional<bool> blames =
      answers_->blames(request.endpoint, call.streams(), request.at, request.at + given);
  const bool may_know = connected || world().may_have_connected(request.endpoint, end);
  const bool open_question = !blames || (blames == true && !connected);
  if (open_question && may_know) breakers_->note(request, Outcome::failure, end, end);  // as well
  if (blames != true || !connected) row.breaker = Outcome::exclusion;
  return row;
}

inline void AttemptInspector::add_failure(const CallRecord& call, Story& story, std::size_t index) {
  const WireRequest& request = call.requests[call.request_of(index)];
  const Attempt& attempt = call.attempts()[index];
  const TimePoint end = request.at + attempt.elapsed;
  if (was_lost(attempt)) {
    require(story.hedged, call, "an attempt lost although there was no other");
    return breakers_->note(request, Outcome::exclusion, end, end);
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
  breakers_->note(request, row->breaker, end, end);
  story.last[request.endpoint] = *row;
  story.may_go_on = row->another;
  if (row->ran_it) story.ran.insert(request.endpoint);
  const bool limited = request.fault == Fault::rate_limited && attempt.status == 429;
  story.again_at[request.endpoint] = limited ? end + request.retry_after : end;
  if (limited && call.plan.wait_for_rate_limits) story.last.erase(request.endpoint);
  const bool died = request.fault == Fault::idle_connection_died && attempt.kind == ErrorKind::connection;
  if (limited || died) story.with_own_pace.insert(request.endpoint);
  if (died && !std::exchange(story.free_retry_used, true)) story.owed = request.endpoint;
}

/// A call fails only when there is nothing left that it could try, with any of its models. If it has waited
/// since its last attempt, nobody knows with which of them, and what it saw when it gave up those before.
inline void AttemptInspector::inspect_giving_up(const CallRecord& call, Story story) {
  if (call.committed) return;
  if (call.error.kind == ErrorKind::canceled)
    return require(call.plan.stop.has_value(), call, "canceled by nobody");
  if (call.has_deadline_passed() || !story.may_go_on) return;
  if (plan().moves() && !call.plan.fallbacks.empty()) return;  // nobody knows who served which of them when
  const std::size_t attempts = call.attempts().size();
  const bool at_once = call.ended == (attempts == 0 ? call.began : call.end_of(attempts - 1));
  while (!is_last_served(call, story.model)) {
    if (at_once) inspect_giving_up_model(call, story, call.available, call.ended);
    story.begin_model(story.model + 1);
  }
  require(is_served(call, call.models()[story.model]) ||
              (call.error.kind == ErrorKind::bad_request && call.requests.empty()),
          call, "asked for models that nobody serves");
  inspect_giving_up_model(call, story, call.available, call.ended);
  inspect_persistence(call, story);
}

/// A call that has made all of its retries went on as long as it would have with any one of the endpoints
/// that it could ask again.
inline void AttemptInspector::inspect_persistence(const CallRecord& call, const Story& story) {
  if (!steady() || !asks_refusing() || plan().moves() || call.models().size() > 1) return;
  if (call.max_retries == 0 || story.retries < call.max_retries || call.plan.wait_for_rate_limits) return;
  nanoseconds least{};
  for (int retry = 0; retry < call.max_retries; ++retry) {
    least += detail::backoff(static_cast<unsigned>(retry), 1.0);
  }
  if (call.began + least * 4 / 3 >= call.deadline) return;
  const bool all_ran = static_cast<int>(story.ran.size()) >= plan().max_endpoints;
  for (const auto& [endpoint, row] : story.last) {
    const bool has_own_pace = story.with_own_pace.contains(endpoint);
    if (!row.same || has_own_pace || (all_ran && !story.ran.contains(endpoint))) continue;
    require(call.requests.back().at >= call.began + least, call,
            "it gave up sooner than with endpoint-" + std::to_string(endpoint) + " alone");
  }
}

/// A call gives up a model only when there is nothing left that it could try with it.
inline void AttemptInspector::inspect_giving_up_model(const CallRecord& call, const Story& story,
                                                      const std::vector<Availability>& availables,
                                                      TimePoint now) {
  const std::size_t model = call.models()[story.model];
  const bool is_last = is_last_served(call, story.model);
  const nanoseconds longest_wait = call.plan.wait_for_rate_limits ? nanoseconds::max()
                                   : is_last                      ? nanoseconds(120s)
                                                                  : longest_backoff;
  const bool all_ran = static_cast<int>(story.ran.size()) >= plan().max_endpoints;
  const bool says_so = call.error.message.find("retry budget is used up") != std::string::npos;
  require(!says_so || plan().retry_budget, call, "it had no budget that could be used up");
  // Of an earlier model nobody says whether the budget was used up.
  const bool budget_exhausted = is_last ? says_so : plan().retry_budget.has_value();
  const bool asked_all = has_asked_all(call, story, availables, now);
  for (std::size_t index = 0; index < availables.size(); ++index) {
    const Availability& available = availables[index];
    if (!available.present || !world().serves(index, model, call)) continue;
    if (!available.admits && !asks_refusing()) continue;
    auto before = story.last.find(index);
    const bool tried = before != story.last.end();
    if (all_ran && !story.ran.contains(index)) continue;
    const bool may_retry = story.retries + story.late < call.max_retries || story.owed == index;
    if (asked_all && !may_retry) continue;
    if (tried && (!before->second.same || !may_retry)) continue;
    if (budget_exhausted && (tried ? story.owed != index : !available.admits)) continue;
    if (!available.sure_budget) continue;
    TimePoint ready = now + std::max(available.cooldowns[model], available.budget);
    ready = (std::max)(ready, story.not_before(index) + longest_backoff);
    require(ready >= call.deadline || ready - now > longest_wait, call,
            "it gave up model " + std::to_string(model) + " while endpoint-" + std::to_string(index) +
                " could be asked");
  }
}

}  // namespace openailb::simulation
