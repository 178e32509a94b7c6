// Large events of a stream are read beside the thread of an AsyncClient, which goes on meanwhile.
#include "support/async.hpp"
#include "support/helped_loop.hpp"
#include "support/instant_loop.hpp"
#include <openailb/detail/call/stream_opening.hpp>
#include <openailb/detail/src/types/chat_stream.hpp>
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace openailb::large_events_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string large(200'000, 'x');
const std::string large_error = R"({"error":{"message":"no )" + large + R"(","code":"key-1"}})";

/// The endpoint `large` answers as told, and `small` at once. Its clock goes on by as much as told.
struct Endpoints {
  std::string body;
  MainLoop helper{};
  std::atomic<std::chrono::hours> later{};

  AsyncClient client() {
    const auto respond = [this](const HttpRequest& request) {
      const bool is_small = request.url.starts_with("http://small");
      return HttpResponse{.status = 200, .body = is_small ? completion_json("small") : body};
    };
    const auto clock = [this] { return std::chrono::steady_clock::now() + later.load(); };
    return AsyncClient({{.api_key = "key-1", .base_url = "http://large.test/v1", .name = "large"},
                        {.base_url = "http://small.test/v1", .name = "small"}},
                       {.max_retries = 0, .idle_timeout = 30min, .event_loop = [this, respond, clock] {
                          return std::make_unique<LoopWithHelper>(respond, helper, clock);
                        }});
  }
};

void ask_another(const AsyncClient& client) {
  EXPECT_EQ(ask(client, {.endpoint = "small"}).get()->text(), "small");
}

/// What the next chunk of a stream says, once it has come; null at the end.
using Coming = Box<std::optional<std::string>>;

Coroutine put_next(AsyncStream<ChatCompletionChunk>& stream, std::shared_ptr<Coming> coming) {
  const std::optional<ChatCompletionChunk> chunk = co_await stream.next();
  coming->put(chunk ? std::optional(chunk->text()) : std::nullopt);
}
std::shared_ptr<Coming> next_of(AsyncStream<ChatCompletionChunk>& stream) {
  auto coming = std::make_shared<Coming>();
  put_next(stream, coming);
  return coming;
}
OwnedCoroutine await_next(AsyncStream<ChatCompletionChunk>& stream) {
  const std::optional<ChatCompletionChunk> chunk = co_await stream.next();
  ADD_FAILURE() << "went on";
}

/// A stream that has said "a", and whose next event, a large one, is waited for.
struct AtLargeEvent {
  explicit AtLargeEvent(const std::string& next, RequestOptions options = {})
      : endpoints{.body = role() + says("a") + next + finish() + done()}, client(endpoints.client()) {
    options.endpoint = "large";
    stream.emplace(ask_to_stream(client, options));
    EXPECT_EQ(next_of(*stream)->get(), "");
    EXPECT_EQ(next_of(*stream)->get(), "a");
    coming = next_of(*stream);
    ask_another(client);
  }

  Endpoints endpoints;
  AsyncClient client;
  std::optional<AsyncStream<ChatCompletionChunk>> stream{};
  std::shared_ptr<Coming> coming{};
};

TEST(LargeEvents, TheFirstOfAStreamIsReadWhileOthersGoOn) {
  Endpoints endpoints{.body = role() + says(large) + finish() + done()};
  const AsyncClient client = endpoints.client();
  auto stream = ask_to_stream(client, {.endpoint = "large"});
  const auto first = next_of(stream);
  ask_another(client);
  endpoints.helper.run_one();  // up to the commit point
  EXPECT_EQ(first->get(), "");
  const auto second = next_of(stream);
  ask_another(client);
  endpoints.helper.run_one();
  EXPECT_EQ(second->get(), large);
  EXPECT_EQ(next_of(stream)->get(), "");
  EXPECT_EQ(next_of(stream)->get(), std::nullopt);
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(stream.completion().text(), large);
}

TEST(LargeEvents, ALaterOneIsReadWhileOthersGoOn) {
  AtLargeEvent at(says(large) + says(large + "y") + says("z"));
  at.endpoints.helper.run_one();
  EXPECT_EQ(at.coming->get(), large);
  EXPECT_THAT(at.stream->raw(), HasSubstr(large));
  const auto repeated = next_of(*at.stream);
  ask_another(at.client);
  at.endpoints.helper.run_one();
  EXPECT_EQ(repeated->get(), large + "y");
  EXPECT_EQ(next_of(*at.stream)->get(), "z") << "at once";
  EXPECT_EQ(next_of(*at.stream)->get(), "");
  EXPECT_EQ(next_of(*at.stream)->get(), std::nullopt);
  EXPECT_EQ(at.stream->completion().text(), "a" + large + large + "yz");
  EXPECT_EQ(at.endpoints.helper.size(), 0U);
}

TEST(LargeEvents, AFunctionTakesThem) {
  Endpoints endpoints{.body = says("a") + says(large) + finish() + done()};
  const AsyncClient client = endpoints.client();
  std::vector<std::string> texts;
  auto whole = ask_to_stream(client, {.endpoint = "large"}).on_chunk([&](const auto& chunk) {
    texts.push_back(chunk.text());
  });
  endpoints.helper.run_one();
  EXPECT_EQ(whole.get()->text(), "a" + large);
  EXPECT_THAT(texts, ElementsAre("a", large, ""));
}

TEST(LargeEvents, AnErrorIsReadWhileOthersGoOn) {
  AtLargeEvent at(sse_event(large_error));
  at.endpoints.helper.run_one();
  EXPECT_EQ(at.coming->get(), std::nullopt);
  ASSERT_TRUE(at.stream->error());
  EXPECT_EQ(at.stream->error()->kind, ErrorKind::stream_interrupted);
  EXPECT_THAT(at.stream->error()->message, HasSubstr("no xxx"));
  EXPECT_THAT(at.stream->error()->body, Not(HasSubstr("key-1")));
  EXPECT_EQ(at.client.endpoints()[0].in_flight, 0);
}

TEST(LargeEvents, AnErrorBeforeTheCommitPointIsReadWhileOthersGoOn) {
  Endpoints endpoints{.body = role() + sse_event(large_error)};
  const AsyncClient client = endpoints.client();
  auto waiting = ask_to_stream(client, {.endpoint = "large"}).on_chunk([](const auto&) {});
  ask_another(client);
  endpoints.helper.run_one();
  const auto answer = waiting.get();
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("no xxx"));
  EXPECT_THAT(answer.error().body, Not(HasSubstr("key-1")));
}

