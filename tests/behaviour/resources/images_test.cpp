// client.images: what it sends, and what it makes of the answers.
#include "support/async.hpp"
#include "support/forms.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::images_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;

/// From OpenAI's documentation, with all members filled.
const json example = json::parse(R"({"created": 1713833628, "background": "opaque", "output_format": "png",
  "quality": "high", "size": "1024x1024",
  "data": [{"b64_json": "iVBORw0KGgo=", "revised_prompt": "A cute otter.", "url": "https://x.example/1"}],
  "usage": {"total_tokens": 100, "input_tokens": 50, "output_tokens": 50,
            "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
            "output_tokens_details": {"image_tokens": 50}}})");

const FileInput room = file_from_bytes("room.png", "PNG1");
const FileInput cat = file_from_bytes("cat.png", "PNG2");

TEST(Images, Generate) {
  Simulation simulation({{answering(example.dump())}});
  const Client client = simulation.client();
  const auto images = client.images.generate({.model = "gpt-image-1",
                                              .prompt = "A cute baby sea otter",
                                              .background = "opaque",
                                              .moderation = "low",
                                              .n = 1,
                                              .output_compression = 90,
                                              .output_format = "png",
                                              .quality = "high",
                                              .response_format = "b64_json",
                                              .size = "1024x1024",
                                              .style = "vivid",
                                              .user = "u"});
  ASSERT_TRUE(client.images.generate({.prompt = "x"}));
  EXPECT_THAT(
      wire(simulation),
      ElementsAre(R"(POST /v1/images/generations {"model":"gpt-image-1","prompt":"A cute baby sea otter",)"
                  R"("background":"opaque","moderation":"low","n":1,"output_compression":90,)"
                  R"("output_format":"png","quality":"high","response_format":"b64_json",)"
                  R"("size":"1024x1024","style":"vivid","user":"u"})",
                  R"(POST /v1/images/generations {"prompt":"x"})"));
  EXPECT_EQ(images->created, 1713833628);
  EXPECT_EQ(images->background, "opaque");
  EXPECT_EQ(images->output_format, "png");
  EXPECT_EQ(images->quality, "high");
  EXPECT_EQ(images->size, "1024x1024");
  EXPECT_EQ(images->data.at(0).b64_json, "iVBORw0KGgo=");
  EXPECT_EQ(images->data[0].revised_prompt, "A cute otter.");
  EXPECT_EQ(images->data[0].url, "https://x.example/1");
  EXPECT_EQ(images->usage->input_tokens, 50);
  EXPECT_EQ(images->usage->output_tokens, 50);
  EXPECT_EQ(images->usage->total_tokens, 100);
  EXPECT_EQ(images->usage->input_tokens_details.at("image_tokens"), 40);
  EXPECT_EQ(images->usage->output_tokens_details.at("image_tokens"), 50);
}

TEST(Images, Edit) {
  Simulation simulation({{answering(example.dump())}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.images.edit({.model = "gpt-image-1",
                                  .image = {room, cat},
                                  .prompt = "the cat in the room",
                                  .background = "auto",
                                  .input_fidelity = "high",
                                  .mask = file_from_bytes("mask.png", "M"),
                                  .n = 2,
                                  .output_compression = 1,
                                  .output_format = "webp",
                                  .quality = "low",
                                  .response_format = "url",
                                  .size = "auto",
                                  .user = "u"}));
  ASSERT_TRUE(client.images.edit({.image = {room}, .prompt = "x"}));
  EXPECT_THAT(wire(simulation), ElementsAre("POST /v1/images/edits", "POST /v1/images/edits"));
  EXPECT_THAT(form(simulation.request(0)),
              ElementsAre("model=gpt-image-1", "image[]=room.png (PNG1)", "image[]=cat.png (PNG2)",
                          "prompt=the cat in the room", "background=auto", "input_fidelity=high",
                          "mask=mask.png (M)", "n=2", "output_compression=1", "output_format=webp",
                          "quality=low", "response_format=url", "size=auto", "user=u"));
  EXPECT_THAT(form(simulation.request(1)), ElementsAre("image=room.png (PNG1)", "prompt=x"));
}

TEST(Images, CreateVariation) {
  Simulation simulation({{answering(example.dump())}});
  ASSERT_TRUE(simulation.client().images.create_variation({.model = "dall-e-2",
                                                           .image = room,
                                                           .n = 2,
                                                           .response_format = "url",
                                                           .size = "256x256",
                                                           .user = "u"}));
  EXPECT_THAT(wire(simulation), ElementsAre("POST /v1/images/variations"));
  EXPECT_THAT(form(simulation.request(0)), ElementsAre("model=dall-e-2", "image=room.png (PNG1)", "n=2",
                                                       "response_format=url", "size=256x256", "user=u"));
}

TEST(Images, NeedAnImage) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  EXPECT_EQ(client.images.edit({.prompt = "x"}).error().message, "not sent: image is missing");
  EXPECT_EQ(client.images.edit({.image = {FileInput{}}, .prompt = "x"}).error().message,
            "not sent: image is missing");
  EXPECT_EQ(client.images.create_variation({}).error().message, "not sent: image is missing");
  EXPECT_EQ(client.images.edit({.image = {room, openailb::file("/no/such.png")}, .prompt = "x"}).error().kind,
            ErrorKind::bad_request);
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Images, AnswerWithoutAnImageIsNonsenseAndFailsOver) {
  for (const char* nonsense : {"{}", R"({"data":[]})", R"({"data":null})", "\x89PNG\r\n", "[]",
                               R"({"created":1,"error":{"message":"boom"}})"}) {
    Simulation simulation({{answering(nonsense)}, {answering(example.dump())}});
    EXPECT_EQ(simulation.client().images.generate({.prompt = "x"})->info.endpoint, "endpoint-1") << nonsense;
  }
}

TEST(Images, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(example, {"data"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().images.generate({.prompt = "x"})->data.at(0).b64_json, "iVBORw0KGgo=")
        << other;
  }
  json strange = example;
  strange["data"][0] = {{"url", "u"}, {"b64_json", nullptr}, {"revised_prompt", 7}, {"new", 1}};
  strange["new"] = 2;
  Simulation simulation({{answering(strange.dump())}});
  const auto images = simulation.client().images.create_variation({.image = room});
  EXPECT_EQ(images->data.at(0).url, "u");
  EXPECT_EQ(images->data[0].extra, json({{"new", 1}}));
  EXPECT_EQ(images->extra, json({{"new", 2}}));
}

TEST(Images, AreTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{failing(500)}, {answering(example.dump())}});
  const AsyncClient client = simulation.client();
  auto images = client.images.edit({.image = {room}, .prompt = "x"});
  EXPECT_EQ(images.get()->info.attempts.size(), 2);
}

}  // namespace
}  // namespace openailb::images_test
