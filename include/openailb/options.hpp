#pragma once

#include <openailb/endpoint_scorer.hpp>
#include <openailb/error.hpp>
#include <openailb/event.hpp>
#include <openailb/values/api_key.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/breaker_settings.hpp>
#include <openailb/values/headers.hpp>
#include <openailb/values/json.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

class EventLoop;

/// One OpenAI-compatible service, or one key for it.
struct EndpointConfig {
  /// Sent as `Authorization: Bearer`; empty sends none. May be a function, for tokens that rotate.
  ApiKey api_key{};
  /// Scheme, host and path prefix. `{model}` in the path becomes the mapped model, as Azure OpenAI needs it.
  std::string base_url{"https://api.openai.com/v1"};
  /// What a model is called here: `{{"gpt-4o", "openai/gpt-4o"}}`. Models that are not listed pass unchanged.
  /// In a key, `*` stands for any characters: `{{"gpt-4*", "four"}, {"*", "openai/*"}}`. The exact name comes
  /// first, then the pattern with most characters beside its stars, then the first by name. A star in a name
  /// stands for what the key's only star does.
  TextMap model_map{};
  /// Shown in errors and statuses; RequestOptions::endpoint takes it. Empty: "endpoint-0", "endpoint-1", ...
  std::string name{};
  std::string organization{};  ///< sent as `OpenAI-Organization`
  std::string project{};       ///< sent as `OpenAI-Project`
  Headers headers{};           ///< added to every request; an empty value removes a default one
  TextMap query{};             ///< added to every URL
  BreakerSettings breaker{};   ///< what is unset here is taken from ClientOptions::breaker
  /// Its share of the calls beside other endpoints: one of weight 2 gets twice as many as one of weight 1.
  /// From 0.001 to 1000.
  double weight{1.0};
  /// Endpoints of priority 0 are asked first. Those of a higher number are asked only while none of a lower
  /// number can be.
  int priority{};
  /// The models that are asked for here, by the caller's names: `{"gpt-4o", "gpt-4*"}`. Empty: all. Calls
  /// without a model are not affected.
  TextList models{};
  /// Members to add to each JSON body that goes here, and to each form that names a model, or to replace in
  /// it; null removes one. They override those of a call.
  JsonDocument extra_body{};
  int max_in_flight{};        ///< attempts at once, open streams included; zero: no limit
  int requests_per_minute{};  ///< zero: no limit
  /// Tokens of requests and answers together; zero: no limit. What a request will take is estimated, and
  /// corrected by the answer's `usage`.
  int tokens_per_minute{};
  /// Endpoints of the same group share an account's limits: rate limits and budgets per minute are theirs
  /// together. They are kept while the group has no endpoint.
  std::string quota_group{};
  /// An object whose id nobody has seen is sought only at endpoints that trust each other: those without a
  /// name here or, if all have one, those that have the same as the first. Empty everywhere: at all.
  std::string trust{};
};

/// How connections are made. Certificates are always verified.
struct ConnectionOptions {
  std::string ca_bundle{};           ///< path of a PEM file; empty: the system's
  std::string client_certificate{};  ///< path of a PEM file
  std::string client_key{};          ///< path of a PEM file
  std::string proxy{};               ///< such as "http://proxy:3128"; empty: the usual environment variables
  /// The most connections of one event loop to one host and port; zero: no limit. A call that waits for one
  /// counts as connecting, so connect_timeout ends it.
  std::size_t max_connections_per_host{};
};

/// What a call does when the circuit breaker of every endpoint that it may ask refuses.
enum class WhenAllOpen {
  ask,   ///< asks them nevertheless, as a last resort: a breaker only decides the order
  fail,  ///< fails at once with no_endpoint_available; retry_after says when the first breaker admits
  wait,  ///< waits until the first breaker admits, if within 60 s and the deadline, and then asks
};

/// Settings of hedging: if an answer takes long, a second attempt on another endpoint races the first. Only
/// `create` and streams (up to their first token) are hedged, and each call at most once.
struct HedgeOptions {
  /// How long an attempt may take before a second one is sent. Zero: as `percentile` says.
  std::chrono::nanoseconds delay{};
  /// From 0 to 1: a second attempt is sent once the first has taken longer than this share of the recent
  /// answers (of streams: first tokens) of the other endpoints; at once if the first endpoint is known to be
  /// slower than that. None is sent before the client has had 50 answers.
  double percentile{0.95};
  double max_fraction{0.05};  ///< from 0 to 1: the largest share of the client's calls that are hedged
  bool with_tools{};          ///< whether requests with tools are hedged
};

/// Settings of the budget that keeps a client's retries from multiplying the load on services that are down.
/// Retries, attempts on endpoints whose breakers refuse, and hedges cost 1 each. A call's first attempt is
/// free, and so is its first attempt on any other endpoint whose breaker admits. What is not used is saved
/// for about ten seconds.
struct RetryBudgetOptions {
  double per_call{0.2};     ///< what each call adds
  double per_second{10.0};  ///< what each second adds, however few calls there are
};

