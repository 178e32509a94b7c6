#pragma once

/// \file
/// What a client does, as metrics of prometheus-cpp, with which your program links by itself. openailb.hpp
/// does not include this header.

#include <openailb/error.hpp>
#include <openailb/event.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/breaker_settings.hpp>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/labels.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace openailb {

/// How PrometheusMetrics labels what it counts.
struct PrometheusOptions {
  /// Labels of every metric, such as {{"client", "search"}}. Clients that share a registry need them if
  /// endpoints of theirs have the same name.
  prometheus::Labels labels{};
  /// The label gen_ai_provider_name, by which dashboards tell how an API speaks.
  std::string provider{"openai"};
  /// Models that have a label of their own in any case.
  TextList models{};
  /// How many others have one, the first that are seen. Those after them are "other", for what a model is
  /// called may come from anybody.
  std::size_t max_models{100};
  /// How many endpoints have series at most. Beyond that, those of the endpoint that was used longest ago are
  /// removed, so that they do not add up where endpoints come and go. If it is used again, they begin anew.
  /// Set more if there are more endpoints at a time.
  std::size_t max_endpoints{256};
};

namespace detail {

/// The metrics of one family, by the values of their labels; an empty value is no label. It remembers where
/// they are, as prometheus-cpp makes maps of strings and a metric to throw away each time that it is asked.
template <class Metric, std::size_t N>
class LabeledMetrics {
 public:
  using Names = std::array<const char*, N>;
  using Values = std::array<std::string_view, N>;

  LabeledMetrics(prometheus::Family<Metric>& family, prometheus::Labels constant, Names names)
      : family_(&family), constant_(std::move(constant)), names_(names) {}

  /// The metric, which is made of the arguments if there is none yet.
  template <class... Arguments>
  Metric& at(const Values& values, const Arguments&... arguments) {
    if (const auto found = metrics_.find(values); found != metrics_.end()) return *found->second;
    prometheus::Labels labels = constant_;
    std::array<std::string, N> key;
    for (std::size_t index = 0; index < N; ++index) {
      key[index] = values[index];
      if (!key[index].empty()) labels.insert_or_assign(names_[index], key[index]);
    }
    Metric& made = family_->Add(labels, arguments...);
    metrics_.emplace(std::move(key), &made);
    return made;
  }

  /// Removes those whose first label has this value.
  void forget(std::string_view first) {
    auto found = metrics_.lower_bound(std::array{first});
    while (found != metrics_.end() && found->first.front() == first) {
      family_->Remove(found->second);
      found = metrics_.erase(found);
    }
  }

 private:
  /// Compares strings with views of strings.
  struct Less {
    using is_transparent = void;
    bool operator()(const auto& one, const auto& other) const noexcept {
      return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end());
    }
  };

  prometheus::Family<Metric>* family_;
  prometheus::Labels constant_;
  Names names_;
  std::map<std::array<std::string, N>, Metric*, Less> metrics_{};
};

/// The endpoints that have series: those that were used last, and those with attempts in flight.
class SeriesOfEndpoints {
 public:
  explicit SeriesOfEndpoints(std::size_t most) : most_(most) {}

  /// An endpoint is used, and `attempts` more are in flight there, or fewer.
  void use(std::string_view endpoint, int attempts) {
    auto found = endpoints_.find(endpoint);
    if (found == endpoints_.end()) {
      used_.emplace_front(endpoint);
      found = endpoints_.emplace(endpoint, One{.place = used_.begin()}).first;
    }
    used_.splice(used_.begin(), used_, found->second.place);
    found->second.in_flight += attempts;
  }
  /// An endpoint that is to have none any more; null if there are not too many.
  std::optional<std::string> next_to_forget() {
    if (used_.size() <= most_) return std::nullopt;
    for (int looked_at = 0; looked_at < 4; ++looked_at) {  // no more, as all may have attempts in flight
      const auto last = std::prev(used_.end());
      const auto found = endpoints_.find(*last);
      if (found->second.in_flight == 0 && last != used_.begin()) {
        std::string name = std::move(*last);
        endpoints_.erase(found);
        used_.erase(last);
        return name;
      }
      used_.splice(used_.begin(), used_, last);
    }
    return std::nullopt;
  }

 private:
  struct One {
    std::list<std::string>::iterator place{};
    int in_flight{};
  };

  std::size_t most_;
  std::list<std::string> used_{};  // the one used last comes first
  std::map<std::string, One, std::less<>> endpoints_{};
};

/// The names of models that have a label of their own.
class ModelLabels {
 public:
  ModelLabels(const std::vector<std::string>& models, std::size_t max)
      : names_(models.begin(), models.end()), left_(max) {}

  std::string_view of(std::string_view model) {
    if (model.empty()) return {};
    const auto found = names_.find(model);
    if (found != names_.end()) return *found;
    constexpr std::size_t longest = 200;
    if (left_ == 0 || model.size() > longest) return "other";
    --left_;
    return *names_.emplace(model).first;
  }

