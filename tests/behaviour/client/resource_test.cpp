// What a resource is made of: any method, any body, any answer, through the same balancer.
#include "support/simulation.hpp"
#include "support/streaming.hpp"
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/resources/resource.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace openailb::resource_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

Result<detail::AnswerPtr> decode_transcript(HttpResponse& response, bool&) {
  return detail::answer_of(Transcript{.text = std::move(response.body)});
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
    return send<Transcript>(
        {.path = "/things/text", .form = detail::Form{.parts = std::move(parts)}, .accept = "text/plain"},
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
  const auto transcript = things.transcribe({{.name = "file", .file = file_from_bytes("a.wav", "RIFF")},
                                             {.name = "model", .content = "whisper-1"}});
  EXPECT_EQ(transcript->text, "hello there");
  EXPECT_EQ(transcript->info.endpoint, "endpoint-1");
  EXPECT_EQ(transcript->info.attempts.size(), 2);
  EXPECT_EQ(simulation.request(0).parts.at(1).content, "first");
  EXPECT_EQ(simulation.request(1).parts.at(1).content, "second");
  EXPECT_EQ(simulation.request(1).parts.at(0).file.content, "RIFF");
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
  const Error error = things.transcribe({{.name = "file", .file = file_from_bytes("a", "x")}}).error();
  EXPECT_EQ(error.kind, ErrorKind::bad_request);
  EXPECT_EQ(error.attempts.size(), 1);
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

TEST(Form, IsNotSentWithoutItsFiles) {
  Simulation simulation({{ok()}});
  const Things things = things_of(simulation);
  const std::vector<std::pair<FileInput, std::string>> wrong{
      {openailb::file("/no/such/file"), "/no/such/file does not exist"},
      {openailb::file("/"), "/ is a directory"},
      {openailb::file("/dev/null"), "/dev/null is no regular file"},
      {file_from_bytes("a.wav", ""), "a.wav is empty"}};
  for (const auto& [file, what] : wrong) {
    const Error error = things.transcribe({{.name = "file", .file = file}}).error();
    EXPECT_EQ(error.kind, ErrorKind::bad_request);
    EXPECT_EQ(error.message, "not sent: the file " + what);
    EXPECT_TRUE(error.attempts.empty());
  }
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Form, TakesMoreFields) {
  Simulation simulation({{ok()}});
  const RequestOptions options{.extra_body = {{"model", "other"},
                                              {"b", nullptr},
                                              {"list", {"x", 2}},
                                              {"object", {{"deep", {{"er", true}}}}},
                                              {"number", 0.5}}};
  const std::vector<BodyPart> parts{
      {.name = "model", .content = "m"}, {.name = "b[]", .content = "1"}, {.name = "c", .content = "2"}};
  ASSERT_TRUE(things_of(simulation).transcribe(parts, options));
  std::vector<std::string> sent;
  const HttpRequest& request = simulation.request(0);
  for (const BodyPart& part : request.parts) sent.push_back(part.name + '=' + part.content);
  EXPECT_THAT(
      sent, ElementsAre("c=2", "model=other", "list[]=x", "list[]=2", "object[deep][er]=true", "number=0.5"));
}

TEST(Form, ThatIsWrongIsNotSent) {
  Simulation simulation({{ok()}});
  const Things things = things_of(simulation);
  EXPECT_EQ(things.transcribe({{.name = "model"}}).error().message, "not sent: model is empty");
  EXPECT_EQ(things.transcribe({}).error().message, "not sent: the form has no parts");
  EXPECT_EQ(things.transcribe({{.name = "stream", .content = "true"}}).error().message,
            "not sent: \"stream\": true needs the stream() method");
  const RequestOptions deep{.extra_body =
                                nlohmann::json::parse(std::string(500, '[') + "1" + std::string(500, ']'))};
  EXPECT_EQ(things.transcribe({{.name = "a"}}, deep).error().message,
            "not sent: extra_body is not a JSON object");
  RequestOptions deeper{
      .extra_body = {{"a", nlohmann::json::parse(std::string(50, '[') + std::string(50, ']'))}}};
  EXPECT_THAT(things.transcribe({{.name = "b"}}, deeper).error().message, HasSubstr("is nested too deeply"));
  for (const BodyPart& part :
       {BodyPart{.name = "a\r\nX-B: c"}, BodyPart{.name = "a", .file = file_from_bytes("a", "b", "a\nb")},
        BodyPart{.name = "a", .file = file_from_bytes(std::string("a\0b", 3), "c")}}) {
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
