#pragma once

#include "simulation/concurrent.hpp"
#include "simulation/plan.hpp"
#include "simulation/record.hpp"
#include "simulation/request_times.hpp"
#include <openailb/openailb.hpp>
#include <openailb/testing/simulated_network.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {

using namespace detail;

/// A state change of an endpoint's breaker.
struct Transition {
  std::size_t endpoint{};
  State to{};
  TimePoint at{};
};

/// A world at work: real client, balancer, endpoints, breakers and streams on a simulated network. How its
/// callers make their calls is left to TaskWorld and AsyncWorld.
class World {
 public:
  explicit World(const WorldPlan& plan);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World() = default;

  /// Runs all callers to their end. Calls `observe` after every event.
  virtual void run(const std::function<void()>& observe) = 0;
  virtual std::vector<EndpointStatus> status() const = 0;

  const WorldPlan& plan() const noexcept { return plan_; }
  TimePoint now() const noexcept { return net_.network.now(); }
  TimePoint began() const noexcept { return began_; }
  std::size_t transfers() const noexcept { return net_.network.in_flight(); }
  std::size_t running() const noexcept { return running_; }
  const std::vector<std::unique_ptr<CallRecord>>& calls() const noexcept { return calls_; }
  /// The endpoints in the order in which they were asked.
  const std::vector<std::size_t>& asked() const noexcept { return asked_; }
  const std::vector<Transition>& transitions() const noexcept { return transitions_; }
  static std::size_t index_of(const EndpointStatus& endpoint) {
    return std::stoul(endpoint.name.substr(std::string("endpoint-").size()));
  }
  /// Of every endpoint, now.
  std::vector<Availability> available() const;

  /// What the endpoint's requests per minute are counted by.
  std::string quota(std::size_t endpoint) const {
    const std::string& group = plan_.endpoints[endpoint].quota_group;
    return group.empty() ? name(endpoint) : group;
  }
  /// Whether the client may know by then what connecting to the endpoint takes.
  bool may_have_connected(std::size_t endpoint, TimePoint by) const {
    const auto found = connected_at_.find(endpoint);
    return found != connected_at_.end() && found->second <= by;
  }
  static std::string key(std::size_t endpoint) { return "sk-secret-" + std::to_string(endpoint) + "-secret"; }
  /// Whether the call may ask the endpoint for the model, if the client has the endpoint.
  bool serves(std::size_t endpoint, std::size_t model, const CallRecord& call) const {
    return plan_.endpoints[endpoint].lacks != model && call.may_ask(endpoint);
  }
  static std::string name_of(std::size_t model) { return "model-" + std::to_string(model); }
  std::string wire_model(std::size_t endpoint, std::size_t model) const {
    const std::string name = name_of(model);
    return plan_.endpoints[endpoint].maps_models ? name + "-at-" + std::to_string(endpoint) : name;
  }

 protected:
  struct UserError : std::runtime_error {
    UserError() : std::runtime_error("the user's own") {}
  };

  virtual void add(EndpointConfig endpoint) = 0;
  virtual void remove(const std::string& name) = 0;
  virtual void replace(std::vector<EndpointConfig> endpoints) = 0;

  static std::string name(std::size_t endpoint) { return "endpoint-" + std::to_string(endpoint); }
  /// Those that the client has now.
  std::vector<EndpointConfig> endpoints();
  ClientOptions options();
  CallRecord& begin(const CallPlan& plan);
  void end(CallRecord& record, CallRecord::Fate fate);
  static CallRecord::Fate take_note(CallRecord& record, const Result<ChatCompletion>& answer);
  static CallRecord::Fate take_note(CallRecord& record, const Result<JsonResponse>& answer);
  ChatCompletionCreateParams params(const CallRecord& record) const;
  nlohmann::json body(const CallRecord& record) const;
  RequestOptions options(const CallRecord& record);

  ConcurrentNetwork net_{};

 private:
  EndpointConfig configuration(std::size_t index);
  testing::SimulatedAnswer serve(std::size_t index, const HttpRequest& request);
  void maybe_throw(Thrower from) {
    if (plan_.thrower == from && random_.chance(0.1)) throw UserError();
  }

  std::size_t model_of(std::size_t endpoint, const CallRecord& record, const std::string& wire_model) const;
  void move(std::size_t index, bool joins);
  bool is_present(std::size_t index) const { return present_.contains(index); }
  nanoseconds budget_wait(std::size_t index) const;
  EndpointScorer scorer() const;

