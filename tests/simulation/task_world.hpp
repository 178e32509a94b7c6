#pragma once

#include "simulation/concurrent.hpp"
#include "simulation/plan.hpp"
#include "simulation/record.hpp"
#include "simulation/world.hpp"
#include "simulation/world_options.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {

/// A world whose calls are tasks on one loop, which the caller of run() runs.
class TaskWorld final : public World {
 public:
  explicit TaskWorld(const WorldPlan& plan) : World(plan), client_(endpoints(), World::options()) {}

  void run(const std::function<void()>& observe) override;
  std::vector<EndpointStatus> status() const override { return client_.endpoints(); }

 private:
  void add(EndpointConfig endpoint) override { client_.add_endpoint(std::move(endpoint)); }
  void remove(const std::string& name) override { client_.remove_endpoint(name); }
  void replace(std::vector<EndpointConfig> all) override { client_.set_endpoints(std::move(all)); }

  using Streaming = Task<Result<std::unique_ptr<CommittedStream>>>;

  Task<bool> caller(const std::vector<CallPlan>& calls);
  Task<bool> create(CallRecord& record);
  Task<bool> post(CallRecord& record);
  Task<bool> stream(CallRecord& record);
  template <class T>
  Task<bool> finish(CallRecord& record, Task<T>& task, std::optional<T>& result);

  ConcurrentClient client_;
};

inline void TaskWorld::run(const std::function<void()>& observe) {
  std::vector<Task<bool>> callers;
  const WorldPlan& world = plan();
  for (const auto& calls : world.callers) callers.push_back(caller(calls));
  for (auto& task : callers) task.start();
  while (!std::ranges::all_of(callers, &Task<bool>::done)) {
    net_.loop().run_once();
    observe();
  }
  for (auto& task : callers) task.result();
}

inline Task<bool> TaskWorld::caller(const std::vector<CallPlan>& calls) {
  for (const CallPlan& plan : calls) {
    Timer pause(net_.loop(), now() + plan.pause);
    WhenAny over(pause);
    co_await over;
    CallRecord& record = begin(plan);
    Task<bool> call = plan.kind == CallPlan::Kind::create   ? create(record)
                      : plan.kind == CallPlan::Kind::stream ? stream(record)
                                                            : post(record);
    try {
      co_await call;
    } catch (const UserError&) {
      end(record, CallRecord::Fate::threw);
    }
  }
  co_return true;
}

/// Waits for a task until the call is to be dropped; without a result then. The caller destroys the task.
template <class T>
Task<bool> TaskWorld::finish(CallRecord& record, Task<T>& task, std::optional<T>& result) {
  const TimePoint dropped = record.plan.drop ? record.began + *record.plan.drop : (TimePoint::max)();
  Timer drop(net_.loop(), dropped);
  WhenAny either(task, drop);
  co_await either;
  if (task.done()) result.emplace(task.result());
  co_return result.has_value();
}

inline Task<bool> TaskWorld::create(CallRecord& record) {
  Task<Result<ChatCompletion>> asking = client_.chat.completions.create(params(record), options(record));
  std::optional<Result<ChatCompletion>> result;
  Task<bool> finishing = finish(record, asking, result);
  const bool finished = co_await finishing;
  if (!finished) asking = {};
  end(record, finished ? take_note(record, *result) : CallRecord::Fate::dropped);
  co_return finished;
}

inline Task<bool> TaskWorld::post(CallRecord& record) {
  Task<Result<JsonResponse>> asking = client_.post("/embeddings", body(record), options(record));
  std::optional<Result<JsonResponse>> result;
  Task<bool> finishing = finish(record, asking, result);
  const bool finished = co_await finishing;
  if (!finished) asking = {};
  end(record, finished ? take_note(record, *result) : CallRecord::Fate::dropped);
  co_return finished;
}

inline Task<bool> TaskWorld::stream(CallRecord& record) {
  Streaming opening = client_.chat.completions.stream(params(record), options(record));
  std::optional<Result<std::unique_ptr<CommittedStream>>> opened;
  Task<bool> finishing = finish(record, opening, opened);
  const bool finished = co_await finishing;
  if (!finished || !*opened) {
    if (finished) record.error = opened->error();
    opening = {};
    end(record, finished ? CallRecord::Fate::failed : CallRecord::Fate::dropped);
    co_return finished;
  }
  std::unique_ptr<CommittedStream> state = std::move(**opened);
  record.info = state->info();
  record.committed = now();
  while (!state->over()) {
    Task<const ChunkReader*> reading = state->next();
    std::optional<const ChunkReader*> chunk;
    Task<bool> taking = finish(record, reading, chunk);
    const bool taken = co_await taking;
    const auto& choices = completion_of<ChatCompletionChunk>(state->accumulation()).choices;
    if (!choices.empty()) record.content = choices[0].message.content;
    if (taken) continue;
    reading = {};
    state.reset();
    end(record, CallRecord::Fate::dropped);
    co_return false;
  }
  if (state->error()) record.error = *state->error();
  state.reset();
  end(record, record.error.message.empty() ? CallRecord::Fate::succeeded : CallRecord::Fate::failed);
  co_return true;
}

}  // namespace openailb::simulation
