// client.embeddings: what it sends, and how the vectors come back.
#include "support/async.hpp"
#include "support/resources.hpp"
#include <openailb/detail/wire/base64.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::embeddings_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// 1.0, -2.5 and 0.0 as the bytes that OpenAI sends.
constexpr const char* in_base64 = "AACAPwAAIMAAAAAA";

json answer_with(const json& embedding) {
  return {{"object", "list"},
          {"data", {{{"object", "embedding"}, {"index", 0}, {"embedding", embedding}}}},
          {"model", "text-embedding-ada-002"},
          {"usage", {{"prompt_tokens", 8}, {"total_tokens", 8}}}};
}

Result<CreateEmbeddingResponse> ask_for(const json& answer) {
  Simulation simulation({{answering(answer.dump())}});
  return simulation.client().embeddings.create({.model = "m", .input = "x"});
}

TEST(Embeddings, AsksForBase64AndGivesFloats) {
  Simulation simulation({{answering(answer_with(in_base64).dump())}});
  const auto answer = simulation.client().embeddings.create(
      {.model = "text-embedding-ada-002", .input = "The food was delicious and the waiter..."});
  EXPECT_THAT(
      wire(simulation),
      ElementsAre(R"(POST /v1/embeddings {"model":"text-embedding-ada-002",)"
                  R"("input":"The food was delicious and the waiter...","encoding_format":"base64"})"));
  EXPECT_THAT(answer->data.at(0).embedding, ElementsAre(1.0F, -2.5F, 0.0F));
  EXPECT_EQ(answer->data[0].index, 0);
  EXPECT_EQ(answer->data[0].object, "embedding");
  EXPECT_EQ(answer->object, "list");
  EXPECT_EQ(answer->model, "text-embedding-ada-002");
  EXPECT_EQ(answer->usage->prompt_tokens, 8);
  EXPECT_EQ(answer->usage->total_tokens, 8);
  EXPECT_EQ(answer->info.endpoint, "endpoint-0");
}

TEST(Embeddings, SendsAllThatIsSet) {
  Simulation simulation({{answering(answer_with({0.5, 1, -3e-2}).dump())}});
  const auto answer = simulation.client().embeddings.create(
      {.model = "m", .input = {"one", "another"}, .dimensions = 3, .encoding_format = "float", .user = "u"});
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/embeddings {"model":"m","input":["one","another"],"dimensions":3,)"
                          R"("encoding_format":"float","user":"u"})"));
  EXPECT_THAT(answer->data.at(0).embedding, ElementsAre(0.5F, 1.0F, -0.03F));
}

TEST(Embeddings, TakesTextsAndTokens) {
  const std::vector<std::string> texts{"a"};
  const std::vector<std::int64_t> tokens{1, 2};
  std::vector<std::string> sent;
  for (const TextInput& input : {TextInput("a"), TextInput(texts), TextInput{"a", "b"}, TextInput(tokens),
                                 TextInput{1, 2, 3}, TextInput({tokens, tokens})}) {
    sent.push_back(detail::write_json(input));
  }
  EXPECT_THAT(sent, ElementsAre(R"("a")", R"(["a"])", R"(["a","b"])", "[1,2]", "[1,2,3]", "[[1,2],[1,2]]"));
  EXPECT_TRUE(TextInput().empty());
  EXPECT_FALSE(TextInput("").empty());
}

TEST(Embeddings, ExtraBodyHasTheLastWord) {
  Simulation simulation({{answering(answer_with({1}).dump())}});
  EXPECT_TRUE(simulation.client().embeddings.create({.model = "m", .input = "x"},
                                                    {.extra_body = {{"encoding_format", nullptr}}}));
  EXPECT_THAT(wire(simulation), ElementsAre(R"(POST /v1/embeddings {"model":"m","input":"x"})"));
}

TEST(Embeddings, AnswerWithoutAVectorIsNonsenseAndFailsOver) {
  for (const json& nonsense :
       {json("!not base64!"), json("AACA"), json(""), json::array(), json(), json(1)}) {
    Simulation simulation({{answering(answer_with(nonsense).dump())}, {answering(answer_with({1}).dump())}});
    const auto answer = simulation.client().embeddings.create({.model = "m", .input = "x"});
    EXPECT_EQ(answer->info.endpoint, "endpoint-1") << nonsense;
  }
  const Error error = ask_for({{"object", "list"}, {"data", json::array()}}).error();
  EXPECT_EQ(error.kind, ErrorKind::parse);
  EXPECT_THAT(error.message, HasSubstr("without an embedding"));
}

TEST(Embeddings, NothingOptionalLosesTheAnswer) {
  const json whole = answer_with(in_base64);
  for (const json& other : variations(whole, {"data"})) {
    EXPECT_EQ(ask_for(other)->data.at(0).embedding.size(), 3U) << other;
  }
  for (const json& other : variations(whole["data"][0], {"embedding"})) {
    json answer = whole;
    answer["data"][0] = other;
    EXPECT_EQ(ask_for(answer)->data.at(0).embedding.size(), 3U) << other;
  }
  json more = whole;
  more["data"][0]["new"] = 1;
  EXPECT_EQ(ask_for(more)->data[0].extra, json({{"new", 1}}));
}

TEST(Embeddings, WorkOnAnAsyncClient) {
  AsyncSimulation simulation({{answering(answer_with(in_base64).dump())}});
  const AsyncClient client = simulation.client();
  auto future = client.embeddings.create({.model = "m", .input = "x"}, {.max_retries = 0});
  EXPECT_EQ(future.get()->data.at(0).embedding.size(), 3U);
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/embeddings {"model":"m","input":"x","encoding_format":"base64"})"));
}

TEST(Base64, IsDecoded) {
  EXPECT_EQ(detail::decode_base64(""), "");
  EXPECT_EQ(detail::decode_base64("Zg=="), "f");
  EXPECT_EQ(detail::decode_base64("Zg"), "f");
  EXPECT_EQ(detail::decode_base64("Zm8="), "fo");
  EXPECT_EQ(detail::decode_base64("Zm9v"), "foo");
  EXPECT_EQ(detail::decode_base64("Zm9vYmFy"), "foobar");
  EXPECT_EQ(detail::decode_base64("+/-_"), "\xFB\xFF\xBF");
  for (const char* wrong : {"Z", "Z===", "Zm9v=", "Zm 9", "Zg=a", "====", "Zm9vY"}) {
    EXPECT_FALSE(detail::decode_base64(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace openailb::embeddings_test
