#pragma once

#include <openailb/async_client.hpp>
#include <openailb/future.hpp>
#include <openailb/options.hpp>

#include <condition_variable>
#include <cstddef>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace openailb {

/// Settings of for_each().
struct ForEachOptions {
  std::size_t concurrency{64};  ///< the most calls that are under way at the same time
  /// Of each call. Unless it says otherwise, the calls wait for rate limits until their deadlines. When its
  /// stop_token or should_stop ends them, no more inputs are read; should_stop is also called on the calling
  /// thread, before each input.
  RequestOptions request{};
};

namespace detail {

/// The calls of for_each() that are under way, each with its input.
template <class Input, class Answer>
class CallsUnderWay {
 public:
  CallsUnderWay() = default;
  CallsUnderWay(const CallsUnderWay&) = delete;
  CallsUnderWay& operator=(const CallsUnderWay&) = delete;
  /// Cancels them, and waits until none asks the user's should_stop any more.
  ~CallsUnderWay() {
    for (Call& call : calls_) {
      if (call.answer) call.answer->cancel();
    }
    for (Call& call : calls_) {
      if (call.answer) call.answer->wait_for_end();
    }
  }

  std::size_t size() const noexcept { return calls_.size(); }
  /// Whether a call is done, so that finish_one() will not wait.
  bool any_done() const {
    const std::lock_guard lock(done_->mutex);
    return !done_->calls.empty();
  }

  template <class Start>
  void begin_one(Input input, Start& start, const RequestOptions& options) {
    const Place place = calls_.insert(calls_.end(), Call{std::move(input), std::nullopt});
    place->answer.emplace(start(place->input, options));
    auto ended = std::make_shared<std::list<Place>>(1, place);
    place->answer->notify_when_done([done = done_, ended] { done->add(*ended); });
  }

  /// Waits for the next call that is done, and hands its result over.
  template <class OnResult>
  void finish_one(OnResult& on_result) {
    static_cast<void>(calls_.front().answer->wait_for({}));  // throws where waiting would never end
    std::list<Call> one;
    one.splice(one.end(), calls_, done_->wait_for_one());
    on_result(one.front().input, one.front().answer->take());
  }

 private:
  struct Call {
    Input input;
    std::optional<Answer> answer;
  };
  using Place = typename std::list<Call>::iterator;

  /// Those that are done. The client's thread adds them.
  struct Done {
    void add(std::list<Place>& call) noexcept {  // so it needs no memory
      const std::lock_guard lock(mutex);
      calls.splice(calls.end(), call);
      changed.notify_one();
    }
    Place wait_for_one() {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return !calls.empty(); });
      const Place one = calls.front();
      calls.pop_front();
      return one;
    }

    std::mutex mutex{};
    std::condition_variable changed{};
    std::list<Place> calls{};
  };

  std::list<Call> calls_{};
  std::shared_ptr<Done> done_{std::make_shared<Done>()};
};

}  // namespace detail

/// Makes a call for each input, with at most `concurrency` calls under way. Inputs, a range of any kind and
/// length, are read one by one, each when there is room for its call; what is kept of it and its answer is
/// gone once `on_result` has returned. All functions are called on the calling thread:
/// - `start(input, options)` begins the call, for instance `client.embeddings.create(params, options)` of an
///   AsyncClient, and returns its Future;
/// - `on_result(input, result)` gets each result as soon as it is there, once for each call.
///
/// Returns the number of calls. What a function or the range throws comes out, and cancels the calls under
/// way. Throws std::logic_error on the client's own thread.
template <class Inputs, class Start, class OnResult>
std::size_t for_each(Inputs&& inputs, Start start, OnResult on_result, ForEachOptions options = {}) {
  using Input = std::iter_value_t<decltype(std::ranges::begin(inputs))>;
  using Answer = std::invoke_result_t<Start&, Input&, const RequestOptions&>;
  if (options.concurrency == 0) {
    throw std::invalid_argument("openailb: for_each needs a concurrency of at least 1");
  }
  RequestOptions& request = options.request;
  if (!request.wait_for_rate_limits) request.wait_for_rate_limits = true;

  std::size_t count = 0;
  detail::CallsUnderWay<Input, Answer> calls;
  for (auto input = std::ranges::begin(inputs); input != std::ranges::end(inputs); ++input) {
    calls.begin_one(*input, start, request);
    ++count;
    // Before the next input is read: reading it may take its time.
    while (calls.size() == options.concurrency || calls.any_done()) calls.finish_one(on_result);
    if (request.stop_token.stop_requested() || (request.should_stop && request.should_stop())) break;
  }
  while (calls.size() > 0) calls.finish_one(on_result);
  return count;
}

/// Asks for a chat completion for each input. `make_params(input)` returns its params, or its body in any of
/// the forms that JsonDocument takes. The rest is as above:
///
///     openailb::for_each(client, prompts, make_params, on_result, {.concurrency = 512});
template <class Inputs, class MakeParams, class OnResult>
std::size_t for_each(const AsyncClient& client, Inputs&& inputs, MakeParams make_params, OnResult on_result,
                     ForEachOptions options = {}) {
  const auto start = [&](auto& input, const RequestOptions& request) {
    return client.chat.completions.create(make_params(input), request);
  };
  return openailb::for_each(inputs, start, std::move(on_result), std::move(options));
}

}  // namespace openailb