  WorldPlan plan_;
  Random random_;
  TimePoint began_{net_.network.now()};
  std::vector<testing::SimulatedServer> servers_{};
  std::vector<std::unique_ptr<CallRecord>> calls_{};
  std::vector<std::size_t> asked_{};
  std::vector<Transition> transitions_{};
  std::size_t running_{};
  std::set<std::size_t> present_{};
  std::set<std::size_t> slow_to_connect_{};
  std::map<std::size_t, TimePoint> connected_at_{};  // for the first time, by endpoint
  std::map<std::string, RequestTimes> sent_{};       // by quota, also while no endpoint has it
};

inline World::World(const WorldPlan& plan) : plan_(plan), random_(plan.seed ^ 0x5eed) {
  for (std::size_t index = 0; index < plan_.endpoints.size(); ++index) {
    const EndpointPlan& endpoint = plan_.endpoints[index];
    servers_.emplace_back(testing::ServerBehaviour{.latency = endpoint.latency,
                                                   .connect_time = endpoint.connect_time,
                                                   .chunk_interval = endpoint.chunk_interval},
                          endpoint.seed);
    net_.network.serve("https://" + name(index) + ".example",
                       [this, index](const HttpRequest& request) { return serve(index, request); });
    if (endpoint.joins > 0s) {
      net_.network.at(now() + endpoint.joins, [this, index] { move(index, true); });
    } else {
      present_.insert(index);
    }
    if (endpoint.leaves) net_.network.at(now() + *endpoint.leaves, [this, index] { move(index, false); });
    for (const Phase& phase : endpoint.phases) {
      net_.network.at(now() + phase.from,
                      [this, index, faults = phase.faults] { servers_[index].behaviour().faults = faults; });
    }
  }
  for (const auto& [at, by] : plan_.jumps) net_.network.at(now() + at, [this, by] { net_.network.jump(by); });
}

/// Lets an endpoint join the client's, or leave them.
inline void World::move(std::size_t index, bool joins) {
  if (joins) {
    present_.insert(index);
  } else {
    present_.erase(index);
  }
  if (plan_.replaces) {
    replace(endpoints());
  } else if (joins) {
    add(configuration(index));
  } else {
    remove(name(index));
  }
}

/// How long the endpoint's requests per minute are used up.
inline nanoseconds World::budget_wait(std::size_t index) const {
  const int per_minute = plan_.endpoints[index].requests_per_minute;
  const auto found = sent_.find(quota(index));
  if (per_minute == 0 || found == sent_.end()) return 0ns;
  return std::max(found->second.next(per_minute) - now(), nanoseconds(0));
}

/// Takes note of a request and answers it with words that no other answer has.
inline testing::SimulatedAnswer World::serve(std::size_t index, const HttpRequest& request) {
  CallRecord& record = *calls_.at(std::stoul(std::string(header(request.headers, "x-call"))));
  const Fault fault = servers_[index].next_fault();
  WireRequest arrived{.endpoint = index, .at = now(), .fault = fault, .available = available()};
  arrived.content = "call " + record.id + " request " + std::to_string(record.requests.size()) +
                    " has been answered with a few words of its own";
  const bool key_is_its_own = header(request.headers, "Authorization") == "Bearer " + key(index);
  if (!key_is_its_own) throw std::logic_error("a request with another's key");
  arrived.model = model_of(index, record, nlohmann::json::parse(request.body).at("model"));
  const bool never_connects = fault == Fault::black_hole;
  arrived.connects_after = never_connects ? nanoseconds::max() : plan_.endpoints[index].connect_time;
  if (arrived.connects_after >= ClientOptions().failover_connect_timeout) slow_to_connect_.insert(index);
  if (!never_connects) connected_at_.emplace(index, now() + arrived.connects_after);
  // Not the same each time, so that a shorter wait can arrive after a longer one.
  const nanoseconds longest = plan_.endpoints[index].retry_after;
  arrived.retry_after = random_.between(longest / 10, longest);
  servers_[index].behaviour().retry_after = arrived.retry_after;
  servers_[index].behaviour().content = [content = arrived.content](const HttpRequest&) { return content; };
  record.requests.push_back(std::move(arrived));
  asked_.push_back(index);
  sent_[quota(index)].add(now());
  return servers_[index].answer(request, fault);
}

