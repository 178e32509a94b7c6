// What an endpoint's own extra_body makes of the bodies that go there.

#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <utility>

namespace openailb::test::dialect_test {
namespace {

using namespace detail;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

json sent(const Simulation& simulation, std::size_t index = 0) {
  return json::parse(simulation.request(index).body);
}

TEST(EndpointBody, AddsReplacesAndRemoves) {
  Simulation simulation({{ok()}});
  simulation.endpoints[0].extra_body = {{"top_k", 40}, {"temperature", nullptr}, {"nothing", nullptr}};
  EXPECT_TRUE(ask(simulation.client(), {.extra_body = {{"temperature", 1}, {"top_k", 1}, {"seed", 7}}}));
  const json expected = json::parse(
      R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hello!"}],"top_k":40,"seed":7})");
  EXPECT_EQ(sent(simulation), expected);
}

TEST(EndpointBody, IsTheEndpointsAlone) {
  Simulation simulation({{failing(503)}, {ok()}});
  simulation.endpoints[0].extra_body = {{"top_k", 40}};
  simulation.endpoints[0].model_map = {{"gpt-4o", "mapped"}};
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_EQ(sent(simulation, 0).at("top_k"), 40);
  EXPECT_EQ(sent(simulation, 0).at("model"), "mapped");
  EXPECT_FALSE(sent(simulation, 1).contains("top_k"));
}

TEST(EndpointBody, LeavesAStreamOne) {
  Simulation simulation({{streaming(whole("a"))}});
  simulation.endpoints[0].extra_body = {{"stream_options", {{"include_usage", true}}}};
  EXPECT_THAT(hear(simulation.client()).texts, Not(IsEmpty()));
  EXPECT_EQ(sent(simulation).at("stream"), true);
  EXPECT_EQ(sent(simulation).at("stream_options").at("include_usage"), true);
}

TEST(EndpointBody, IsNotForCallsWithoutABody) {
  Simulation simulation({{answering(R"({"id":"batch_1"})")}});
  simulation.endpoints[0].extra_body = {{"top_k", 40}};
  const Client client = simulation.client();
  EXPECT_TRUE(client.get("/models"));
  EXPECT_TRUE(client.batches.cancel("batch_1"));
  EXPECT_EQ(simulation.request(0).body, "");
  EXPECT_EQ(simulation.request(1).body, "");
}

TEST(EndpointBody, GoesIntoFormsThatNameAModel) {
  Simulation simulation({{answering(R"({"text":"hello"})")}});
  simulation.endpoints[0].extra_body = {{"temperature", 0.5}, {"language", nullptr}};
  simulation.endpoints[0].model_map = {{"whisper-1", "mapped"}};
  EXPECT_TRUE(simulation.client().audio.transcriptions.create({
      .model = "whisper-1",
      .file = file_from_bytes("a.wav", "RIFF"),
      .language = "en",
  }));
  std::map<std::string, std::string> parts;
  const HttpRequest& request = simulation.request(0);
  for (const BodyPart& part : request.parts) parts[part.name] = part.content;
  EXPECT_EQ(parts["model"], "mapped");
  EXPECT_EQ(parts["temperature"], "0.5");
  EXPECT_FALSE(parts.contains("language"));
}

TEST(EndpointBody, StaysOutOfUploads) {
  Simulation simulation({{answering(R"({"id":"file-1"})")}});
  simulation.endpoints[0].extra_body = {{"temperature", 0.5}};
  EXPECT_TRUE(
      simulation.client().files.create({.file = file_from_bytes("a.jsonl", "{}"), .purpose = "batch"}));
  const HttpRequest& request = simulation.request(0);
  for (const BodyPart& part : request.parts) EXPECT_NE(part.name, "temperature");
}

std::string fault_of(JsonDocument extra_body) {
  Simulation simulation({{ok()}});
  simulation.endpoints[0].extra_body = std::move(extra_body);
  try {
    static_cast<void>(simulation.client());
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(EndpointBody, ThatIsWrongIsRejected) {
  EXPECT_EQ(fault_of("[1]"), "openailb: endpoint-0: extra_body is not a JSON object");
  EXPECT_EQ(fault_of("{"), "openailb: endpoint-0: extra_body is not a JSON object");
  EXPECT_THAT(fault_of({{"model", "x"}}), HasSubstr("model_map"));
  EXPECT_THAT(fault_of({{"stream", nullptr}}), HasSubstr("extra_body must not have stream"));
  EXPECT_THAT(fault_of({{"stream_format", "audio"}}), HasSubstr("extra_body must not have stream_format"));
  EXPECT_THAT(fault_of({{"user", "\xFF"}}), HasSubstr("extra_body: user"));
  EXPECT_EQ(fault_of("{}"), "");
  EXPECT_EQ(fault_of({}), "");
}

}  // namespace
}  // namespace openailb::test::dialect_test
