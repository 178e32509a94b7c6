#pragma once

#include "simulation/plan.hpp"
#include <openailb/openailb.hpp>

#include <ostream>
#include <type_traits>

namespace openailb::simulation {

/// A plan in words, for the person who looks into what went wrong in it.
inline std::ostream& operator<<(std::ostream& out, const WorldPlan& plan) {
  const auto text = [](nanoseconds duration) { return openailb::detail::duration_text(duration); };
  const auto option = [&](const char* name, const auto& value) {
    if constexpr (std::is_same_v<decltype(*value), const nanoseconds&>) {
      if (value) out << ", " << name << ' ' << text(*value);
    } else {
      if (value) out << ", " << name << ' ' << *value;
    }
  };
  out << "world " << plan.seed << (plan.calm ? " (calm)" : "") << (plan.async ? " (async)" : "")
      << ": max_retries " << plan.max_retries << ", max_endpoints " << plan.max_endpoints
      << ", when_all_open " << static_cast<int>(plan.when_all_open) << ", timeout " << text(plan.timeout)
      << ", first token " << text(plan.first_token_timeout) << ", idle " << text(plan.idle_timeout)
      << ", deadline " << text(plan.deadline) << ", thrower " << static_cast<int>(plan.thrower) << '\n';
  out << "  scorer " << static_cast<int>(plan.scorer) << ", in flight at most " << plan.max_in_flight
      << (plan.replaces ? ", the fleet is replaced" : "") << '\n';
  if (plan.hedge) {
    out << "  hedges after " << text(plan.hedge->delay) << " or percentile " << plan.hedge->percentile
        << ", at most " << plan.hedge->max_fraction << '\n';
  }
  if (plan.retry_budget) {
    out << "  retry budget: " << plan.retry_budget->per_call << " per call, " << plan.retry_budget->per_second
        << " per second\n";
  }
  for (const auto& [at, by] : plan.jumps)
    out << "  at " << text(at) << " the clock jumps by " << text(by) << '\n';
  for (const EndpointPlan& endpoint : plan.endpoints) {
    out << "  an endpoint: latency " << text(endpoint.latency) << ", retry_after "
        << text(endpoint.retry_after) << ", opens after " << endpoint.failures_to_open << " for "
        << text(endpoint.breaker.timeout) << ", probes " << endpoint.breaker.max_requests << ", weight "
        << endpoint.weight << ", priority " << endpoint.priority;
    if (endpoint.connect_time > 0s) out << ", connects in " << text(endpoint.connect_time);
    if (endpoint.max_in_flight > 0) out << ", in flight at most " << endpoint.max_in_flight;
    if (endpoint.requests_per_minute > 0) out << ", requests per minute " << endpoint.requests_per_minute;
    if (!endpoint.quota_group.empty()) out << ", in " << endpoint.quota_group;
    if (endpoint.joins > 0s) out << ", joins after " << text(endpoint.joins);
    if (endpoint.leaves) out << ", leaves after " << text(*endpoint.leaves);
    option("without model", endpoint.lacks);
    out << '\n';
    for (const Phase& phase : endpoint.phases) {
      out << "    from " << text(phase.from) << ':';
      for (const auto& [fault, share] : phase.faults) out << ' ' << to_string(fault) << ' ' << share;
      out << '\n';
    }
  }
  for (const auto& calls : plan.callers) {
    out << "  a caller:\n";
    for (const CallPlan& call : calls) {
      out << "    after " << text(call.pause) << ' ' << to_string(call.kind) << " of model " << call.model;
      for (const std::size_t model : call.fallbacks) out << " or " << model;
      option("stopped after", call.stop);
      option("dropped after", call.drop);
      option("on endpoint", call.endpoint);
      option("timeout", call.timeout);
      option("deadline", call.deadline);
      option("max_retries", call.max_retries);
      if (plan.scorer != ScorerPlan::none) out << ", session " << call.session;
      if (call.wait_for_rate_limits) out << ", waits for rate limits";
      if (plan.async && call.by_function) out << ", by function";
      out << '\n';
    }
  }
  return out;
}

}  // namespace openailb::simulation
