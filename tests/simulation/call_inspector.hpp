#pragma once

#include "simulation/attempt_inspector.hpp"
#include "simulation/breaker_inspector.hpp"
#include "simulation/inspection.hpp"
#include "simulation/record.hpp"
#include "simulation/world.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>

namespace openailb::simulation {

/// Looks into each call when it has ended: its limits, its secrets, and what came of it.
class CallInspector : Inspection {
 public:
  CallInspector(const World& world, Violations& violations, BreakerInspector& breakers,
                AttemptInspector& attempts)
      : Inspection(world, violations), breakers_(&breakers), attempts_(&attempts) {}

  void inspect(const CallRecord& call) {
    inspect_limits(call);
    inspect_secrecy(call);
    attempts_->inspect(call);
    if (call.fate == CallRecord::Fate::succeeded) inspect_answer(call);
    if (call.committed) inspect_stream(call);
  }

 private:
  void inspect_limits(const CallRecord& call);
  void inspect_secrecy(const CallRecord& call);
  void inspect_answer(const CallRecord& call);
  void inspect_stream(const CallRecord& call);

  BreakerInspector* breakers_;
  AttemptInspector* attempts_;
};

inline void CallInspector::inspect_limits(const CallRecord& call) {
  const std::size_t endpoints = call.plan.endpoint ? 1 : plan().endpoints.size();
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
    require(call.may_ask(request.endpoint), call, "a request to another endpoint than the only one to use");
    const Availability& its = request.available[request.endpoint];
    require(its.present, call, "a request to an endpoint that the client does not have");
    require(its.cooldowns[request.model] == 0ns, call, "a request during a cooldown");
    require(its.budget <= 1us, call, "a request beyond requests_per_minute");
    require(!call.plan.stop || !steady() || request.at <= call.began + *call.plan.stop, call,
            "a request after the stop");
  }
  if (!steady()) return;
  require(call.ended <= call.deadline, call, "it outlived its deadline");
  require(!call.plan.stop || call.ended <= call.began + *call.plan.stop, call, "it outlived its stop");
}

inline void CallInspector::inspect_secrecy(const CallRecord& call) {
  std::string all = call.error.message + call.error.body + call.error.type + call.error.code +
                    call.error.param + call.error.request_id + call.info.body;
  for (const auto& attempts : {call.error.attempts, call.info.attempts}) {
    for (const Attempt& attempt : attempts) all += attempt.message;
  }
  for (const auto& [name, value] : call.info.headers) all += value;
  require(all.find("sk-secret") == std::string::npos, call, "an API key shows");
}

inline void CallInspector::inspect_answer(const CallRecord& call) {
  const WireRequest& last = call.served();
  if (call.plan.kind != CallPlan::Kind::post) {
    require(call.content == last.content, call, "not the answer that was sent to it");
    require(call.info.endpoint == "endpoint-" + std::to_string(last.endpoint), call,
            "answered by another endpoint than it says");
  }
  require(call.info.model == World::name_of(last.model), call, "answered by another model than it says");
  breakers_->note(last, Outcome::success, call.ended, call.ended);
}

inline void CallInspector::inspect_stream(const CallRecord& call) {
  const WireRequest& last = call.served();
  require(call.requests.back().at <= *call.committed, call, "a request after its stream was committed");
  require(last.content.starts_with(call.content), call, "a stream with words that its server did not send");
  // A probe has succeeded by then; for others this changes nothing.
  breakers_->note(last, Outcome::success, *call.committed, *call.committed);
  if (call.fate != CallRecord::Fate::failed) return;
  switch (call.error.kind) {
    case ErrorKind::canceled: require(call.plan.stop.has_value(), call, "canceled by nobody"); break;
    case ErrorKind::timeout: require(call.has_deadline_passed(), call, "no deadline passed"); break;
    default: {
      require(call.error.kind == ErrorKind::stream_interrupted, call, "broken without saying so");
      const std::set<Fault> breaking{Fault::broken, Fault::stalled, Fault::truncated, Fault::error_inside};
      require(breaking.contains(last.fault) || !steady(), call, "a stream broke that its server sent whole");
      breakers_->note(last, Outcome::failure, call.ended, call.ended);
    }
  }
}

}  // namespace openailb::simulation
