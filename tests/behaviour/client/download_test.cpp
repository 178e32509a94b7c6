// Answers whose bytes are handed over while they come.
#include "support/async.hpp"
#include "support/resources.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ios>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace openailb::download_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Ending = SimulatedAnswer::Ending;

SimulatedAnswer audio(const std::vector<std::string>& pieces, Ending ending = Ending::complete) {
  SimulatedAnswer answer = dripping(pieces, 1s, ending);
  answer.headers = {{"content-type", "audio/mpeg"}};
  return answer;
}

const SpeechCreateParams speech{.model = "m", .input = "x", .voice = "v"};

TEST(Download, HandsOverEachPieceWhenItComes) {
  Simulation simulation({{audio({"one", "two", "three"})}});
  std::vector<std::string> pieces;
  std::vector<std::chrono::nanoseconds> times;
  const auto done = simulation.client().download("/x", [&](std::string_view bytes) {
    pieces.emplace_back(bytes);
    times.push_back(simulation.elapsed());
  });
  EXPECT_THAT(pieces, ElementsAre("one", "two", "three"));
  EXPECT_THAT(times, ElementsAre(1s, 2s, 3s));
  EXPECT_EQ(done->size, 11);
  EXPECT_EQ(done->info.endpoint, "endpoint-0");
  EXPECT_EQ(done->info.status, 200);
  EXPECT_EQ(done->info.attempts.size(), 1);
  EXPECT_EQ(header(simulation.request(0).headers, "accept"), "*/*");
}

TEST(Download, GoesIntoAStream) {
  Simulation simulation({{audio({"one", std::string("\0\xff", 2)})}});
  const Client client = simulation.client();
  std::ostringstream out;
  ASSERT_TRUE(client.download("/x", out));
  EXPECT_EQ(out.str(), std::string("one\0\xff", 5));
  ASSERT_TRUE(client.files.content("file-1", out, {.max_retries = 0}));
  ASSERT_TRUE(client.audio.speech.create(speech, out));
  EXPECT_EQ(out.str().size(), 15);
  EXPECT_THAT(wire(simulation),
              ElementsAre("GET /v1/x", "GET /v1/files/file-1/content",
                          R"(POST /v1/audio/speech {"model":"m","input":"x","voice":"v"})"));
}

TEST(Download, OfNothingIsEmpty) {
  Simulation simulation({{answering("")}});
  std::ostringstream out;
  EXPECT_EQ(simulation.client().download("/x", out)->size, 0);
}

TEST(Download, FailsOverUntilItsFirstByte) {
  Simulation simulation({{failing(503)}, {audio({}, Ending::reset)}, {refused()}, {audio({"whole"})}});
  std::ostringstream out;
  const Client client = simulation.client();
  const auto done = client.download("/x", out);
  EXPECT_EQ(done->info.endpoint, "endpoint-3");
  EXPECT_EQ(done->info.attempts.size(), 4);
  EXPECT_EQ(out.str(), "whole");
  EXPECT_EQ(client.endpoints()[1].counts.total_failures, 1);
}

TEST(Download, ThatBreaksOffIsNeverRepeated) {
  Simulation simulation({{audio({"one", "two"}, Ending::reset)}, {audio({"whole"})}});
  const Client client = simulation.client();
  std::ostringstream out;
  const Error error = client.download("/x", out).error();
  EXPECT_EQ(error.kind, ErrorKind::stream_interrupted);
  EXPECT_THAT(error.message, HasSubstr("endpoint-0: the download ended early, after 6 bytes: "));
  EXPECT_EQ(out.str(), "onetwo");
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 1);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(Download, IsBoundedByIdleTimeoutAndDeadline) {
  std::ostringstream out;
  Simulation hanging({{audio({"one"}, Ending::hang)}});
  hanging.options.idle_timeout = 5s;
  EXPECT_EQ(hanging.client().download("/x", out).error().kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(hanging.elapsed(), 6s);

  Simulation slow({{audio(std::vector<std::string>(100, "x"))}});
  EXPECT_EQ(slow.client().download("/x", out, {.deadline = 10s}).error().kind, ErrorKind::timeout);
  EXPECT_EQ(slow.elapsed(), 10s);

  Simulation silent({{after(1h, audio({"x"}))}});
  const Error error = silent.client().download("/x", out, {.timeout = 3s, .max_retries = 0}).error();
  EXPECT_THAT(error.message, HasSubstr("no first byte within 3 s"));
}

TEST(Download, IsStoppedByItsToken) {
  Simulation simulation({{audio({"one", "two", "three"})}});
  const Client client = simulation.client();
  std::stop_source stop;
  std::string got;
  const Error error = client
                          .download("/x",
                                    [&](std::string_view bytes) {
                                      got += bytes;
                                      stop.request_stop();
                                    },
                                    {.stop_token = stop.get_token()})
                          .error();
  EXPECT_EQ(error.kind, ErrorKind::canceled);
  EXPECT_EQ(got, "one");
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 0);
}

