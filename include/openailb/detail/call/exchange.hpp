#pragma once

#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace openailb::detail {

/// One attempt of a call with a single answer: sends it, reads the answer's JSON and decodes it.
/// `decode(json)` gives a Result<T>.
template <class T, class Decode>
Task<Attempted<std::unique_ptr<Answered<T>>>> exchange(EventLoop& loop, Endpoint& endpoint, const Call& call,
                                                       Decode decode) {
  Task<Attempted<std::unique_ptr<Transfer>>> opening = endpoint.open(loop, call);
  Attempted<std::unique_ptr<Transfer>> opened = co_await opening;
  if (auto* failure = std::get_if<Failure>(&opened)) co_return std::move(*failure);

  HttpResponse& response = std::get<std::unique_ptr<Transfer>>(opened)->response;
  Error wrong{.kind = ErrorKind::parse, .message = "answered with something that is not JSON"};
  if (std::optional<nlohmann::json> document = parse_json(response.body)) {
    if (std::optional<Error> inside = error_inside(*document)) {
      wrong = *std::move(inside);
    } else {
      Result<T> value = decode(*std::move(document));
      if (value) {
        co_return std::make_unique<Answered<T>>(std::move(*value), endpoint.info(std::move(response), call));
      }
      wrong = std::move(value).error();
    }
  }
  if (wrong.status == 0) wrong.status = response.status;
  wrong.request_id = header(response.headers, "x-request-id");
  wrong.body = std::move(response.body);
  co_return endpoint.failure(std::move(wrong), response.headers, call, loop);
}

/// A whole call with a single answer.
template <class T, class Decode>
Task<Result<T>> request(EventLoop& loop, std::shared_ptr<Balancer> balancer, Call call, Decode decode) {
  const auto attempt = [&decode](EventLoop& on, Endpoint& endpoint, const Call& what) {
    return exchange<T>(on, endpoint, what, decode);
  };
  Task<Result<Balanced<T>>> balancing = balance<T>(loop, *balancer, call, attempt);
  Result<Balanced<T>> balanced = co_await balancing;
  if (!balanced) co_return std::move(balanced).error();

  balanced->admission.succeed(call, loop.now());
  T& value = balanced->answered->value;
  if constexpr (requires { value.info; }) value.info = std::move(balanced->answered->info);
  co_return std::move(value);
}

}  // namespace openailb::detail
