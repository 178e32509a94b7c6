#pragma once

#include <openailb/detail/balance/account_limits.hpp>
#include <openailb/detail/balance/attempt_lease.hpp>
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/balance/round_robin.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/header_checks.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/detail/wire/model_patterns.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/endpoint_status.hpp>
#include <openailb/values/http.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// One endpoint: a base URL and a key, with a circuit breaker and a model map of its own. It makes the HTTP
/// request of a call, and admits attempts.
class Endpoint {
 public:
  /// `config` has a name. Throws std::invalid_argument if it is not valid.
  Endpoint(std::size_t id, EndpointConfig config, const ClientOptions& options);
  /// Before anything else: what it shares with others, or has from the endpoint that had its name before.
  void attach_state(std::shared_ptr<EndpointHealth> health, std::shared_ptr<AccountLimits> quota);

  /// Another endpoint of that name would have the same.
  std::size_t id() const noexcept { return id_; }
  const EndpointConfig& config() const noexcept { return config_; }
  const std::string& name() const noexcept { return config_.name; }
  /// The base URL without its query.
  const std::string& base_url() const noexcept { return shown_url_; }
  const ClientOptions& options() const noexcept { return *options_; }
  /// The values of the configuration that no message may show. A key that rotates is not among them.
  const std::vector<std::string>& secrets() const noexcept { return secrets_; }

  const std::shared_ptr<EndpointHealth>& health() const noexcept { return health_; }
  const std::shared_ptr<AccountLimits>& account() const noexcept { return account_; }
  EndpointStatus status(TimePoint now) const;

  /// Who wants to make an attempt.
  struct AcquireRequest {
    const Call& call;
    ConcurrencyLimit* client_limit;   ///< null: their number is not limited
    const WaitQueue::Ticket* ticket;  ///< where it has waited for a slot; null: nowhere
  };
  /// Admits an attempt. Null when there is no slot, the quota is used up, or the breaker refuses.
  std::optional<AttemptLease> admit(const AcquireRequest& who, TimePoint now) const;
  /// The same, but as a last resort when the breaker refuses.
  std::optional<AttemptLease> admit_despite_open_breaker(const AcquireRequest& who, TimePoint now) const;
  RoundRobinState& turn() const noexcept { return turn_; }
  /// Hedges have turns of their own. If they took those of calls, a slow endpoint, which gets no hedges,
  /// would get more calls.
  RoundRobinState& hedge_turn() const noexcept { return hedge_turn_; }

  /// The name of the call's model at this endpoint; empty when the call has none.
  std::string wire_model(const Call& call) const {
    return call.model ? models_.name_of(*call.model) : std::string{};
  }
  /// Whether a model may be asked for here; null: the call has none.
  bool serves(const std::optional<std::string>& model) const { return !model || served_.has(*model); }
  /// Until when the call has to wait because of rate limits.
  TimePoint limited_until(const Call& call, TimePoint now) const {
    return account_->limits_any() ? account_->until(cost(call), now) : (TimePoint::min)();
  }
  /// Whether the limits of its account are used up, by what an answer has said.
  bool is_exhausted(const Call& call, TimePoint now) const {
    const Cooldowns& cooldowns = account_->cooldowns();
    return cooldowns.any() && cooldowns.is_exhausted(wire_model(call), now);
  }

  /// Whether it has refused the call's model again and again.
  bool refuses(const Call& call, TimePoint now) const {
    const RefusedModels& refused = health_->refused_models;
    return refused.any() && refused.is_left_alone(wire_model(call), now);
  }

  /// The key to use now.
  Result<std::string> key() const;
  Result<Url> url(const Call& call) const;
  /// The HTTP request of a call, without its URL. `attempts_before` is how many the call has made.
  HttpRequest http_request(const Call& call, std::string_view key, std::size_t attempts_before) const;

