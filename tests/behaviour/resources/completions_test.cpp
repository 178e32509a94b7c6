// client.completions, with and without a stream.
#include "support/async.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::completions_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const json answer{{"id", "cmpl-1"},
                  {"object", "text_completion"},
                  {"created", 1589478378},
                  {"model", "gpt-3.5-turbo-instruct"},
                  {"system_fingerprint", "fp_44709d6fcb"},
                  {"choices",
                   {{{"text", "\n\nThis is indeed a test"},
                     {"index", 0},
                     {"logprobs", nullptr},
                     {"finish_reason", "length"}}}},
                  {"usage", {{"prompt_tokens", 5}, {"completion_tokens", 7}, {"total_tokens", 12}}}};

std::string piece(const std::string& text, const json& finish_reason = nullptr, int index = 0,
                  const json& logprobs = nullptr) {
  return sse_event(
      json{{"id", "cmpl-1"},
           {"object", "text_completion"},
           {"created", 1690759702},
           {"choices",
            {{{"text", text}, {"index", index}, {"logprobs", logprobs}, {"finish_reason", finish_reason}}}},
           {"model", "gpt-3.5-turbo-instruct"}}
          .dump());
}

TEST(Completions, ContinueAText) {
  Simulation simulation({{answering(answer.dump())}});
  const auto completion = simulation.client().completions.create(
      {.model = "gpt-3.5-turbo-instruct", .prompt = "Say this is a test", .max_tokens = 7, .temperature = 0});
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/completions {"model":"gpt-3.5-turbo-instruct",)"
                          R"("prompt":"Say this is a test","max_tokens":7,"temperature":0.0})"));
  EXPECT_EQ(completion->text(), "\n\nThis is indeed a test");
  EXPECT_EQ(completion->choices.at(0).finish_reason, "length");
  EXPECT_EQ(completion->id, "cmpl-1");
  EXPECT_EQ(completion->object, "text_completion");
  EXPECT_EQ(completion->created, 1589478378);
  EXPECT_EQ(completion->model, "gpt-3.5-turbo-instruct");
  EXPECT_EQ(completion->system_fingerprint, "fp_44709d6fcb");
  EXPECT_EQ(completion->usage->total_tokens, 12);
  EXPECT_EQ(completion->info.endpoint, "endpoint-0");
}

TEST(Completions, SendAllThatIsSet) {
  Simulation simulation({{answering(answer.dump())}});
  EXPECT_TRUE(simulation.client().completions.create({.model = "m",
                                                      .prompt = {1, 2},
                                                      .best_of = 2,
                                                      .echo = true,
                                                      .frequency_penalty = 0.5,
                                                      .logit_bias = {{"50256", -100}},
                                                      .logprobs = 1,
                                                      .max_tokens = 3,
                                                      .n = 1,
                                                      .presence_penalty = -0.5,
                                                      .seed = 7,
                                                      .stop = {"###", "END"},
                                                      .suffix = "!",
                                                      .temperature = 1,
                                                      .top_p = 0.25,
                                                      .user = "u"}));
  EXPECT_THAT(
      wire(simulation),
      ElementsAre(R"(POST /v1/completions {"model":"m","prompt":[1,2],"best_of":2,"echo":true,)"
                  R"("frequency_penalty":0.5,"logit_bias":{"50256":-100},"logprobs":1,"max_tokens":3,"n":1,)"
                  R"("presence_penalty":-0.5,"seed":7,"stop":["###","END"],"suffix":"!","temperature":1.0,)"
                  R"("top_p":0.25,"user":"u"})"));
}

TEST(Completions, WithoutAChoiceAreNonsense) {
  Simulation simulation({{answering(R"({"id":"cmpl-1","choices":[]})")}, {answering(answer.dump())}});
  EXPECT_EQ(simulation.client().completions.create({.model = "m", .prompt = "a"})->info.endpoint,
            "endpoint-1");
}

