// Streams of client.images: their events, what these add up to, where they commit and how they end.
#include "support/async.hpp"
#include "support/forms.hpp"
#include "support/resources.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::image_stream_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const json usage = json::parse(R"({"total_tokens": 100, "input_tokens": 50, "output_tokens": 50,
  "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}})");

/// From OpenAI's documentation.
json event(const std::string& type, const std::string& bytes) {
  return {{"type", type},           {"b64_json", bytes}, {"created_at", 1620000000}, {"size", "1024x1024"},
          {"background", "opaque"}, {"quality", "high"}, {"output_format", "png"}};
}
std::string named(const json& one) {
  return "event: " + one.at("type").get<std::string>() + "\ndata: " + one.dump() + "\n\n";
}
std::string partial(const std::string& bytes, int index = 0) {
  json one = event("image_generation.partial_image", bytes);
  one["partial_image_index"] = index;
  return named(one);
}
json whole(const std::string& bytes, const std::string& type = "image_generation.completed") {
  json one = event(type, bytes);
  one["usage"] = usage;
  return one;
}
std::string completed(const std::string& bytes) { return named(whole(bytes)); }

Stream<ImageStreamEvent> open(const Client& client) {
  return client.images.generate_stream({.model = "gpt-image-1", .prompt = "an otter", .partial_images = 2});
}

/// Reads a stream to its end.
std::vector<ImageStreamEvent> read(Stream<ImageStreamEvent>& stream) {
  std::vector<ImageStreamEvent> all;
  while (auto one = stream.next()) all.push_back(*one);
  return all;
}

TEST(ImageStream, GivesPartialImagesAndAddsUpToTheWholeOne) {
  OneEndpoint simulation(streaming(partial("AAAA") + partial("BBBB", 1) + completed("CCCC")));
  auto stream = open(simulation.client());
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/images/generations {"model":"gpt-image-1","prompt":"an otter",)"
                          R"("partial_images":2,"stream":true})"));
  const auto first = stream.next();
  EXPECT_EQ(first->type, "image_generation.partial_image");
  EXPECT_EQ(first->b64_json, "AAAA");
  EXPECT_FALSE(first->is_completed());
  EXPECT_EQ(stream.completion().data.at(0).b64_json, "AAAA");
  const auto rest = read(stream);
  EXPECT_FALSE(stream.error());
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[0].partial_image_index, 1);
  EXPECT_TRUE(rest[1].is_completed());
  EXPECT_EQ(rest[1].b64_json, "CCCC");
  EXPECT_EQ(rest[1].usage->total_tokens, 100);
  EXPECT_TRUE(rest[1].extra.is_null()) << rest[1].extra;
  const ImagesResponse& images = stream.completion();
  ASSERT_EQ(images.data.size(), 1U);
  EXPECT_EQ(images.data[0].b64_json, "CCCC");
  EXPECT_EQ(images.created, 1620000000);
  EXPECT_EQ(images.size, "1024x1024");
  EXPECT_EQ(images.background, "opaque");
  EXPECT_EQ(images.quality, "high");
  EXPECT_EQ(images.output_format, "png");
  EXPECT_EQ(images.usage->output_tokens, 50);
  EXPECT_EQ(stream.info().endpoint, "endpoint-0");
}

TEST(ImageStream, OfAnEditIsAskedForByAForm) {
  OneEndpoint simulation(streaming(named(whole("CCCC", "image_edit.completed"))));
  auto stream = simulation.client().images.edit_stream(
      {.image = {file_from_bytes("room.png", "PNG")}, .prompt = "x", .partial_images = 1},
      {.extra_body = {{"stream", false}, {"tomorrow", 1}}});
  EXPECT_THAT(wire(simulation), ElementsAre("POST /v1/images/edits"));
  EXPECT_THAT(form(simulation.request(0)), ElementsAre("image=room.png (PNG)", "prompt=x", "partial_images=1",
                                                       "tomorrow=1", "stream=true"));
  EXPECT_EQ(header(simulation.request(0).headers, "accept"), "text/event-stream");
  EXPECT_EQ(read(stream).size(), 1U);
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(stream.completion().data.at(0).b64_json, "CCCC");
}