 private:
  std::optional<AttemptLease::Reservation> reserve(const AcquireRequest& who, TimePoint now) const;
  RequestCost cost(const Call& call) const { return {wire_model(call), expected_tokens(call)}; }
  /// Not more than a minute's: what a request sets as the most for its answer is seldom what it takes.
  double expected_tokens(const Call& call) const {
    return (std::min)(call.expected_tokens, static_cast<double>(config_.tokens_per_minute));
  }
  Headers headers(const Call& call, std::string_view key, std::size_t attempts_before) const;
  std::string body(const Call& call) const;
  std::vector<BodyPart> parts(const Call& call) const;

  std::size_t id_;
  EndpointConfig config_;
  const ClientOptions* options_;
  Headers default_headers_;
  std::vector<std::string> secrets_;
  Url base_url_;
  std::string shown_url_;
  ModelMap models_;
  ModelList served_;
  JsonBody extra_body_;
  mutable RoundRobinState turn_;
  mutable RoundRobinState hedge_turn_;
  std::shared_ptr<EndpointHealth> health_{};
  std::shared_ptr<AccountLimits> account_{};
};

inline Endpoint::Endpoint(std::size_t id, EndpointConfig config, const ClientOptions& options)
    : id_(id),
      config_(std::move(config)),
      options_(&options),
      default_headers_(endpoint_headers(config_, options)),
      secrets_(endpoint_secrets(config_, options)),
      base_url_(checked_base_url(config_, default_headers_)),
      shown_url_(base_url_.display()),
      models_(config_.model_map),
      served_(config_.models),
      extra_body_(config_.extra_body),
      turn_(config_.weight),
      hedge_turn_(config_.weight) {
  merge_query(base_url_.query, options.default_query);
  merge_query(base_url_.query, config_.query);
}

inline void Endpoint::attach_state(std::shared_ptr<EndpointHealth> health,
                                   std::shared_ptr<AccountLimits> quota) {
  health_ = std::move(health);
  account_ = std::move(quota);
}

inline EndpointStatus Endpoint::status(TimePoint now) const {
  return {.name = name(),
          .base_url = base_url(),
          .state = health_->breaker.state(now),
          .counts = health_->breaker.counts(),
          .in_flight = health_->concurrency.in_flight(),
          .cooldowns = account_->cooldowns().remaining(now)};
}

inline std::optional<AttemptLease::Reservation> Endpoint::reserve(const AcquireRequest& who,
                                                                  TimePoint now) const {
  AttemptLease::Reservation reservation{.tokens = expected_tokens(who.call)};
  if (!health_->concurrency.try_acquire(who.ticket)) return std::nullopt;
  reservation.at_endpoint.reset(&health_->concurrency);
  if (who.client_limit != nullptr) {
    if (!who.client_limit->try_acquire(who.ticket)) return std::nullopt;
    reservation.client_limit.reset(who.client_limit);
  }
  if (account_->limits_any() && !account_->take(cost(who.call), now)) return std::nullopt;
  return reservation;
}

inline std::optional<AttemptLease> Endpoint::admit(const AcquireRequest& who, TimePoint now) const {
  std::optional<AttemptLease> admitted;
  std::optional<Permit> permit = health_->breaker.acquire(now);
  if (!permit) return admitted;
  std::optional<AttemptLease::Reservation> reservation = reserve(who, now);
  if (reservation) admitted.emplace(*health_, *account_, *std::move(reservation), std::move(permit), now);
  return admitted;
}

inline std::optional<AttemptLease> Endpoint::admit_despite_open_breaker(const AcquireRequest& who,
                                                                        TimePoint now) const {
  std::optional<AttemptLease> admitted;
  std::optional<AttemptLease::Reservation> reservation = reserve(who, now);
  if (reservation) {
    admitted.emplace(*health_, *account_, *std::move(reservation), health_->breaker.acquire(now), now);
  }
  return admitted;
}