TEST(Completions, NothingOptionalLosesTheAnswer) {
  const auto said = [](const json& document) {
    Simulation simulation({{answering(document.dump())}});
    return simulation.client().completions.create({.model = "m", .prompt = "a"})->text();
  };
  for (const json& other : variations(answer, {"choices"})) {
    EXPECT_EQ(said(other), "\n\nThis is indeed a test") << other;
  }
  for (const json& other : variations(answer["choices"][0], {"text"})) {
    json document = answer;
    document["choices"][0] = other;
    EXPECT_EQ(said(document), "\n\nThis is indeed a test") << other;
  }
}

TEST(CompletionStream, AddsUpToTheAnswer) {
  Simulation simulation(
      {{streaming(piece("") + piece("This") + piece(" is", nullptr, 0, {{"tokens", {" is"}}}) +
                  piece(" it", "stop", 0, {{"tokens", {" it"}}}) + piece("So", "stop", 1) + done())}});
  auto stream = simulation.client().completions.stream({.model = "m", .prompt = "a"});
  std::vector<std::string> texts;
  while (auto chunk = stream.next()) texts.push_back(chunk->text());
  EXPECT_FALSE(stream.error());
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/completions {"model":"m","prompt":"a","stream":true})"));
  EXPECT_THAT(texts, ElementsAre("", "This", " is", " it", "So"));
  const Completion& whole = stream.completion();
  EXPECT_EQ(whole.text(), "This is it");
  EXPECT_EQ(whole.choices.at(0).finish_reason, "stop");
  EXPECT_EQ(whole.choices[0].logprobs, json({{"tokens", {" is", " it"}}}));
  EXPECT_EQ(whole.choices.at(1).text, "So");
  EXPECT_EQ(whole.id, "cmpl-1");
  EXPECT_EQ(whole.model, "gpt-3.5-turbo-instruct");
}

TEST(CompletionStream, FailsOverUntilItsFirstText) {
  for (const std::string& nothing : {piece(""), std::string(), piece("") + done()}) {
    Simulation simulation({{streaming(nothing)}, {streaming(piece("a", "stop") + done())}});
    auto stream = simulation.client().completions.stream({.model = "m", .prompt = "a"});
    EXPECT_EQ(stream.next()->text(), "a");
    EXPECT_EQ(stream.info().endpoint, "endpoint-1");
  }
}

TEST(CompletionStream, IsInterruptedWithoutAnEnd) {
  Simulation simulation({{streaming(piece("a"))}, {streaming(piece("b", "stop"))}});
  const Client client = simulation.client();
  auto cut = client.completions.stream({.model = "m", .prompt = "a"});
  while (cut.next()) {
  }
  EXPECT_EQ(cut.error()->kind, ErrorKind::stream_interrupted);
  EXPECT_THAT(cut.error()->message, HasSubstr("without [DONE] or a finish_reason"));
  auto ended = client.completions.stream({.model = "m", .prompt = "a"});
  while (ended.next()) {
  }
  EXPECT_FALSE(ended.error()) << "a finish reason is an end";
}

TEST(CompletionStream, RefusesAnIndexOutOfRange) {
  for (const int index : {-1, 128}) {
    CompletionAccumulator accumulator;
    const CompletionChunk chunk{.choices = {{.index = index, .text = "a"}}};
    EXPECT_EQ(accumulator.add(chunk).error().kind, ErrorKind::parse);
    EXPECT_TRUE(accumulator.completion().choices.empty());
    EXPECT_FALSE(accumulator.finished());
  }
}

TEST(CompletionStream, WorksOnAnAsyncClient) {
  AsyncSimulation simulation({{streaming(piece("This") + piece(" is", "stop") + done())}});
  const AsyncClient client = simulation.client();
  auto whole =
      client.completions.stream({.model = "m", .prompt = "a"}).on_chunk([](const CompletionChunk&) {});
  EXPECT_EQ(whole.get()->text(), "This is");
}

}  // namespace
}  // namespace openailb::completions_test