TEST(Download, EndsWhereItsBytesAreNotTaken) {
  Simulation simulation({{audio({"one", "two", "three"})}, {audio({"whole"})}});
  const Client client = simulation.client();
  std::ostringstream full;
  full.setstate(std::ios::badbit);
  const Error error = client.download("/x", full, {.endpoint = "endpoint-0"}).error();
  EXPECT_EQ(error.kind, ErrorKind::canceled);
  EXPECT_THAT(error.message, HasSubstr("after 3 bytes: its bytes were not taken"));
  std::string got;
  const auto takes_two = [&](std::string_view bytes) { return (got += bytes).size() < 6; };
  EXPECT_FALSE(client.download("/x", takes_two, {.endpoint = "endpoint-0"}));
  EXPECT_EQ(got, "onetwo");
  EXPECT_EQ(client.endpoints()[0].counts.total_exclusions, 2);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(Download, PassesOnWhatItsFunctionThrows) {
  Simulation simulation({{audio({"one", "two"})}});
  const Client client = simulation.client();
  const auto throws = [](std::string_view) { throw std::runtime_error("mine"); };
  EXPECT_THROW(static_cast<void>(client.download("/x", throws)), std::runtime_error);
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(client.endpoints()[0].counts.total_exclusions, 1);
}

TEST(Download, OfSpeechIsAudioOrFailsOver) {
  for (const char* body : {R"({"error":{"message":"boom"}})", "{}"}) {
    SimulatedAnswer nonsense{.headers = {{"content-type", "application/json"}}};
    for (const char letter : std::string(body)) nonsense.pieces.push_back({1s, std::string(1, letter)});
    Simulation simulation({{nonsense}, {audio({"ID3", "xyz"})}});
    std::ostringstream out;
    EXPECT_EQ(simulation.client().audio.speech.create(speech, out)->info.endpoint, "endpoint-1");
    EXPECT_EQ(out.str(), "ID3xyz");
    Simulation alone({{nonsense}});
    const Error error = alone.client().audio.speech.create(speech, out, {.max_retries = 0}).error();
    EXPECT_EQ(error.body, body);
  }
}

TEST(Download, ThatCannotBeSentIsNot) {
  Simulation simulation({{ok()}});
  std::ostringstream out;
  EXPECT_EQ(simulation.client().files.content("", out).error().kind, ErrorKind::bad_request);
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Download, OfAnAsyncClientIsTheSame) {
  AsyncSimulation simulation({{failing(503)}, {audio({"one", "two", "three"})}});
  const AsyncClient client = simulation.client();
  std::ostringstream out;
  auto done = client.audio.speech.create(speech, out);
  EXPECT_EQ(done.get()->size, 11);
  EXPECT_EQ(out.str(), "onetwothree");
  auto missing = client.files.content("", out);
  EXPECT_EQ(missing.get().error().kind, ErrorKind::bad_request);
  auto thrown = client.download("/x", [](std::string_view) { throw std::runtime_error("mine"); });
  EXPECT_THROW(static_cast<void>(thrown.get()), std::runtime_error);
  EXPECT_EQ(client.endpoints()[1].in_flight, 0);
}

TEST(Download, OfAnAsyncClientIsTakenInItsExecutor) {
  AsyncSimulation simulation({{audio({"one", "two"})}});
  MainLoop loop;
  simulation.options.executor = loop.executor();
  const AsyncClient client = simulation.client();
  std::vector<std::thread::id> threads;
  auto done = client.download("/x", [&](std::string_view) { threads.push_back(std::this_thread::get_id()); });
  loop.run_one();
  loop.run_one();
  EXPECT_TRUE(done.get());
  EXPECT_THAT(threads, ElementsAre(std::this_thread::get_id(), std::this_thread::get_id()));
}

}  // namespace
}  // namespace openailb::download_test