TEST(LargeEvents, ADeadlineHoldsMeanwhile) {
  AtLargeEvent at(says(large), {.deadline = 30min});
  at.endpoints.later = 1h;
  ask_another(at.client);
  EXPECT_EQ(at.coming->get(), std::nullopt);
  ASSERT_TRUE(at.stream->error());
  EXPECT_EQ(at.stream->error()->kind, ErrorKind::timeout);
  EXPECT_EQ(at.client.endpoints()[0].in_flight, 0);
  at.endpoints.helper.run_one();  // for nobody
  EXPECT_EQ(at.stream->completion().text(), "a");
  EXPECT_THAT(at.stream->raw(), HasSubstr(R"("content":"a")"));
}

TEST(LargeEvents, ADeadlineHoldsMeanwhileBeforeTheCommitPoint) {
  Endpoints endpoints{.body = says(large) + finish() + done()};
  const AsyncClient client = endpoints.client();
  auto waiting = ask_to_stream(client, {.deadline = 30min, .endpoint = "large"}).on_chunk([](const auto&) {});
  ask_another(client);
  endpoints.later = 1h;
  ask_another(client);
  EXPECT_EQ(waiting.get().error().kind, ErrorKind::timeout);
  endpoints.helper.run_one();  // for nobody
}

TEST(LargeEvents, WhatHasComeIsNotWaitedFor) {
  AtLargeEvent at(says(large), {.deadline = 2h});
  at.endpoints.later = 1h;
  ask_another(at.client);
  at.endpoints.helper.run_one();
  EXPECT_EQ(at.coming->get(), large);
}