/// Which of its models a call has asked an endpoint for.
inline std::size_t World::model_of(std::size_t endpoint, const CallRecord& record,
                                   const std::string& wire_model) const {
  for (const std::size_t model : record.models()) {
    const bool is_it = wire_model == this->wire_model(endpoint, model);
    if (is_it && serves(endpoint, model, record)) return model;
  }
  throw std::logic_error("a request for a model that is not the call's, or not the endpoint's");
}

inline std::vector<Availability> World::available() const {
  std::vector<Availability> available(plan_.endpoints.size());
  const int others = plan_.hedge ? static_cast<int>(running_) : static_cast<int>(running_ - transfers());
  for (const EndpointStatus& endpoint : status()) {
    const std::size_t index = index_of(endpoint);
    const EndpointPlan& plan = plan_.endpoints[index];
    const Counts& counts = endpoint.counts;
    const bool has_room = endpoint.state != State::half_open ||
                          counts.requests - counts.total_exclusions < plan.breaker.max_requests;
    const int most = plan.max_in_flight;
    available[index] = {.present = true,
                        .open = endpoint.state == State::open,
                        .admits = endpoint.state != State::open && has_room,
                        .budget = budget_wait(index),
                        .sure_budget = plan.requests_per_minute == 0 || plan_.thrower != Thrower::api_key,
                        .free_seat = most == 0 || endpoint.in_flight < most,
                        .sure_turn = !slow_to_connect_.contains(index),
                        .sure_seat = most == 0 || endpoint.in_flight + others <= most};
    for (std::size_t model = 0; model < models; ++model) {
      const auto cooldown = endpoint.cooldowns.find(wire_model(index, model));
      if (cooldown != endpoint.cooldowns.end()) available[index].cooldowns[model] = cooldown->second;
    }
  }
  return available;
}

inline CallRecord& World::begin(const CallPlan& plan) {
  auto record = std::make_unique<CallRecord>(CallRecord{.plan = plan, .id = std::to_string(calls_.size())});
  record->began = now();
  record->deadline = now() + plan.deadline.value_or(plan_.deadline);
  record->max_retries = plan.max_retries.value_or(plan_.max_retries);
  record->timeout = plan.timeout.value_or(plan_.timeout);
  if (record->streams()) record->timeout = shorter(record->timeout, plan_.first_token_timeout);
  ++running_;
  return *calls_.emplace_back(std::move(record));
}

inline void World::end(CallRecord& record, CallRecord::Fate fate) {
  record.fate = fate;
  record.ended = now();
  record.available = available();
  --running_;
}

inline CallRecord::Fate World::take_note(CallRecord& record, const Result<ChatCompletion>& answer) {
  if (answer) record.info = answer->info;
  if (answer) record.content = answer->choices[0].message.content;
  if (!answer) record.error = answer.error();
  return answer ? CallRecord::Fate::succeeded : CallRecord::Fate::failed;
}

inline CallRecord::Fate World::take_note(CallRecord& record, const Result<JsonResponse>& answer) {
  if (answer) record.info = answer->info;
  if (!answer) record.error = answer.error();
  return answer ? CallRecord::Fate::succeeded : CallRecord::Fate::failed;
}

inline ChatCompletionCreateParams World::params(const CallRecord& record) const {
  return {.model = name_of(record.plan.model), .messages = {user_message("Hello!")}};
}

inline nlohmann::json World::body(const CallRecord& record) const {
  return {{"model", name_of(record.plan.model)}, {"input", "Hello!"}};
}

/// Those of a call that begins now.
inline RequestOptions World::options(const CallRecord& record) {
  const CallPlan& plan = record.plan;
  auto stop = std::make_shared<std::stop_source>();
  if (plan.stop) net_.network.at(now() + *plan.stop, [stop] { stop->request_stop(); });
  RequestOptions options{.timeout = plan.timeout,
                         .deadline = plan.deadline,
                         .max_retries = plan.max_retries,
                         .wait_for_rate_limits = plan.wait_for_rate_limits};
  options.session = std::to_string(plan.session);
  options.extra_headers["x-call"] = record.id;
  options.stop_token = stop->get_token();
  for (const std::size_t model : plan.fallbacks) options.fallback_models.push_back(name_of(model));
  if (plan.endpoint) options.endpoint = name(*plan.endpoint);
  return options;
}

}  // namespace openailb::simulation
