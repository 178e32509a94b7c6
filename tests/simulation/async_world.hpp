#pragma once

#include "simulation/concurrent.hpp"
#include "simulation/plan.hpp"
#include "simulation/record.hpp"
#include "simulation/world.hpp"
#include "simulation/world_options.hpp"
#include <openailb/openailb.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {

/// A world whose callers use an AsyncClient as users do: with coroutines, or functions that are given what
/// came. All of it runs on the client's thread, between two turns of its loop, so that a plan runs the same
/// way each time.
class AsyncWorld final : public World {
 public:
  explicit AsyncWorld(const WorldPlan& plan) : World(plan), client_(endpoints(), client_options()) {}

  void run(const std::function<void()>& observe) override;
  std::vector<EndpointStatus> status() const override { return client_.endpoints(); }

 private:
  void add(EndpointConfig endpoint) override { client_.add_endpoint(std::move(endpoint)); }
  void remove(const std::string& name) override { client_.remove_endpoint(name); }
  void replace(std::vector<EndpointConfig> all) override { client_.set_endpoints(std::move(all)); }

  struct Caller {
    const std::vector<CallPlan>* calls{};
    std::size_t next{};
    CallRecord* under_way{};  ///< null between two calls, and while one is ending
    Task<bool> call{};        ///< its coroutine
  };
  using Step = std::function<void()>;

  ClientOptions client_options();
  void do_soon(Step step);
  void do_at(TimePoint when, Step step);
  void take(const Step& step);
  void pass_time();
  void fail(const std::exception_ptr& exception);

  void go_on(Caller& caller);
  void begin_call(Caller& caller);
  void drop_call(Caller& caller, CallRecord& record);
  Future<ChatCompletion> create(const CallRecord& record) {
    return client_.chat.completions.create(params(record), World::options(record));
  }
  Future<JsonResponse> post(const CallRecord& record) {
    return client_.post("/embeddings", body(record), World::options(record));
  }
  Task<bool> make_call(Caller& caller, CallRecord& record);
  template <class T>
  Task<CallRecord::Fate> wait_for(CallRecord& record, Future<T> future);
  template <class T>
  void give_to_function(Caller& caller, CallRecord& record, Future<T> future);
  Task<CallRecord::Fate> read(CallRecord& record);
  void end_soon(Caller& caller, CallRecord& record, CallRecord::Fate fate);

  std::vector<Caller> callers_{};
  std::size_t callers_left_{};
  std::multiset<TimePoint> pauses_{};  ///< when callers go on
  bool is_to_pass_time_{};
  std::function<void()> observe_{};
  std::promise<void> over_{};
  bool is_over_{};
  AsyncClient client_;
};

inline ClientOptions AsyncWorld::client_options() {
  ClientOptions options = World::options();
  options.on_unhandled = [this](const std::exception_ptr& exception) { fail(exception); };
  return options;
}

inline void AsyncWorld::run(const std::function<void()>& observe) {
  observe_ = observe;
  const WorldPlan& world = plan();
  for (const auto& calls : world.callers) callers_.push_back({.calls = &calls});
  callers_left_ = callers_.size();
  if (callers_.empty()) return;
  do_soon([this] {
    for (Caller& caller : callers_) go_on(caller);
  });
  over_.get_future().get();
}

/// Takes a step when it is the client's turn to call functions of users: the answer to a call that cannot be
/// made is there at once.
inline void AsyncWorld::do_soon(Step step) {
  if (is_over_) return;  // then the client may be ending
  Future<ChatCompletion> none = client_.chat.completions.create({}, {.timeout = -1s});
  std::move(none).then([this, step = std::move(step)](const Result<ChatCompletion>&) { take(step); });
}

inline void AsyncWorld::do_at(TimePoint when, Step step) {
  net_.network.at(when, [this, step = std::move(step)] {
    do_soon(step);
    net_.loop().wake();
  });
}

inline void AsyncWorld::take(const Step& step) {
  if (is_over_) return;
  step();
  observe_();
  if (callers_left_ == 0) {
    is_over_ = true;
    return over_.set_value();
  }
  if (running() > 0 || std::exchange(is_to_pass_time_, true)) return;
  do_soon([this] { pass_time(); });  // after what has been dropped is gone
}

/// While no call is under way, the client's thread does not run its loop, and no time passes by itself.
inline void AsyncWorld::pass_time() {
  is_to_pass_time_ = false;
  if (running() == 0 && !pauses_.empty()) net_.network.advance(*pauses_.begin() - now());
}

