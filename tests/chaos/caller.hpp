#pragma once

#include "known_answer.hpp"
#include "sanctuary.hpp"
#include "support/loopback.hpp"
#include "tally.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test {

/// What every key of the test begins with, and no error may show.
inline constexpr std::string_view key_mark = "sk-chaos-";

/// Cancels calls a moment after they were handed in, whatever they are doing then.
class Canceler {
 public:
  std::stop_token token() {
    const std::lock_guard lock(mutex_);
    return sources_.emplace_back().get_token();
  }

 private:
  void run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      std::vector<std::stop_source> due;
      {
        std::unique_lock lock(mutex_);
        never_.wait_for(lock, stop, std::chrono::milliseconds(10), [] { return false; });
        due.swap(sources_);
      }
      for (std::stop_source& source : due) source.request_stop();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any never_;
  std::vector<std::stop_source> sources_;
  std::jthread thread_{[this](std::stop_token stop) { run(std::move(stop)); }};
};

/// One of those who use the client: it calls until it is stopped, one call after the other, and judges what
/// comes of each.
class Caller {
 public:
  static constexpr int max_retries = 2;  // of its client

  Caller(const Client& client, Sanctuary& sanctuary, Canceler& canceler,
         std::chrono::nanoseconds attempt_limit, std::size_t number, unsigned seed)
      : client_(client),
        sanctuary_(sanctuary),
        canceler_(canceler),
        names_(names(client)),
        attempt_limit_(attempt_limit),
        number_(number),
        dice_(seed + number) {}