/// Settings of a client. For every duration zero means no limit.
struct ClientOptions {
  BreakerSettings breaker{};  ///< unset: open for 30 s after 3 failures in a row
  int max_retries{2};         ///< attempts on endpoints that this call has tried already, and redirects
  int max_endpoints{3};       ///< how many may fail a call after having received it whole
  std::chrono::nanoseconds timeout{
      std::chrono::seconds(600)};  ///< one attempt; of a stream, up to its first token
  std::chrono::nanoseconds connect_timeout{std::chrono::seconds(5)};  ///< name, TCP and TLS together
  /// connect_timeout while another endpoint could be asked instead, unless this one is known to need longer.
  /// Nothing has been sent by then, and it counts against an endpoint only if that is known to be quicker.
  std::chrono::nanoseconds failover_connect_timeout{std::chrono::seconds(1)};
  std::chrono::nanoseconds deadline{std::chrono::seconds(1200)};  ///< the whole call, its stream included
  std::chrono::nanoseconds first_token_timeout{};  ///< one attempt of a stream, up to its first token
  /// How long next() waits for a stream's next piece. Unset: the call's timeout. Any piece counts, also a
  /// comment such as `: ping`: the server is alive.
  std::optional<std::chrono::nanoseconds> idle_timeout{};
  Headers default_headers{};
  TextMap default_query{};
  /// May choose another class for an error, and with it what the call and the breaker do. Null keeps the
  /// class.
  std::function<std::optional<FailureClass>(const Error&)> classify{};
  /// Whether a refusal (4xx) that is not certainly the caller's fault is taken to one other endpoint, the one
  /// that is asked next. If that one answers, the call succeeds, and the first endpoint is at fault; if it
  /// refuses too, the call fails with the first refusal, and for ten minutes such a request is sent once. For
  /// requests of at most 256 KiB, without files. An endpoint that refuses a model again and again, though
  /// others answer, is asked last for that model.
  bool second_opinion{true};
  WhenAllOpen when_all_open{WhenAllOpen::ask};
  /// Chooses among the endpoints that can be asked: least_in_flight, lowest_latency, affinity, or a function
  /// of yours. Null: round robin, by their weights.
  EndpointScorer scorer{};
  /// How many attempts may be in flight at once, open streams included. Calls beyond that wait, and who came
  /// first goes first. Zero: no limit.
  int max_in_flight{};
  /// Whether calls wait until a rate limit is over, for as long as their deadlines allow. What they are
  /// refused with 429 meanwhile is not counted as a retry, and costs no retry budget. Else a 429 is retried
  /// as other failures are, and no wait of more than two minutes is accepted.
  bool wait_for_rate_limits{};
  std::optional<HedgeOptions> hedge{};                            ///< null: no call is hedged
  std::optional<RetryBudgetOptions> retry_budget{std::in_place};  ///< null: retries are not limited
  ConnectionOptions connection{};
  /// The largest answer in bytes, decompressed. Of a stream: the largest event, and the most that all events
  /// before its first token may take.
  std::size_t max_response_size{std::size_t{64} << 20};
  /// How many ids of what an endpoint has made and keeps (files, batches, stored answers) are remembered, of
  /// each endpoint. Of more, those that were used longest ago are forgotten, but never what pin_object()
  /// was told. Zero: none are, and calls that name them go anywhere.
  std::size_t object_affinity_capacity{65'536};
  /// Returns a random number, uniform in [0, 1), for the jitter of waits. Called from any thread. Null: a
  /// generator per thread.
  std::function<double()> random{};
  /// Makes the event loops that calls run on. Null: loops on libcurl. Tests pass simulated ones.
  std::function<std::unique_ptr<EventLoop>()> event_loop{};
  /// Of an AsyncClient: calls the functions that it is given, in their order, on a thread of yours, which is
  /// where your coroutines and functions then go on. Called from any thread. It must not own what it has not
  /// called yet, which owns it. Null: they go on on the client's own thread, which must not be blocked.
  std::function<void(std::function<void()>)> executor{};
  /// Called with what on_event threw and, of an AsyncClient, what another function or coroutine of yours
  /// threw where nobody else would see it. Called from any thread. Null: it is written to the standard error.
  std::function<void(std::exception_ptr)> on_unhandled{};
  /// Is told what happens: attempts, waits, changes of breakers, rate limits, ends of calls. Called from any
  /// thread, and must be quick. What it throws goes to on_unhandled. Null costs nothing.
  EventListener on_event{};
};

/// Settings of one call. What is not set is taken from the client.
struct RequestOptions {
  std::optional<std::chrono::nanoseconds> timeout{};
  std::optional<std::chrono::nanoseconds> deadline{};
  std::optional<int> max_retries{};
  std::optional<bool> wait_for_rate_limits{};
  Headers extra_headers{};       ///< an empty value removes a header
  TextMap extra_query{};         ///< overrides queries of the same name
  JsonDocument extra_body{};     ///< members to add to the body or replace; null removes one
  std::stop_token stop_token{};  ///< ends the call at once, waits included
  /// For a program that has a flag instead of a stop token: called about every 50 ms while the call waits, on
  /// the calling thread; of an AsyncClient, on its own thread. True ends the call.
  std::function<bool()> should_stop{};
  std::string endpoint{};  ///< the name of the only endpoint to use
  bool all_endpoints{};    ///< of a list: asks all endpoints, each for its own; see Page
  /// Calls of the same session go to the same endpoint, if ClientOptions::scorer is affinity.
  std::string session{};
  /// Models to ask for, in this order, when every endpoint that serves it has failed with the model of the
  /// request, but not when the request itself was wrong. The deadline stays; retries begin anew.
  TextList fallback_models{};
  std::string context_length_fallback{};  ///< the model to ask for when the request is too long for its model
  /// The model to ask for when a service refuses the request for its content. An answer that ends with the
  /// finish reason "content_filter" is an answer.
  std::string content_filter_fallback{};
  /// Ids of objects that the request names, beside those in its path and, of a resource's methods, in its
  /// body. The call goes to the endpoint that keeps them.
  TextList objects{};
};

}  // namespace openailb
