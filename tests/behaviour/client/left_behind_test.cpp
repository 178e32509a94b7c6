// What streams and downloads leave behind, however they end: in-flight counts, breakers, attempts, ids.

#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace openailb::left_behind_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;

const SpeechCreateParams speech{.model = "m", .input = "x", .voice = "v"};
const auto take = [](std::string_view) {};

SimulatedAnswer audio(const std::vector<std::string>& pieces, Ending ending = Ending::complete) {
  SimulatedAnswer answer = dripping(pieces, 1s, ending);
  answer.headers = {{"content-type", "audio/mpeg"}};
  return answer;
}

TEST(FinishedDownload, IsASuccessOfItsEndpoint) {
  OneEndpoint simulation(audio({"one", "two"}));
  const Client client = simulation.client();
  const auto done = client.download("/x", take);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->size, 6U);
  EXPECT_EQ(counts(client).total_successes, 1U);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(BrokenDownload, IsAFailureOfItsEndpointAndListsItsAttempts) {
  Simulation simulation({{failing(503)}, {audio({"one", "two"}, Ending::reset)}});
  const Client client = simulation.client();
  const auto done = client.download("/x", take);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(counts(client, 1).total_failures, 1U);
  EXPECT_EQ(in_flight(client), 0);
  ASSERT_EQ(done.error().attempts.size(), 2U);
  EXPECT_EQ(done.error().attempts[0].status, 503);
  EXPECT_EQ(done.error().attempts[1].kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(done.error().attempts[1].endpoint, "endpoint-1");
}

TEST(RefusedDownload, IsNeitherASuccessNorAFailureOfItsEndpoint) {
  OneEndpoint simulation(audio({"one", "two", "three"}));
  const Client client = simulation.client();
  EXPECT_EQ(client.download("/x", [](std::string_view) { return false; }).error().kind, ErrorKind::canceled);
  EXPECT_THROW((void)client.download("/x", [](std::string_view) { throw std::runtime_error("full"); }),
               std::runtime_error);
  EXPECT_EQ(counts(client).total_exclusions, 2U);
  EXPECT_EQ(counts(client).total_failures + counts(client).total_successes, 0U);
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(simulation.network.in_flight(), 0U);
}

TEST(DownloadOfAnObject, TellsWhereTheObjectIs) {
  Simulation simulation({{failing(404)}, {audio({"one", "two"})}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.files.content("file-abc123", take));
  EXPECT_EQ(client.owner_of("file-abc123"), "endpoint-1");
  ASSERT_TRUE(client.files.content("file-abc123", take));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1));
}

TEST(DownloadOfSpeech, ThatIsNoAudioHasTheStatusOfItsAnswer) {
  for (const std::string& body : {std::string("<html>welcome</html>"), error_json("overloaded")}) {
    SimulatedAnswer page = answering(body);
    page.headers = {{"content-type", body.starts_with('<') ? "text/html" : "application/json"}};
    Simulation simulation({{page}});
    simulation.options.max_retries = 0;
    const auto done = simulation.client().audio.speech.create(speech, take);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().status, 200) << body;
    EXPECT_EQ(done.error().attempts.at(0).status, 200);
  }
}

TEST(DownloadOfSpeech, IsNotHedged) {
  Simulation simulation({{after(9s, audio({"one"}))}, {audio({"two"})}});
  simulation.options.hedge = HedgeOptions{.delay = 1s, .max_fraction = 1.0};
  std::string heard;
  ASSERT_TRUE(
      simulation.client().audio.speech.create(speech, [&](std::string_view bytes) { heard += bytes; }));
  EXPECT_EQ(heard, "one");
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

TEST(HedgeOfAStream, LeavesNothingOfTheOneThatLost) {
  Simulation simulation({{dripping({role(), says("slow"), finish(), done()}, 4s)},
                         {dripping({role(), says("fast"), finish(), done()}, 1s)}});
  simulation.options.hedge = HedgeOptions{.delay = 1s, .max_fraction = 1.0};
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  EXPECT_EQ(stream.info().endpoint, "endpoint-1");
  EXPECT_EQ(client.endpoints()[0].in_flight, 0) << "it has lost at the first token of the other";
  EXPECT_EQ(client.endpoints()[1].in_flight, 1);
  EXPECT_EQ(counts(client, 0).total_exclusions, 1U);
  EXPECT_FALSE(listen(stream).kind);
  EXPECT_EQ(stream.completion().text(), "fast");
  EXPECT_EQ(counts(client, 1).total_successes, 1U);
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(simulation.network.in_flight(), 0U);
}

std::string created_response(const std::string& id) {
  return sse_event(R"({"type":"response.created","sequence_number":0,"response":{"id":")" + id +
                   R"(","object":"response","status":"in_progress","output":[]}})") +
         sse_event(R"({"type":"response.output_text.delta","sequence_number":1,"item_id":"msg_1",)"
                   R"("output_index":0,"content_index":0,"delta":"hi"})");
}

TEST(StreamedResponse, LeavesItsIdWithItsEndpointThoughItIsDropped) {
  const std::string id = "resp_0123456789abcdef0123456789abcdef";
  Simulation simulation({{failing(503)}, {streaming(created_response(id), Ending::hang)}, {ok()}});
  const Client client = simulation.client();
  {
    auto stream = client.responses.stream({.model = "m", .input = "Hello!"});
    ASSERT_TRUE(stream.next());
    ASSERT_TRUE(stream.next());
  }
  EXPECT_EQ(client.owner_of(id), "endpoint-1");
  EXPECT_EQ(counts(client, 1).total_exclusions, 1U);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(BrokenStream, HasAllItsAttemptsAndTheKindOfEach) {
  Simulation simulation({{failing(500)}, {streaming(role() + says("a"), Ending::reset)}});
  auto stream = ask_to_stream(simulation.client());
  EXPECT_EQ(listen(stream).kind, ErrorKind::stream_interrupted);
  const auto& attempts = stream.error()->attempts;
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].kind, ErrorKind::internal_server);
  EXPECT_EQ(attempts[1].kind, ErrorKind::stream_interrupted);
  EXPECT_FALSE(attempts[1].message.empty());
}

}  // namespace
}  // namespace openailb::left_behind_test
