// The forms in which a newcomer writes the first program, each as short as it may be.

#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace openailb::first_minute_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using nlohmann::json;
using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<std::pair<std::string, std::string>> endpoints_of(const Client& client) {
  std::vector<std::pair<std::string, std::string>> endpoints;
  for (const EndpointStatus& status : client.endpoints())
    endpoints.emplace_back(status.name, status.base_url);
  return endpoints;
}

const auto first = Pair("endpoint-0", "http://x/v1");
const auto second = Pair("endpoint-1", "http://y/v1");
const auto third = Pair("endpoint-2", "http://z/v1");

TEST(FirstClient, HasTheEndpointsInItsBraces) {
  Client one({{.api_key = "k", .base_url = "http://x/v1"}});
  Client two({{.api_key = "k", .base_url = "http://x/v1"}, {.api_key = "k", .base_url = "http://y/v1"}});
  Client three({{.api_key = "k", .base_url = "http://x/v1"},
                {.api_key = "k", .base_url = "http://y/v1"},
                {.base_url = "http://z/v1"}});
  EXPECT_THAT(endpoints_of(one), ElementsAre(first));
  EXPECT_THAT(endpoints_of(two), ElementsAre(first, second));
  EXPECT_THAT(endpoints_of(three), ElementsAre(first, second, third));
}

TEST(FirstClient, HasOptionsAfterThem) {
  Client one({{.api_key = "k", .base_url = "http://x/v1"}}, {.max_retries = 1});
  Client two({{.api_key = "k", .base_url = "http://x/v1"}, {.base_url = "http://y/v1"}},
             {.max_retries = 1, .timeout = 3s});
  Client three({{.base_url = "http://x/v1"}, {.base_url = "http://y/v1"}, {.base_url = "http://z/v1"}},
               {.timeout = 3s});
  EXPECT_THAT(endpoints_of(one), ElementsAre(first));
  EXPECT_THAT(endpoints_of(two), ElementsAre(first, second));
  EXPECT_THAT(endpoints_of(three), ElementsAre(first, second, third));
}

TEST(FirstClient, MayBeMadeWithBracesAloneOrFromAVector) {
  Client braces{{{.base_url = "http://x/v1"}}};
  Client list{{.api_key = "k", .base_url = "http://x/v1"}, {.base_url = "http://y/v1"}};
  const std::vector<EndpointConfig> endpoints{{.base_url = "http://x/v1"}, {.base_url = "http://y/v1"}};
  Client vector(endpoints), vector_in_braces{endpoints}, with_options(endpoints, {.max_retries = 0});
  Client copy(vector);
  EXPECT_THAT(endpoints_of(braces), ElementsAre(first));
  EXPECT_THAT(endpoints_of(list), ElementsAre(first, second));
  EXPECT_THAT(endpoints_of(vector), ElementsAre(first, second));
  EXPECT_THAT(endpoints_of(vector_in_braces), ElementsAre(first, second));
  EXPECT_THAT(endpoints_of(with_options), ElementsAre(first, second));
  EXPECT_THAT(endpoints_of(copy), ElementsAre(first, second));
}

TEST(FirstClient, MayHaveEndpointsWithoutNamesOfFields) {
  Client one({{"k", "http://x/v1"}});
  Client braces{{{"k", "http://x/v1"}}};
  Client two({{"k", "http://x/v1"}, {"k", "http://y/v1"}});
  Client list{{"k", "http://x/v1"}, {"k", "http://y/v1"}};
  Client more_braces{{{"k", "http://x/v1"}, {"k", "http://y/v1"}}};
  EXPECT_THAT(endpoints_of(one), ElementsAre(first));
  EXPECT_THAT(endpoints_of(braces), ElementsAre(first));
  EXPECT_THAT(endpoints_of(two), ElementsAre(first, second));
  EXPECT_THAT(endpoints_of(list), ElementsAre(first, second));
  EXPECT_THAT(endpoints_of(more_braces), ElementsAre(first, second));
}

template <class C>
constexpr bool takes_an_unclear_list = requires {
  C({{{"k", "http://x/v1"}, {"k", "http://y/v1"}}});
} || requires {
  C({{"k", "http://x/v1"}}, {{"max_retries", "1"}});
};
static_assert(!takes_an_unclear_list<Client> && !takes_an_unclear_list<AsyncClient>);