 private:
  std::set<std::string, std::less<>> names_;
  std::size_t left_;  // how many may yet come
};

/// What OpenTelemetry's conventions call an operation, and which API it belongs to.
struct OperationLabels {
  std::string_view name{};
  std::string_view api_type{};  ///< empty if the name says it
};

/// What a call is. Its path may have ids in it, which no label may.
inline OperationLabels operation_labels(std::string_view method, std::string_view path) {
  constexpr OperationLabels other{.name = "other"};
  if (method != "POST") return other;
  if (path == "/chat/completions") return {.name = "chat", .api_type = "chat_completions"};
  if (path == "/responses") return {.name = "chat", .api_type = "responses"};
  if (path == "/completions") return {.name = "text_completion"};
  if (path == "/embeddings") return {.name = "embeddings"};
  if (path == "/moderations") return {.name = "moderation"};
  if (path == "/rerank") return {.name = "rerank"};
  if (path == "/audio/speech") return {.name = "speech"};
  if (path == "/audio/transcriptions" || path == "/audio/translations") return {.name = "transcription"};
  if (path.starts_with("/images/")) return {.name = "image"};
  if (path.starts_with("/vector_stores/") && path.ends_with("/search")) return {.name = "retrieval"};
  return other;
}

/// All metrics of a client. Durations and tokens have the names, labels and buckets of OpenTelemetry's
/// conventions for generative AI. An endpoint is openailb_endpoint, since Prometheus itself may add a label
/// endpoint, and renames ours then. Thread-safe.
class ClientMetrics {
 public:
  ClientMetrics(std::shared_ptr<prometheus::Registry> registry, PrometheusOptions options)
      : registry_(std::move(registry)),
        labels_(std::move(options.labels)),
        gen_ai_labels_(labels_and(labels_, "gen_ai_provider_name", std::move(options.provider))),
        models_(options.models, options.max_models),
        endpoints_(options.max_endpoints) {
    // What has not happened yet is zero, and a label that cannot be is noticed now.
    for (const WaitReason reason : {WaitReason::backoff, WaitReason::rate_limit, WaitReason::max_in_flight,
                                    WaitReason::breaker, WaitReason::retry_budget}) {
      waits_.at({to_string(reason)});
    }
  }

  void take(const Event& event) {
    const std::lock_guard lock(mutex_);
    std::visit([this](const auto& one) { count(one); }, event);
    while (const std::optional<std::string> endpoint = endpoints_.next_to_forget()) forget(*endpoint);
  }

 private:
  void count(const AttemptBegan& event) {
    endpoints_.use(event.endpoint, 1);
    in_flight_.at({event.endpoint}).Increment();
    breaker_state_.at({event.endpoint});  // closed, unless it has told of a change
    if (event.is_hedge) hedges_.at({event.endpoint}).Increment();
    if (event.is_last_resort) last_resorts_.at({event.endpoint}).Increment();
  }
  void count(const AttemptEnded& event) {
    endpoints_.use(event.endpoint, -1);
    in_flight_.at({event.endpoint}).Decrement();
    attempts_.at({event.endpoint, event.kind ? to_string(*event.kind) : "success"}).Increment();
    if (!event.kind) attempt_duration_.at({event.endpoint}, seconds()).Observe(in_seconds(event.elapsed));
  }
  void count(const CallWaits& event) { waits_.at({to_string(event.reason)}).Increment(); }
  void count(const BreakerChanged& event) {
    endpoints_.use(event.endpoint, 0);
    breaker_state_.at({event.endpoint}).Set(static_cast<int>(event.to));
    breaker_changes_.at({event.endpoint, to_string(event.to)}).Increment();
  }
  void count(const EndpointRateLimited& event) {
    endpoints_.use(event.endpoint, 0);
    rate_limited_.at({event.endpoint, models_.of(event.model)}).Increment();
  }
  void count(const CallEnded& event) {
    if (!event.endpoint.empty()) endpoints_.use(event.endpoint, 0);
    const auto [operation, api_type] = operation_labels(event.method, event.path);
    const std::string_view model = models_.of(event.model);
    const std::string_view error = event.kind ? to_string(*event.kind) : std::string_view();
    duration_.at({event.endpoint, operation, api_type, model, error}, seconds())
        .Observe(in_seconds(event.elapsed));
    if (event.first_token) {
      first_chunk_.at({event.endpoint, operation, api_type, model}, seconds())
          .Observe(in_seconds(*event.first_token));
    }
    const auto used = [&](const char* type, std::optional<std::int64_t> count) {
      if (!count) return;
      tokens_.at({event.endpoint, operation, api_type, model, type}, tokens())
          .Observe(static_cast<double>(*count));
    };
    used("input", event.input_tokens);
    used("output", event.output_tokens);
  }
  void forget(const std::string& endpoint) {
    duration_.forget(endpoint);
    first_chunk_.forget(endpoint);
    tokens_.forget(endpoint);
    attempts_.forget(endpoint);
    attempt_duration_.forget(endpoint);
    in_flight_.forget(endpoint);
    hedges_.forget(endpoint);
    last_resorts_.forget(endpoint);
    rate_limited_.forget(endpoint);
    breaker_state_.forget(endpoint);
    breaker_changes_.forget(endpoint);
  }