TEST(LargeEvents, AStopTokenEndsTheStreamMeanwhile) {
  std::stop_source stop;
  AtLargeEvent at(says(large), {.stop_token = stop.get_token()});
  stop.request_stop();
  EXPECT_EQ(at.coming->get(), std::nullopt);
  ASSERT_TRUE(at.stream->error());
  EXPECT_EQ(at.stream->error()->kind, ErrorKind::canceled);
  at.endpoints.helper.run_one();  // for nobody
}

TEST(LargeEvents, AStreamMayBeDroppedMeanwhileAndItsClientEnd) {
  Endpoints endpoints{.body = says("a") + says(large) + finish() + done()};
  {
    const AsyncClient client = endpoints.client();
    const auto drop_at_large_event = [&] {
      AsyncStream<ChatCompletionChunk> stream = ask_to_stream(client, {.endpoint = "large"});
      EXPECT_EQ(next_of(stream)->get(), "a");
      const OwnedCoroutine waiting = await_next(stream);
      ask_another(client);
    };
    drop_at_large_event();
    ask_another(client);
    EXPECT_EQ(client.endpoints()[0].in_flight, 0);
    endpoints.helper.run_one();
    drop_at_large_event();
  }
  endpoints.helper.run_one();
}

TEST(LargeEvents, AStreamWhoseEventNobodyCanReadIsBroken) {
  struct LoopWithoutMemory : InstantLoop {
    using InstantLoop::InstantLoop;
    bool run_aside(const std::function<void()>&) override { throw std::bad_alloc(); }
  };
  const std::string body = says("a") + says(large) + finish() + done();
  const auto respond = [&](const HttpRequest&) { return HttpResponse{.status = 200, .body = body}; };
  const AsyncClient client({{.base_url = "http://large.test/v1"}},
                           {.event_loop = [&] { return std::make_unique<LoopWithoutMemory>(respond); }});
  const auto answer = ask_to_stream(client).on_chunk([](const auto&) {}).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(client.endpoints()[0].in_flight, 0);
}

TEST(LargeEvents, AClientReadsThemItself) {
  OneEndpoint simulation(streaming(says("a") + says(large) + says(large) + finish() + done()));
  const Heard heard = hear(simulation.client());
  EXPECT_THAT(heard.texts, ElementsAre("a", large, large, ""));
  EXPECT_FALSE(heard.kind);
}

TEST(LargeEvents, TheObjectsInThemAreRemembered) {
  const std::string response =
      R"({"id":"resp_1","object":"response","status":"completed","output":[{"type":"message","role":"assistant",)"
      R"("content":[{"type":"output_text","text":")" +
      large + R"("}]}]})";
  Simulation simulation(
      {{streaming(sse_event(R"({"type":"response.completed","response":)" + response + "}")),
        {.body = response}},
       {{.body = response}}});
  const Client client = simulation.client();
  auto stream = client.responses.stream({.model = "m", .input = "x"});
  EXPECT_TRUE(stream.next());
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(client.responses.retrieve("resp_1")->info.endpoint, "endpoint-0");
}

TEST(LargeEvents, ManySmallOnesBeforeTheCommitPointAreReadInSeveralTurns) {
  Endpoints endpoints{};
  for (int count = 0; count < 8'000; ++count) endpoints.body += role();
  endpoints.body += says("a") + finish() + done();
  const AsyncClient client = endpoints.client();
  auto stream = ask_to_stream(client, {.endpoint = "large"}).on_chunk([](const auto&) {});
  EXPECT_EQ(stream.get()->text(), "a");

  InstantLoop loop([&](const HttpRequest&) { return HttpResponse{.status = 200, .body = endpoints.body}; });
  Transfer transfer(loop, {});
  detail::StreamOpening opening(detail::stream_kind<ChatCompletionChunk>, endpoints.body.size() * 2);
  opening.read(transfer);
  EXPECT_TRUE(opening.has_more());
  opening.read(transfer);
  EXPECT_TRUE(opening.committed());
  EXPECT_FALSE(opening.has_more());
}

}  // namespace
}  // namespace openailb::large_events_test
