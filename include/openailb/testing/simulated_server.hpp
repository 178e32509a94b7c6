#pragma once

#include <openailb/testing/random.hpp>
#include <openailb/testing/simulated_answer.hpp>
#include <openailb/values/http.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::testing {

/// What a simulated server does wrong.
enum class Fault {
  none,
  unreachable,           ///< no connection: connecting fails at once
  black_hole,            ///< no connection: nobody answers
  idle_connection_died,  ///< a kept connection turns out to be dead
  reset,                 ///< the connection breaks before the answer
  hang,                  ///< no answer ever comes
  slow,                  ///< the answer takes twenty times as long
  drip,                  ///< the answer comes in pieces of a few bytes
  broken,                ///< the connection breaks at a random byte of the answer
  stalled,               ///< nothing more comes after a random byte of the answer
  truncated,             ///< the answer ends cleanly at a random byte
  no_end,                ///< a stream ends without `[DONE]`
  noise,                 ///< random bytes
  html,                  ///< a proxy's HTML page
  no_choice,             ///< JSON that is no completion
  error_inside,          ///< a 200 with an error in it; in a stream, somewhere among the chunks
  bad_request,           ///< 400
  unauthorized,          ///< 401
  payment_required,      ///< 402
  forbidden,             ///< 403
  not_found,             ///< 404
  request_timeout,       ///< 408
  conflict,              ///< 409
  rate_limited,          ///< 429 with Retry-After
  internal_error,        ///< 500
  internal_error_final,  ///< 500 with `x-should-retry: false`
  overloaded,            ///< 503
};
/// How many faults there are, `none` included.
inline constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::overloaded) + 1;

/// The enumerator's own spelling, such as "rate_limited".
constexpr std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::none: return "none";
    case Fault::unreachable: return "unreachable";
    case Fault::black_hole: return "black_hole";
    case Fault::idle_connection_died: return "idle_connection_died";
    case Fault::reset: return "reset";
    case Fault::hang: return "hang";
    case Fault::slow: return "slow";
    case Fault::drip: return "drip";
    case Fault::broken: return "broken";
    case Fault::stalled: return "stalled";
    case Fault::truncated: return "truncated";
    case Fault::no_end: return "no_end";
    case Fault::noise: return "noise";
    case Fault::html: return "html";
    case Fault::no_choice: return "no_choice";
    case Fault::error_inside: return "error_inside";
    case Fault::bad_request: return "bad_request";
    case Fault::unauthorized: return "unauthorized";
    case Fault::payment_required: return "payment_required";
    case Fault::forbidden: return "forbidden";
    case Fault::not_found: return "not_found";
    case Fault::request_timeout: return "request_timeout";
    case Fault::conflict: return "conflict";
    case Fault::rate_limited: return "rate_limited";
    case Fault::internal_error: return "internal_error";
    case Fault::internal_error_final: return "internal_error_final";
    case Fault::overloaded: return "overloaded";
  }
  return "unknown";
}

/// The status of an answer with this fault: 200 unless the fault is another status.
constexpr int status_of(Fault fault) {
  switch (fault) {
    case Fault::bad_request: return 400;
    case Fault::unauthorized: return 401;
    case Fault::payment_required: return 402;
    case Fault::forbidden: return 403;
    case Fault::not_found: return 404;
    case Fault::request_timeout: return 408;
    case Fault::conflict: return 409;
    case Fault::rate_limited: return 429;
    case Fault::internal_error:
    case Fault::internal_error_final: return 500;
    case Fault::overloaded: return 503;
    default: return 200;
  }
}

/// How a simulated server behaves.
struct ServerBehaviour {
  std::chrono::nanoseconds latency{std::chrono::milliseconds(200)};  ///< median, from request to headers
  double latency_spread{0.3};                                        ///< see Random::around
  std::chrono::nanoseconds connect_time{};                           ///< before each request
  std::chrono::nanoseconds chunk_interval{std::chrono::milliseconds(10)};  ///< between a stream's chunks
  std::chrono::nanoseconds retry_after{std::chrono::seconds(1)};           ///< the wait that a 429 asks for
  std::vector<std::pair<Fault, double>> faults{};  ///< each with the share of requests that have it
  /// The text of the answer to a request; a stream sends it word by word. Null: the request's last message.
  std::function<std::string(const HttpRequest&)> content{};
};

/// A server of chat completions, streamed or not, that fails at random: for SimulatedNetwork::serve().
/// The same seed gives the same faults and latencies.
class SimulatedServer {
 public:
  explicit SimulatedServer(ServerBehaviour behaviour, std::uint64_t seed = 1)
      : behaviour_(std::move(behaviour)), random_(seed) {}

  SimulatedAnswer operator()(const HttpRequest& request) { return answer(request, next_fault()); }

  ServerBehaviour& behaviour() noexcept { return behaviour_; }

  /// Draws the fault of the next request.
  Fault next_fault() {
    double draw = random_.uniform();
    for (const auto& [fault, share] : behaviour_.faults) {
      if (draw < share) return fault;
      draw -= share;
    }
    return Fault::none;
  }

  /// The answer to a request with this fault.
  SimulatedAnswer answer(const HttpRequest& request, Fault fault);

 private:
  using Ending = SimulatedAnswer::Ending;

  SimulatedAnswer completion(const HttpRequest& request) const;
  SimulatedAnswer stream(const HttpRequest& request, Fault fault);
  std::string content(const HttpRequest& request) const;
  SimulatedAnswer cut_anywhere(SimulatedAnswer answer, Ending ending) {
    const std::size_t bytes = random_.below(size(answer) + 1);
    return cut(std::move(answer), bytes, ending);
  }