  template <std::size_t N>
  using Counters = LabeledMetrics<prometheus::Counter, N>;
  template <std::size_t N>
  using Gauges = LabeledMetrics<prometheus::Gauge, N>;
  template <std::size_t N>
  using Histograms = LabeledMetrics<prometheus::Histogram, N>;
  using Buckets = prometheus::Histogram::BucketBoundaries;

  static const Buckets& seconds() {
    static const Buckets bounds{0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
    return bounds;
  }
  static const Buckets& tokens() {
    static const Buckets bounds{1,     4,     16,     64,      256,     1024,     4096,
                                16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
    return bounds;
  }
  static prometheus::Labels labels_and(prometheus::Labels labels, const char* name, std::string value) {
    labels.insert_or_assign(name, std::move(value));
    return labels;
  }
  static double in_seconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
  }
  prometheus::Family<prometheus::Counter>& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(*registry_);
  }
  prometheus::Family<prometheus::Gauge>& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(*registry_);
  }
  prometheus::Family<prometheus::Histogram>& histogram(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(*registry_);
  }

  static constexpr const char* endpoint_ = "openailb_endpoint";
  static constexpr const char* operation_ = "gen_ai_operation_name";
  static constexpr const char* api_ = "openai_api_type";
  static constexpr const char* model_ = "gen_ai_request_model";

  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Labels labels_;
  prometheus::Labels gen_ai_labels_;
  std::mutex mutex_{};
  ModelLabels models_;
  SeriesOfEndpoints endpoints_;

  // The endpoint is the first label of each that has it, by which it is forgotten.
  Histograms<5> duration_{histogram("gen_ai_client_operation_duration_seconds", "How long calls took."),
                          gen_ai_labels_,
                          {endpoint_, operation_, api_, model_, "error_type"}};
  Histograms<4> first_chunk_{histogram("gen_ai_client_operation_time_to_first_chunk_seconds",
                                       "How long calls took to the first token of their stream."),
                             gen_ai_labels_,
                             {endpoint_, operation_, api_, model_}};
  Histograms<5> tokens_{histogram("gen_ai_client_token_usage", "How many tokens calls took."),
                        gen_ai_labels_,
                        {endpoint_, operation_, api_, model_, "gen_ai_token_type"}};
  Counters<2> attempts_{
      counter("openailb_attempts_total", "Attempts that have ended, by their outcome: success or an error."),
      labels_,
      {endpoint_, "outcome"}};
  Histograms<1> attempt_duration_{
      histogram("openailb_attempt_duration_seconds",
                "How long endpoints took to answer; to the first token of a stream."),
      labels_,
      {endpoint_}};
  Gauges<1> in_flight_{
      gauge("openailb_attempts_in_flight", "Attempts that wait for an answer."), labels_, {endpoint_}};
  Counters<1> hedges_{
      counter("openailb_hedges_total", "Attempts that raced another one."), labels_, {endpoint_}};
  Counters<1> last_resorts_{
      counter("openailb_last_resorts_total", "Attempts although the circuit breaker refused."),
      labels_,
      {endpoint_}};
  Counters<1> waits_{counter("openailb_waits_total", "Times that a call has waited before an attempt."),
                     labels_,
                     {"reason"}};
  Counters<2> rate_limited_{
      counter("openailb_rate_limited_total", "Times that an endpoint was rate limited for a model."),
      labels_,
      {endpoint_, model_}};
  Gauges<1> breaker_state_{
      gauge("openailb_breaker_state", "The circuit breaker: 0 closed, 1 half-open, 2 open."),
      labels_,
      {endpoint_}};
  Counters<2> breaker_changes_{
      counter("openailb_breaker_changes_total", "Changes of the circuit breaker, by its new state."),
      labels_,
      {endpoint_, "state"}};
};

}  // namespace detail

/// A client's events as metrics in a registry of prometheus-cpp. Thread-safe; copies count in the same place.
class PrometheusMetrics {
 public:
  /// Throws what prometheus-cpp throws if the registry cannot take the metrics or a label cannot be.
  explicit PrometheusMetrics(std::shared_ptr<prometheus::Registry> registry, PrometheusOptions options = {}) {
    if (!registry) throw std::invalid_argument("openailb: PrometheusMetrics needs a registry");
    metrics_ = std::make_shared<detail::ClientMetrics>(std::move(registry), std::move(options));
  }

  /// What ClientOptions::on_event is to be, of one client or of several. It may outlive this object. `next`
  /// is told of each event too.
  EventListener listener(EventListener next = {}) const {
    return [metrics = metrics_, next = std::move(next)](const Event& event) {
      metrics->take(event);
      if (next) next(event);
    };
  }

 private:
  std::shared_ptr<detail::ClientMetrics> metrics_{};
};

}  // namespace openailb