inline void AsyncWorld::fail(const std::exception_ptr& exception) {
  if (!std::exchange(is_over_, true)) over_.set_exception(exception);
}

/// Lets a caller make its next call, after its pause.
inline void AsyncWorld::go_on(Caller& caller) {
  if (caller.next == caller.calls->size()) {
    --callers_left_;
    return;
  }
  const TimePoint begins = now() + (*caller.calls)[caller.next].pause;
  const auto pause = pauses_.insert(begins);
  do_at(begins, [this, &caller, pause] {
    pauses_.erase(pause);
    begin_call(caller);
  });
}

inline void AsyncWorld::begin_call(Caller& caller) {
  CallRecord& record = begin((*caller.calls)[caller.next++]);
  caller.under_way = &record;
  if (record.plan.drop) {
    do_at(now() + *record.plan.drop, [this, &caller, &record] { drop_call(caller, record); });
  }
  const bool gives_to_function = record.plan.by_function && !record.plan.drop;
  if (gives_to_function && record.plan.kind == CallPlan::Kind::create)
    return give_to_function(caller, record, create(record));
  if (gives_to_function && record.plan.kind == CallPlan::Kind::post)
    return give_to_function(caller, record, post(record));
  caller.call = make_call(caller, record);
  caller.call.start();
}

/// Destroys what waits for a call, and with it the Future or the stream.
inline void AsyncWorld::drop_call(Caller& caller, CallRecord& record) {
  if (caller.under_way != &record) return;
  caller.call = {};
  end_soon(caller, record, CallRecord::Fate::dropped);
}

/// Ends a call after what has been dropped for it is gone, and what that has dropped: a Future its stream.
inline void AsyncWorld::end_soon(Caller& caller, CallRecord& record, CallRecord::Fate fate) {
  caller.under_way = nullptr;
  do_soon([this, &caller, &record, fate] {
    do_soon([this, &caller, &record, fate] {
      end(record, fate);
      go_on(caller);
    });
  });
}

template <class T>
void AsyncWorld::give_to_function(Caller& caller, CallRecord& record, Future<T> future) {
  std::move(future).then([this, &caller, &record](const Result<T>& answer) {
    const bool threw = !answer && answer.error().message == UserError().what();
    end_soon(caller, record, threw ? CallRecord::Fate::threw : take_note(record, answer));
  });
}

inline Task<bool> AsyncWorld::make_call(Caller& caller, CallRecord& record) {
  Task<CallRecord::Fate> call = record.plan.kind == CallPlan::Kind::create ? wait_for(record, create(record))
                                : record.plan.kind == CallPlan::Kind::post ? wait_for(record, post(record))
                                                                           : read(record);
  CallRecord::Fate fate = CallRecord::Fate::threw;
  try {
    const CallRecord::Fate told = co_await call;
    fate = told;
  } catch (const UserError&) {
  } catch (...) {
    fail(std::current_exception());
  }
  call = {};
  end_soon(caller, record, fate);
  co_return true;
}

template <class T>
Task<CallRecord::Fate> AsyncWorld::wait_for(CallRecord& record, Future<T> future) {
  const Result<T> answer = co_await future;
  co_return take_note(record, answer);
}

/// Reads the first chunk, and then the others or lets a function have them.
inline Task<CallRecord::Fate> AsyncWorld::read(CallRecord& record) {
  AsyncStream<ChatCompletionChunk> stream =
      client_.chat.completions.stream(params(record), World::options(record));
  for (;;) {
    const std::optional<ChatCompletionChunk> chunk = co_await stream.next();
    if (!chunk) break;
    record.content += chunk->text();
    if (record.committed) continue;
    record.info = stream.info();
    record.committed = now();
    observe_();
    if (!record.plan.by_function) continue;
    Future<ChatCompletion> rest = std::move(stream).on_chunk(
        [&record](const ChatCompletionChunk& other) { record.content += other.text(); });
    const Result<ChatCompletion> whole = co_await rest;
    if (!whole) record.error = whole.error();
    co_return whole ? CallRecord::Fate::succeeded : CallRecord::Fate::failed;
  }
  if (stream.error()) record.error = *stream.error();
  co_return stream.error() ? CallRecord::Fate::failed : CallRecord::Fate::succeeded;
}

}  // namespace openailb::simulation