  ServerBehaviour behaviour_;
  Random random_;
};

namespace detail {

/// The API key of a request, which real servers are known to repeat in their errors.
inline std::string echo_key(const HttpRequest& request) {
  return std::string(header(request.headers, "Authorization"));
}

inline std::string error_json(std::string message) {
  return nlohmann::json{{"error", {{"message", std::move(message)}, {"type", nullptr}, {"code", nullptr}}}}
      .dump();
}

inline nlohmann::json chunk(nlohmann::json delta, nlohmann::json finish_reason = nullptr) {
  nlohmann::json choice{
      {"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}};
  return {{"object", "chat.completion.chunk"}, {"choices", nlohmann::json::array({std::move(choice)})}};
}

inline std::string event(const nlohmann::json& data) { return "data: " + data.dump() + "\n\n"; }

}  // namespace detail

inline SimulatedAnswer SimulatedServer::answer(const HttpRequest& request, Fault fault) {
  const bool streams = request.body.find("\"stream\":true") != std::string::npos;
  SimulatedAnswer whole = streams ? stream(request, fault) : completion(request);
  whole.latency = random_.around(behaviour_.latency, behaviour_.latency_spread);
  whole.connect_time = behaviour_.connect_time;
  const auto instead = [&](std::string body) {
    return SimulatedAnswer{.status = status_of(fault),
                           .body = std::move(body),
                           .latency = whole.latency,
                           .connect_time = whole.connect_time};
  };
  const auto fails = [&](TransferFailure failure) {
    return SimulatedAnswer{
        .latency = whole.latency, .connect_time = whole.connect_time, .failure = std::move(failure)};
  };
  switch (fault) {
    case Fault::none:
    case Fault::no_end: return whole;
    case Fault::unreachable: return fails({.message = "could not connect"});
    case Fault::black_hole: return {.connects = false};
    case Fault::idle_connection_died:
      if (request.fresh_connection) return whole;
      return fails(
          {.message = "the kept connection had died", .sent = Sent::all, .connection_was_idle = true});
    case Fault::reset: return fails({.message = "the connection broke", .sent = Sent::all});
    case Fault::hang: whole.latency = std::chrono::hours(24); return whole;
    case Fault::slow: whole.latency *= 20; return whole;
    case Fault::drip: return drip(std::move(whole), 1 + random_.below(40), behaviour_.chunk_interval);
    case Fault::broken: return cut_anywhere(std::move(whole), Ending::reset);
    case Fault::stalled: return cut_anywhere(std::move(whole), Ending::hang);
    case Fault::truncated: return cut_anywhere(std::move(whole), Ending::complete);
    case Fault::noise: {
      std::string bytes(random_.below(200), '\0');
      std::ranges::generate(bytes, [this] { return static_cast<char>(random_.below(256)); });
      return instead(std::move(bytes));
    }
    case Fault::html: return instead("<html><body>502 Bad Gateway</body></html>");
    case Fault::no_choice: return instead(R"({"choices":[]})");
    case Fault::error_inside:
      return streams ? whole : instead(detail::error_json("overloaded: " + detail::echo_key(request)));
    default: break;
  }
  SimulatedAnswer refusal = instead(detail::error_json("refused: " + detail::echo_key(request)));
  if (fault == Fault::internal_error_final) refusal.headers["x-should-retry"] = "false";
  if (fault == Fault::rate_limited) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(behaviour_.retry_after);
    refusal.headers["retry-after-ms"] = std::to_string(wait.count());
  }
  return refusal;
}

inline std::string SimulatedServer::content(const HttpRequest& request) const {
  if (behaviour_.content) return behaviour_.content(request);
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("messages") || body["messages"].empty()) return "Hello!";
  const auto said = body["messages"].back().value("content", nlohmann::json());
  return said.is_string() ? said.get<std::string>() : "Hello!";
}

inline SimulatedAnswer SimulatedServer::completion(const HttpRequest& request) const {
  const nlohmann::json choice{
      {"index", 0},
      {"message", {{"role", "assistant"}, {"content", content(request)}}},
      {"finish_reason", "stop"},
  };
  return {
      .body =
          nlohmann::json{{"object", "chat.completion"}, {"choices", nlohmann::json::array({choice})}}.dump()};
}

/// One event per word, with the space before it.
inline SimulatedAnswer SimulatedServer::stream(const HttpRequest& request, Fault fault) {
  const std::string text = content(request);
  std::vector<std::string> events{detail::event(detail::chunk({{"role", "assistant"}, {"content", ""}}))};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = (std::min)(text.find(' ', begin + 1), text.size());
    events.push_back(detail::event(detail::chunk({{"content", text.substr(begin, end - begin)}})));
    begin = end;
  }
  events.push_back(detail::event(detail::chunk(nlohmann::json::object(), "stop")));
  if (fault != Fault::no_end) events.emplace_back("data: [DONE]\n\n");
  if (fault == Fault::error_inside) {
    const auto place = static_cast<std::ptrdiff_t>(random_.below(events.size() - 1));
    const std::string error =
        "data: " + detail::error_json("overloaded: " + detail::echo_key(request)) + "\n\n";
    events.insert(events.begin() + place, error);
  }
  SimulatedAnswer answer{.headers = {{"content-type", "text/event-stream"}}};
  for (std::string& event : events) answer.pieces.push_back({behaviour_.chunk_interval, std::move(event)});
  return answer;
}

}  // namespace openailb::testing