template <class C>
constexpr bool takes_files_as_texts = requires(const C& c) {
  c.files.create({{"file", "a.jsonl"}, {"purpose", "batch"}});
} || requires(const C& c) {
  c.files.create({"a.jsonl", "batch"});
} || requires(const C& c) {
  c.audio.transcriptions.create({{"model", "m"}, {"file", "a.mp3"}});
} || requires(const C& c) {
  c.audio.transcriptions.stream({{"model", "m"}, {"file", "a.mp3"}});
} || requires(const C& c) {
  c.audio.translations.create({{"model", "m"}, {"file", "a.mp3"}});
} || requires(const C& c) {
  c.images.edit({{"image", "a.png"}, {"prompt", "p"}});
} || requires(const C& c) {
  c.images.edit_stream({{"image", "a.png"}, {"prompt", "p"}});
} || requires(const C& c) {
  c.images.create_variation({{"image", "a.png"}, {"n", "1"}});
} || requires(const C& c) {
  c.uploads.add_part("id", {"a", "b"});
} || requires(const C& c) {
  c.uploads.upload_file_chunked({{"path", "a"}, {"purpose", "b"}});
} || requires(const C& c) {
  c.vector_stores.files.upload_and_poll("id", {"a", "b"});
} || requires(const C& c) {
  c.upload("/files", {{"file", "a.jsonl"}, {"purpose", "batch"}});
} || requires(const C& c) {
  c.upload("/files", {{{"file", "a.jsonl"}, {"purpose", "batch"}}});
};
static_assert(!takes_files_as_texts<Client> && !takes_files_as_texts<AsyncClient>);

template <class C>
constexpr bool lists_by_texts = requires(const C& c) {
  c.files.list({{"order", "asc"}, {"limit", "2"}});
} || requires(const C& c) {
  c.batches.list({{"after", "id"}});
} || requires(const C& c) {
  c.vector_stores.list({{"order", "asc"}, {"after", "id"}});
} || requires(const C& c) {
  c.chat.completions.list({{"order", "asc"}, {"after", "id"}});
} || requires(const C& c) {
  c.responses.retrieve("id", {{"include", "a"}});
} || requires(const C& c) {
  c.conversations.items.list("id", {{"include", "a"}, {"order", "asc"}});
};
static_assert(!lists_by_texts<Client> && !lists_by_texts<AsyncClient>);

/// A client whose every request can be read.
struct FirstCall : ::testing::Test {
  Simulation simulation{{{ok("Hello!")}}};
  Client client = simulation.client();

  std::string body() const { return simulation.network.requests().back().body; }
};

TEST_F(FirstCall, GivesItsTextAtOnce) {
  EXPECT_EQ(client.chat.completions.create({.model = "m", .messages = {user_message("Hi")}})->text(),
            "Hello!");
  EXPECT_EQ(client.chat.completions.create(question())->choices[0].message.content, "Hello!");
  simulation.serve(0, failing(400, error_json("no")));
  EXPECT_THROW((void)client.chat.completions.create(question())->text(), Exception);
}

TEST_F(FirstCall, TakesABodyInBareBraces) {
  ASSERT_TRUE(client.chat.completions.create(
      {{"model", "m"}, {"messages", {{{"role", "user"}, {"content", "Hi"}}}}}));
  EXPECT_EQ(body(), R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})");
  ASSERT_TRUE(
      client.chat.completions.create({{"model", "m"}, {"messages", json::array()}}, {.max_retries = 0}));
  EXPECT_EQ(body(), R"({"model":"m","messages":[]})");
}

TEST_F(FirstCall, TakesABodyInEveryFormOfJson) {
  const char* const text = R"({"model":"m","messages":[],"a":1})";
  ASSERT_TRUE(client.chat.completions.create(text));
  EXPECT_EQ(body(), text);
  ASSERT_TRUE(client.chat.completions.create(std::string(text)));
  EXPECT_EQ(body(), text);
  ASSERT_TRUE(client.chat.completions.create(ordered_json::parse(text)));
  EXPECT_EQ(body(), text);
  ASSERT_TRUE(client.chat.completions.create(json::parse(text)));
  EXPECT_EQ(body(), R"({"a":1,"messages":[],"model":"m"})");
}

TEST_F(FirstCall, TakesMessagesAndToolsAsJson) {
  const json messages =
      json::parse(R"([{"role":"user","content":"Hi","cache_control":{"type":"ephemeral"}}])");
  const json tools = json::parse(R"([{"type":"function","function":{"name":"f"}}])");
  ASSERT_TRUE(client.chat.completions.create({.model = "m", .messages = messages, .tools = tools}));
  EXPECT_EQ(json::parse(body()), (json{{"model", "m"}, {"messages", messages}, {"tools", tools}}));
  const auto ordered = ordered_json::parse(
      R"([{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"z":{},"a":{}}}}}])");
  ASSERT_TRUE(client.chat.completions.create({.model = "m", .tools = ordered}));
  EXPECT_EQ(body(), R"({"model":"m","messages":[],"tools":)" + ordered.dump() + "}");
}

TEST_F(FirstCall, StreamsFromTheSameForms) {
  for (int form = 0; form < 3; ++form) {
    simulation.serve(0, streaming(says("Hi") + finish() + done()));
    auto stream = form == 0   ? client.chat.completions.stream({.model = "m"})
                  : form == 1 ? client.chat.completions.stream({{"model", "m"}, {"messages", json::array()}})
                              : client.chat.completions.stream(R"({"model":"m","messages":[]})");
    EXPECT_EQ(stream.next()->text(), "Hi");
    EXPECT_EQ(body(), R"({"model":"m","messages":[],"stream":true})");
  }
}

}  // namespace
}  // namespace openailb::first_minute_test
