// What a resource is made of: any method, any body, any answer, through the same balancer.
#include "support/simulation.hpp"
#include "support/streaming.hpp"
#include <openailb/resources/resource.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace openailb::resource_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;

/// The text of a transcription, as "text/plain" brings it.
struct Transcript {
  std::string text{};
  ResponseInfo info{};
};

struct Thing {
  std::string id{};
  ResponseInfo info{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
  }
};

Result<Transcript> decode_transcript(HttpResponse& response, bool&) {
  return Transcript{.text = std::move(response.body)};
}

/// A resource as they are written in resources/.
class Things : public Resource<Blocking> {
 public:
  using Resource<Blocking>::Resource;

  Result<Thing> create(JsonDocument body, RequestOptions options = {}) const {
    return post<Thing>("/things", std::move(body), std::move(options));
  }
  Result<Thing> retrieve(const std::string& id) const { return get<Thing>("/things/" + id, {}); }
  Result<Thing> remove(const std::string& id) const { return del<Thing>("/things/" + id, {}); }
  Result<Thing> update(const std::string& id, JsonDocument body) const {
    return send<Thing>({.method = "PATCH", .path = "/things/" + id, .body = std::move(body)}, {},
                       detail::decode_json<Thing>);
  }
  Result<Transcript> transcribe(std::vector<BodyPart> parts, RequestOptions options = {}) const {
    return send<Transcript>({.path = "/things/text", .parts = std::move(parts), .accept = "text/plain"},
                            std::move(options), decode_transcript);
  }
};

Things things_of(Simulation& simulation) {
  return Things(std::make_shared<detail::Core<Blocking>>(simulation.endpoints, simulation.options,
                                                         simulation.options.event_loop));
}

std::string content_type(const HttpRequest& request) {
  return std::string(header(request.headers, "content-type"));
}

TEST(Resource, HasOneLineForEachOfItsMethods) {
  Simulation simulation({{answering(R"({"id": "t1"})")}});
  const Things things = things_of(simulation);
  EXPECT_EQ(things.create({{"name", "x"}})->id, "t1");
  EXPECT_EQ(things.retrieve("t1")->id, "t1");
  EXPECT_EQ(things.remove("t1")->id, "t1");
  EXPECT_EQ(things.update("t1", {{"name", "y"}})->info.endpoint, "endpoint-0");
  std::vector<std::string> sent;
  for (const HttpRequest& request : simulation.network.requests()) {
    sent.push_back(request.method + ' ' + request.url.substr(request.url.find("/v1")) + ' ' + request.body);
  }
  EXPECT_THAT(sent, ElementsAre(R"(POST /v1/things {"name":"x"})", "GET /v1/things/t1 ",
                                "DELETE /v1/things/t1 ", R"(PATCH /v1/things/t1 {"name":"y"})"));
  EXPECT_EQ(content_type(simulation.request(0)), "application/json");
  EXPECT_FALSE(simulation.request(1).headers.contains("content-type"));
  EXPECT_FALSE(simulation.request(2).headers.contains("content-type"));
  EXPECT_EQ(content_type(simulation.request(3)), "application/json");
}

TEST(Resource, RefusesABodyThatIsNoObject) {
  Simulation simulation({{ok()}});
  const Things things = things_of(simulation);
  EXPECT_EQ(things.create(json::array({1})).error().message, "not sent: the body is not a JSON object");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Resource, StillWorksWhenItWasMovedFrom) {
  Simulation simulation({{answering(R"({"id": "t1"})")}});
  Things things = things_of(simulation);
  const Things moved = std::move(things);
  EXPECT_TRUE(moved.retrieve("t1"));
  EXPECT_TRUE(things.retrieve("t1"));  // NOLINT(bugprone-use-after-move)

  Client client = simulation.client();
  const auto completions = std::move(client.chat.completions);
  EXPECT_FALSE(client.chat.completions.create({{"model", ""}}));  // NOLINT(bugprone-use-after-move)
}

TEST(Form, FailsOverWithEachEndpointsOwnModel) {
  Simulation simulation({{failing(503)}, {answering("hello there")}});
  simulation.endpoints[0].model_map = {{"whisper-1", "first"}};
  simulation.endpoints[1].model_map = {{"whisper-1", "second"}};
  const Things things = things_of(simulation);
  const auto transcript = things.transcribe(
      {{.name = "file", .content = "RIFF", .filename = "a.wav"}, {.name = "model", .content = "whisper-1"}});
  EXPECT_EQ(transcript->text, "hello there");
  EXPECT_EQ(transcript->info.endpoint, "endpoint-1");
  EXPECT_EQ(transcript->info.attempts.size(), 2);
  EXPECT_EQ(simulation.request(0).parts.at(1).content, "first");
  EXPECT_EQ(simulation.request(1).parts.at(1).content, "second");
  EXPECT_EQ(simulation.request(1).parts.at(0).content, "RIFF");
  EXPECT_EQ(simulation.request(1).body, "");
  EXPECT_EQ(header(simulation.request(0).headers, "accept"), "text/plain");
  EXPECT_FALSE(simulation.request(0).headers.contains("content-type")) << "only the transport knows it";
}

TEST(Form, GivesItsModelToTheCooldown) {
  Simulation simulation({{failing(429, "", {{"retry-after", "20"}}), answering("late")}});
  const Things things = things_of(simulation);
  EXPECT_EQ(things.transcribe({{.name = "model", .content = "whisper-1"}})->text, "late");
  EXPECT_GE(simulation.elapsed(), std::chrono::seconds(20));
}

TEST(Form, WhoseFileCannotBeReadIsAskedOfOneEndpointAndBlamesNone) {
  const SimulatedAnswer unreadable{
      .failure =
          TransferFailure{.kind = ErrorKind::bad_request, .message = "no file", .is_client_error = true}};
  Simulation simulation({{unreadable}, {ok()}});
  const Things things = things_of(simulation);
  const Error error = things.transcribe({{.name = "file", .file = "/no/such/file"}}).error();
  EXPECT_EQ(error.kind, ErrorKind::bad_request);
  EXPECT_EQ(error.attempts.size(), 1);
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

TEST(Form, ThatIsWrongIsNotSent) {
  Simulation simulation({{ok()}});
  const Things things = things_of(simulation);
  EXPECT_EQ(things.transcribe({{.name = "model"}}).error().message, "not sent: model is empty");
  EXPECT_EQ(things.transcribe({{.name = "a", .content = "b"}}, {.extra_body = {{"c", "d"}}}).error().message,
            "not sent: extra_body needs a body that is JSON, not a form");
  for (const BodyPart& part : {BodyPart{.name = "a\r\nX-B: c"}, BodyPart{.name = "a", .content_type = "a\nb"},
                               BodyPart{.name = "a", .filename = std::string("a\0b", 3)}}) {
    EXPECT_EQ(things.transcribe({part}).error().message,
              "not sent: a part's name or type has a control character");
  }
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(AskingForEndpoints, LeasesNoLoop) {
  Simulation simulation({{dripping({says("Hel"), says("lo"), done()}, 1s)}});
  int loops = 0;
  simulation.options.event_loop = [&, make = simulation.network.loops()] {
    ++loops;
    return make();
  };
  const Client client = simulation.client();
  EXPECT_EQ(loops, 1) << "at once, so that what libcurl does not accept is told before any call";
  auto stream = ask_to_stream(client);
  ASSERT_TRUE(stream.next());
  EXPECT_EQ(client.endpoints().at(0).in_flight, 1) << "the one loop is leased to the stream";
  EXPECT_EQ(loops, 1);
}

}  // namespace
}  // namespace openailb::resource_test