  Tally run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      Plan plan = make_plan();
      const Sanctuary::Stay stay(sanctuary_);
      plan.safe_endpoint = names_[stay.endpoint()];
      plan.watch = {};
      if (below(100) < 60) {
        create(plan);
      } else {
        stream(plan);
      }
    }
    return std::move(tally_);
  }

 private:
  /// One call: what it asks, and how its caller means to end it.
  struct Plan {
    std::string question{};
    RequestOptions options{};
    std::optional<std::size_t> drop_after{};  ///< chunks
    std::string safe_endpoint{};
    Stopwatch watch{};
  };

  static constexpr std::size_t most_faults = 3;  // to be told of; all are counted

  static std::vector<std::string> names(const Client& client) {
    std::vector<std::string> names;
    for (const EndpointStatus& endpoint : client.endpoints()) names.push_back(endpoint.name);
    return names;
  }

  std::size_t below(std::size_t limit) { return dice_() % limit; }

  Plan make_plan() {
    Plan plan{.question = "caller " + std::to_string(number_) + ", call " + std::to_string(call_++)};
    switch (below(20)) {
      case 0:
      case 1: plan.options.stop_token = canceler_.token(); break;
      case 2:
      case 3: plan.options.deadline = attempt_limit_ * 3 / 5; break;
      case 4:
      case 5: plan.drop_after = 1 + below(10); break;
      case 6:
        plan.options.endpoint = names_[below(names_.size())];
        plan.options.deadline = attempt_limit_ * 2;  // for a retry or two
        break;
      default: break;
    }
    return plan;
  }

  void create(const Plan& plan) {
    Outcomes& outcomes = tally_.creates;
    ++outcomes.calls;
    const auto completion = client_.chat.completions.create(hello(plan.question), plan.options);
    if (!completion) return judge(completion.error(), plan, outcomes);
    count_requests(completion->info.attempts, plan, outcomes);
    if (completion->text() != known_answer(plan.question)) {
      return blame(plan, outcomes, "the answer is another: " + completion->text());
    }
    ++outcomes.completed;
    tally_.latencies.push_back(std::chrono::duration<float, std::milli>(plan.watch.elapsed()).count());
  }

  void stream(const Plan& plan) {
    Outcomes& outcomes = tally_.streams;
    ++outcomes.calls;
    auto stream = client_.chat.completions.stream(hello(plan.question), plan.options);
    const bool begun = !stream.error();
    if (!begun) return judge(*stream.error(), plan, outcomes);
    ++outcomes.begun;
    std::size_t chunks = 0;
    while (chunks != plan.drop_after && stream.next()) ++chunks;

    const std::string whole = known_answer(plan.question), heard = stream.completion().text();
    if (!whole.starts_with(heard)) return blame(plan, outcomes, "the stream said something else: " + heard);
    if (stream.error()) return judge(*stream.error(), plan, outcomes);
    count_requests(stream.info().attempts, plan, outcomes);
    if (chunks == plan.drop_after) {
      ++outcomes.dropped;
    } else if (heard == whole) {
      ++outcomes.completed;
    } else {
      blame(plan, outcomes, "the stream ended as if it were whole after: " + heard);
    }
  }

  /// Whether a call may have failed in this way.
  void judge(const Error& error, const Plan& plan, Outcomes& outcomes) {
    count_requests(error.attempts, plan, outcomes);
    if (const std::string text = text_of(error); text.find(key_mark) != std::string::npos) {
      blame(plan, outcomes, "the key can be seen in " + text);
    }
    if (error.kind == ErrorKind::stream_interrupted && error.endpoint != plan.safe_endpoint) {
      ++outcomes.interrupted;
    } else if (error.kind == ErrorKind::canceled && plan.options.stop_token.stop_requested()) {
      ++outcomes.canceled;
    } else if (plan.options.deadline && plan.watch.elapsed() >= *plan.options.deadline) {
      ++outcomes.late;
    } else if (!plan.options.endpoint.empty() && plan.options.endpoint != plan.safe_endpoint) {
      ++outcomes.in_vain;
    } else {
      blame(plan, outcomes, "it is not owed to fail", error);
    }
  }

  void count_requests(const std::vector<Attempt>& attempts, const Plan& plan, Outcomes& outcomes) {
    tally_.note(attempts);
    const std::size_t endpoints = plan.options.endpoint.empty() ? names_.size() : 1;
    const auto found_it_dead = [](const Attempt& one) {
      return one.message.find("had died") != std::string::npos;
    };
    const std::size_t replaced = std::ranges::any_of(attempts, found_it_dead) ? 1 : 0;  // a kept connection
    if (attempts.size() > endpoints + std::size_t{max_retries} + replaced)
      blame(plan, outcomes, "it was sent too often");
  }

  static std::string text_of(const Error& error) {
    std::ostringstream text;
    for (const std::string* part : {&error.message, &error.type, &error.code, &error.param, &error.request_id,
                                    &error.endpoint, &error.body}) {
      text << *part << '\n';
    }
    for (const Attempt& attempt : error.attempts) text << attempt.endpoint << ": " << attempt.message << '\n';
    return text.str();
  }

  void blame(const Plan& plan, Outcomes& outcomes, std::string_view fault,
             const std::optional<Error>& error = {}) {
    ++outcomes.not_owed;
    if (tally_.faults.size() == most_faults) return;
    std::ostringstream text;
    text << plan.question << " (" << (&outcomes == &tally_.streams ? "stream" : "create") << ", after "
         << detail::duration_text(plan.watch.elapsed()) << ", while " << plan.safe_endpoint
         << " was healthy): " << fault;
    if (error) text << "\n  " << error->kind << ": " << error->message;
    for (const EndpointStatus& endpoint : client_.endpoints()) {
      text << "\n  now " << endpoint.name << " is " << endpoint.state << ", " << endpoint.in_flight
           << " in flight, " << endpoint.counts;
    }
    tally_.faults.push_back(text.str());
  }

  const Client& client_;
  Sanctuary& sanctuary_;
  Canceler& canceler_;
  std::vector<std::string> names_;
  std::chrono::nanoseconds attempt_limit_;
  std::size_t number_;
  std::mt19937_64 dice_;
  std::size_t call_{};
  Tally tally_{};
};

}  // namespace openailb::test
