// Whatever an answer looks like, its error is of the kind that its status has, fits on a line and holds no
// key. The input is written as an answer is: the status, headers line by line, an empty line, the body.
#include "input.hpp"
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace {

using openailb::fuzz::require;

constexpr const char* known_key = "sk-fuzz-0123456789";

openailb::HttpResponse response_of(openailb::fuzz::Input input) {
  openailb::HttpResponse response{.status = 0};
  for (const char digit : input.line().substr(0, 3)) response.status = response.status * 10 + digit % 10;
  response.status = std::clamp(response.status, 200, 999);
  for (auto line = input.line(); !line.empty(); line = input.line()) {
    const auto name = line.substr(0, line.find(": "));
    response.headers.add(name, line.substr(std::min(line.size(), name.size() + 2)));
  }
  response.body = input.rest();
  return response;
}

/// The failure that a client makes of an error.
openailb::detail::Failure failure_of(openailb::Error error, const openailb::ResponseHeaders& headers) {
  openailb::testing::SimulatedNetwork network;
  const auto loop = network.loops()();
  openailb::detail::Balancer balancer({{.api_key = known_key, .name = "one"}}, {}, loop->now());
  const auto call = std::make_shared<const openailb::detail::Call>(
      openailb::detail::Call{.path = "/chat/completions", .deadline = std::chrono::seconds(1)});
  openailb::detail::CallState state = *balancer.begin(*call, loop->now());
  const auto attempt = balancer.next(call, state, loop->now()).attempt;
  return attempt->failure(openailb::detail::observation_in_answer(std::move(error), headers, loop->date()));
}

void look_at(const openailb::Error& error) {
  require(error.message.size() <= 303 + 100);  // what the server said, dots, and what openailb advises
  require(std::ranges::none_of(error.message, [](unsigned char c) { return c < ' ' || c == 0x7F; }));
  require(!error.retry_after ||
          (error.retry_after->count() > 0 && *error.retry_after <= std::chrono::years(1)));
  for (const auto& text :
       {error.message, error.type, error.code, error.param, error.request_id, error.body}) {
    require(text.find(known_key) == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto response = response_of({data, size});
  const auto error = openailb::detail::error_of_answer(response.status, response.body);
  require(error.status == response.status && error.kind == openailb::detail::kind_of_status(response.status));
  require(error.body == response.body && (response.body.empty() || !error.message.empty()));
  look_at(failure_of(error, response.headers).error);
  const auto document = openailb::detail::parse_json(response.body);
  if (!document) return 0;
  if (const auto inside = openailb::detail::error_inside(*document))
    look_at(failure_of(*inside, response.headers).error);
  return 0;
}