TEST(ImageStream, NeedsAnImageToEdit) {
  Simulation simulation({{ok()}});
  const auto stream = simulation.client().images.edit_stream({.prompt = "x"});
  EXPECT_EQ(stream.error()->message, "not sent: image is missing");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(ImageStream, IsAskedForByItsOwnMethod) {
  Simulation simulation({{ok()}});
  const auto images = simulation.client().images;
  EXPECT_EQ(images.generate({.prompt = "x"}, {.extra_body = {{"stream", true}}}).error().kind,
            ErrorKind::bad_request);
  EXPECT_EQ(images
                .edit({.image = {file_from_bytes("room.png", "PNG")}, .prompt = "x"},
                      {.extra_body = {{"stream", true}}})
                .error()
                .kind,
            ErrorKind::bad_request);
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(ImageStream, FailsOverUntilTheFirstImage) {
  const std::string error = named({{"type", "error"}, {"error", {{"message", "boom"}}}});
  for (const std::string& nothing :
       {std::string(), partial(""), completed(""), sse_event(R"({"type":"keepalive"})"),
        named({{"type", "image_generation.in_progress"}}), error, done()}) {
    Simulation simulation({{streaming(nothing)}, {streaming(partial("AAAA") + completed("CCCC"))}});
    auto stream = open(simulation.client());
    EXPECT_EQ(stream.info().endpoint, "endpoint-1") << nothing;
    read(stream);
    EXPECT_FALSE(stream.error());
  }
  Simulation simulation({{streaming(partial("AAAA"))}, {streaming(completed("CCCC"))}});
  EXPECT_EQ(open(simulation.client()).info().endpoint, "endpoint-0");
}

TEST(ImageStream, OfAnEditFailsOverWithTheWholeForm) {
  Simulation simulation({{failing(503)}, {streaming(named(whole("CCCC", "image_edit.completed")))}});
  const auto stream =
      simulation.client().images.edit_stream({.image = {file_from_bytes("room.png", "PNG")}, .prompt = "x"});
  EXPECT_EQ(stream.info().endpoint, "endpoint-1");
  EXPECT_EQ(form(simulation.request(0)), form(simulation.request(1)));
}

TEST(ImageStream, IsTruncatedWithoutTheWholeImage) {
  for (const std::string& end : {std::string(), done(), named({{"type", "image_generation.of_tomorrow"}})}) {
    OneEndpoint simulation(streaming(partial("AAAA") + end));
    auto stream = open(simulation.client());
    read(stream);
    ASSERT_TRUE(stream.error()) << end;
    EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
    EXPECT_THAT(stream.error()->message, HasSubstr("it ended without image_generation.completed"));
    EXPECT_EQ(stream.completion().data.at(0).b64_json, "AAAA");
  }
}

TEST(ImageStream, IsInterruptedByAWholeImageWithoutItsBytes) {
  OneEndpoint simulation(streaming(partial("AAAA") + completed("")));
  auto stream = open(simulation.client());
  read(stream);
  EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
  EXPECT_THAT(stream.error()->message, HasSubstr("an image without its bytes"));
}

TEST(ImageStream, WaitsForNothingAfterItsEnd) {
  for (const char* type : {"image_generation.completed", "image_edit.completed"}) {
    for (const Ending ending : {Ending::hang, Ending::reset, Ending::complete}) {
      OneEndpoint simulation(streaming(partial("AAAA") + named(whole("CCCC", type)), ending));
      const Client client = simulation.client();
      auto stream = open(client);
      read(stream);
      EXPECT_FALSE(stream.error()) << type;
      EXPECT_EQ(counts(client).total_successes, 1);
      EXPECT_EQ(simulation.elapsed().count(), 0);
    }
  }
}

Stream<ImageStreamEvent> open(const Client& client, int n) {
  return client.images.generate_stream({.prompt = "an otter", .n = n});
}

TEST(ImageStream, OfSeveralImagesGivesThemAll) {
  const std::string both = partial("AAAA") + completed("BBBB") + partial("CCCC") + completed("DDDD");
  for (const Ending ending : {Ending::hang, Ending::reset, Ending::complete}) {
    OneEndpoint simulation(streaming(both + partial("EEEE"), ending));
    auto stream = open(simulation.client(), 2);
    EXPECT_EQ(read(stream).size(), 4U);
    EXPECT_FALSE(stream.error());
    ASSERT_EQ(stream.completion().data.size(), 2U);
    EXPECT_EQ(stream.completion().data[0].b64_json, "BBBB");
    EXPECT_EQ(stream.completion().data[1].b64_json, "DDDD");
    EXPECT_EQ(simulation.elapsed().count(), 0);
  }
  OneEndpoint edits(
      streaming(named(whole("AAAA", "image_edit.completed")) + named(whole("BBBB", "image_edit.completed")),
                Ending::hang));
  auto stream = edits.client().images.edit_stream(
      {.image = {file_from_bytes("room.png", "PNG")}, .prompt = "x", .n = 2});
  EXPECT_EQ(read(stream).size(), 2U);
  EXPECT_FALSE(stream.error());
}

TEST(ImageStream, MayHaveFewerImagesThanWereAskedFor) {
  for (const std::string& end : {std::string(), done()}) {
    OneEndpoint simulation(streaming(completed("AAAA") + partial("BBBB") + completed("CCCC") + end));
    auto stream = open(simulation.client(), 3);
    EXPECT_EQ(read(stream).size(), 3U);
    EXPECT_FALSE(stream.error()) << end;
    EXPECT_EQ(stream.completion().data.size(), 2U);
  }
  OneEndpoint broken(streaming(completed("AAAA") + partial("BBBB"), Ending::reset));
  auto stream = open(broken.client(), 2);
  read(stream);
  EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(stream.completion().data.at(1).b64_json, "BBBB") << "what has come is there";
}

TEST(ImageStream, NothingOptionalLosesAnEvent) {
  for (const json& other : variations(whole("CCCC"), {"type", "b64_json"})) {
    OneEndpoint simulation(streaming(named(other)));
    auto stream = open(simulation.client());
    read(stream);
    EXPECT_FALSE(stream.error()) << other;
    EXPECT_EQ(stream.completion().data.at(0).b64_json, "CCCC") << other;
  }
}

TEST(ImageStream, WorksOnAnAsyncClient) {
  AsyncSimulation simulation({{streaming(partial("AAAA") + completed("CCCC"))}});
  const AsyncClient client = simulation.client();
  int count = 0;
  auto images =
      client.images.generate_stream({.prompt = "x"}).on_chunk([&](const ImageStreamEvent&) { ++count; });
  EXPECT_EQ(images.get()->data.at(0).b64_json, "CCCC");
  EXPECT_EQ(count, 2);
}

}  // namespace
}  // namespace openailb::image_stream_test