inline Result<std::string> Endpoint::key() const {
  std::string key = config_.api_key();
  if (!has_control_character(key)) return key;
  return Error{.kind = ErrorKind::authentication,
               .message = "not sent: api_key gave a key with a control character"};
}

/// Whether Azure has a path for each deployment of a model; all others have none (as openai-python knows).
inline bool is_of_a_deployment(std::string_view path) {
  path = path.substr(0, path.find('?'));
  for (const std::string_view one :
       {"/completions", "/chat/completions", "/embeddings", "/audio/transcriptions", "/audio/translations",
        "/audio/speech", "/images/generations", "/images/edits"}) {
    if (path == one) return true;
  }
  return false;
}

inline Result<Url> Endpoint::url(const Call& call) const {
  Url base = base_url_;
  constexpr std::string_view deployment = "/deployments/{model}", placeholder = "{model}";
  if (base.path.ends_with(deployment) && !is_of_a_deployment(call.path)) {
    base.path.resize(base.path.size() - deployment.size());
  }
  for (std::size_t at = 0; (at = base.path.find(placeholder, at)) != std::string::npos;) {
    if (!call.model) {
      return Error{.kind = ErrorKind::bad_request,
                   .message = "not sent: base_url has {model} in it, and this call names no model"};
    }
    const std::string model = percent_encode(wire_model(call));
    base.path.replace(at, placeholder.size(), model);
    at += model.size();
  }
  Result<Url> joined = join(std::move(base), call.path);
  if (joined) merge_query(joined->query, call.query);
  return joined;
}

inline HttpRequest Endpoint::http_request(const Call& call, std::string_view key,
                                          std::size_t attempts_before) const {
  return HttpRequest{.method = call.method,
                     .headers = headers(call, key, attempts_before),
                     .body = body(call),
                     .parts = parts(call),
                     .max_response_size = options_->max_response_size};
}

inline Headers Endpoint::headers(const Call& call, std::string_view key, std::size_t attempts_before) const {
  Headers headers = default_headers_;
  headers.try_emplace("Accept", call.accept);
  if (!call.body.empty()) {
    headers.try_emplace("Content-Type", "application/json");
  } else if (!call.parts.empty()) {
    headers.erase("Content-Type");  // it names the boundary between the parts, which only the transport knows
  } else if (always_has_body(call.method)) {
    headers.try_emplace("Content-Type", "");  // or libcurl would send a type of its own
  }
  // As both official SDKs send it to the vector stores.
  if (call.path.starts_with("/vector_stores")) headers.try_emplace("OpenAI-Beta", "assistants=v2");
  headers.try_emplace("x-stainless-retry-count",
                      std::to_string(attempts_before));  // as the official SDKs send it
  // The endpoint's own key overrides a default header of the client's, and its own header overrides the key.
  if (!key.empty() && !config_.headers.contains("Authorization")) {
    headers.insert_or_assign("Authorization", std::string("Bearer ").append(key));
  }
  for (const auto& [name, value] : call.headers) headers.insert_or_assign(name, value);
  return headers;
}

inline std::string Endpoint::body(const Call& call) const {
  if (!call.body.is_object() || extra_body_.empty()) return call.body.text(wire_model(call));
  JsonBody merged = call.body;
  merged.merge(extra_body_);
  return merged.text(wire_model(call));
}

inline std::vector<BodyPart> Endpoint::parts(const Call& call) const {
  std::vector<BodyPart> parts = call.parts;
  // The form of an upload names no model: what is said to models does not belong there.
  if (call.model && !parts.empty() && !extra_body_.empty()) {
    Form form{.parts = std::move(parts)};
    merge_form(form, config_.extra_body.value());
    parts = std::move(form.parts);
  }
  const auto model = std::ranges::find(parts, "model", &BodyPart::name);
  if (call.model && model != parts.end()) model->content = wire_model(call);
  return parts;
}

}  // namespace openailb::detail
