// The library against real model servers. tests/live/run installs them, builds this and runs it.

#include "model_server.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using openailb::Client;
using openailb::ErrorKind;
using openailb::State;

// What every test calls the model, whatever the servers call it.
constexpr auto alias = "the-model";

/// The servers of all the tests: those that OPENAILB_LIVE_BASE_URLS names, or else two of our own.
class Servers {
 public:
  explicit Servers(const std::vector<std::string>& command) {
    std::istringstream urls(openailb::detail::environment("OPENAILB_LIVE_BASE_URLS"));
    for (std::string url; std::getline(urls, url, ',');) add(url);
    if (!endpoints_.empty()) return;
    if (command.empty()) throw std::runtime_error("there is no model server: use tests/live/run");
    for (const auto* name : {"server-1", "server-2"}) {
      own_.push_back(std::make_unique<ModelServer>(command, name));
      add(own_.back()->base_url());
    }
  }

  const std::vector<openailb::EndpointConfig>& endpoints() const { return endpoints_; }
  const std::vector<std::unique_ptr<ModelServer>>& own() const { return own_; }

 private:
  void add(const std::string& base_url) {
    openailb::EndpointConfig endpoint{.api_key = openailb::detail::environment("OPENAILB_LIVE_API_KEY"),
                                      .base_url = base_url,
                                      .name = "server-" + std::to_string(endpoints_.size() + 1)};
    const auto models = Client({endpoint}).get("/models");
    const std::string model = models->at("data").at(0).at("id");
    endpoint.model_map = {{alias, model}};
    std::cout << endpoint.name << " serves " << model << " at " << base_url << std::endl;
    endpoints_.push_back(std::move(endpoint));
  }

  std::vector<std::unique_ptr<ModelServer>> own_;
  std::vector<openailb::EndpointConfig> endpoints_;
};

const Servers* servers;

openailb::ChatCompletionCreateParams ask(std::string question, std::int64_t max_tokens = 24) {
  return {.model = alias,
          .messages = {openailb::user_message(std::move(question))},
          .max_tokens = max_tokens,
          .stop = "USER:",  // where a model that was never taught to chat goes on to ask itself something
          .temperature = 0.0};
}

/// A line of the test's story, below GoogleTest's own.
template <class... Parts>
void tell(const Parts&... parts) {
  std::cout << "             ";
  (std::cout << ... << parts) << std::endl;
}

/// The way of a call, such as "server-2: connection lost; server-1: 200".
std::string way(const openailb::ResponseInfo& info) {
  std::string text;
  for (const auto& attempt : info.attempts) {
    if (!text.empty()) text += "; ";
    text += attempt.endpoint + ": " + (attempt.kind ? attempt.message : std::to_string(attempt.status));
  }
  return text;
}

std::string quoted(const std::string& text) { return json(text).dump(); }

TEST(Live, Chat) {
  const Client client(servers->endpoints());

  const auto completion = client.chat.completions.create(ask("What is the capital of France?"));

  ASSERT_TRUE(completion) << completion.error().message;
  tell(way(completion->info), " ", quoted(completion->text()));
  EXPECT_FALSE(completion->text().empty());
  EXPECT_EQ(completion->choices[0].message.role, "assistant");
  EXPECT_FALSE(completion->choices[0].finish_reason.empty());
  ASSERT_TRUE(completion->usage);
  EXPECT_GT(completion->usage->completion_tokens, 0);
}

TEST(Live, CallsTakeTurns) {
  const Client client(servers->endpoints());
  const std::size_t rounds = 3;

  for (std::size_t i = 0; i < rounds * servers->endpoints().size(); ++i) {
    const auto completion = client.chat.completions.create(ask("Count to three.", 4));
    ASSERT_TRUE(completion) << completion.error().message;
    tell(way(completion->info));
  }

  for (const auto& endpoint : client.endpoints()) {
    EXPECT_EQ(endpoint.counts.total_successes, rounds) << endpoint.name;
    EXPECT_EQ(endpoint.in_flight, 0) << endpoint.name;
  }
}

TEST(Live, EachServerHasItsOwnNameForTheModel) {
  const Client client(servers->endpoints());

  for (const auto& endpoint : servers->endpoints()) {
    const auto completion = client.chat.completions.create(ask("Say hello.", 4), {.endpoint = endpoint.name});
    ASSERT_TRUE(completion) << completion.error().message;
    tell(alias, " -> ", completion->model);
    EXPECT_EQ(completion->model, endpoint.model_map.at(alias));
  }
}

TEST(Live, Stream) {
  const Client client(servers->endpoints());
  int chunks = 0;
  std::string text;

  auto stream = client.chat.completions.stream(ask("Tell me a story about a llama.", 40));
  while (const auto chunk = stream.next()) {
    ++chunks;
    text += chunk->text();
  }

  ASSERT_FALSE(stream.error()) << stream.error()->message;
  tell(way(stream.info()), ", ", chunks, " chunks ", quoted(text));
  EXPECT_GT(chunks, 1);
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(stream.completion().text(), text);
  EXPECT_FALSE(stream.completion().choices.at(0).finish_reason.empty());
}

TEST(Live, DroppedStreamLeavesNothingBehind) {
  const Client client(servers->endpoints());

  for (std::size_t i = 0; i < servers->endpoints().size(); ++i) {
    auto stream = client.chat.completions.stream(ask("Tell me a long story about a llama.", 400));
    ASSERT_TRUE(stream.next()) << stream.error()->message;
  }

  for (const auto& endpoint : client.endpoints()) {
    tell(endpoint.name, ": ", endpoint.in_flight, " in flight, breaker ", endpoint.state);
    EXPECT_EQ(endpoint.in_flight, 0) << endpoint.name;
    EXPECT_EQ(endpoint.state, State::closed) << endpoint.name;
  }
  const auto completion = client.chat.completions.create(ask("Are you still there?", 4));
  EXPECT_TRUE(completion) << completion.error().message;
}

TEST(Live, ModelsOfAllServers) {
  const Client client(servers->endpoints());

  const auto models = client.models.list({.all_endpoints = true});

  ASSERT_TRUE(models) << models.error().message;
  for (const auto& model : models->data) tell(model.info.endpoint, " has ", model.id);
  for (const auto& endpoint : servers->endpoints()) {
    const auto is_its_own = [&](const openailb::Model& model) {
      return model.info.endpoint == endpoint.name && model.id == endpoint.model_map.at(alias);
    };
    EXPECT_TRUE(std::ranges::any_of(models->data, is_its_own)) << endpoint.name;
  }
}

TEST(Live, Completions) {
  const Client client(servers->endpoints());
  const openailb::CompletionCreateParams params{
      .model = alias, .prompt = "Roses are red, violets are", .max_tokens = 8, .temperature = 0.0};

  const auto completion = client.completions.create(params);
  ASSERT_TRUE(completion) << completion.error().message;
  tell(way(completion->info), " ", quoted(completion->text()));
  auto stream = client.completions.stream(params, {.endpoint = completion->info.endpoint});
  std::string text;
  while (const auto chunk = stream.next()) text += chunk->text();

  ASSERT_FALSE(stream.error()) << stream.error()->message;
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(text, completion->text());
}

/// Whether no server has this path.
bool is_nowhere(const openailb::Error& error) { return error.status == 404 || error.status == 501; }

/// How near two texts are, from -1 to 1.
float likeness(const openailb::Embedding& one, const openailb::Embedding& other) {
  const auto product = [](const auto& a, const auto& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
  };
  const auto& a = one.embedding;
  const auto& b = other.embedding;
  return product(a, b) / std::sqrt(product(a, a) * product(b, b));
}

TEST(Live, EmbeddingsOfLikeTextsAreNear) {
  const Client client(servers->endpoints());

  const auto answer =
      client.embeddings.create({.model = alias,
                                .input = {"A cat sits on the mat.", "The cat is sitting on a rug.",
                                          "Interest rates rose by half a percent."}});

  if (!answer && is_nowhere(answer.error())) GTEST_SKIP() << answer.error().message;
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->data.size(), 3U);
  const float near = likeness(answer->data[0], answer->data[1]);
  const float far = likeness(answer->data[0], answer->data[2]);
  tell(way(answer->info), ", ", answer->data[0].embedding.size(), " numbers, cat and cat ", near,
       ", cat and rates ", far);
  EXPECT_EQ(answer->data[1].embedding.size(), answer->data[0].embedding.size());
  EXPECT_GT(near, far);
}

TEST(Live, ResponseStream) {
  const Client client(servers->endpoints());
  std::string text;

  auto stream = client.responses.stream({.model = alias, .input = "What is the capital of France?"});
  while (const auto event = stream.next()) {
    if (event->type == "response.output_text.delta") text += event->delta;
  }

  if (stream.error() && is_nowhere(*stream.error())) GTEST_SKIP() << stream.error()->message;
  ASSERT_FALSE(stream.error()) << stream.error()->message;
  tell(way(stream.info()), " ", quoted(text));
  EXPECT_EQ(stream.completion().output_text(), text);
}

TEST(Live, ListsAreNowhereOrWhole) {
  const Client client(servers->endpoints());

  const auto files = client.files.list({.all_endpoints = true});

  tell(files ? std::to_string(files->data.size()) + " files" : files.error().message);
  EXPECT_TRUE(files || is_nowhere(files.error()));
}

TEST(Live, AnswerFollowsAJsonSchema) {
  const Client client(servers->endpoints());
  const json schema = {{"type", "object"},
                       {"properties",
                        {{"capital", {{"type", "string"}, {"enum", {"Oslo", "Paris", "Rome"}}}},
                         {"in_europe", {{"type", "boolean"}}}}},
                       {"required", {"capital", "in_europe"}}};
  auto params = ask("What is the capital of France? Answer in JSON.", 60);
  params.response_format = openailb::json_schema_format("answer", schema);
  // llama-cpp-python does the same under another name, and does not know OpenAI's.
  if (!servers->own().empty()) params.response_format = {{"type", "json_object"}, {"schema", schema}};

  const auto completion = client.chat.completions.create(params);

  ASSERT_TRUE(completion) << completion.error().message;
  tell(way(completion->info), " ", completion->text());
  const json answer = json::parse(completion->text());
  EXPECT_TRUE(answer.at("capital").is_string());
  EXPECT_TRUE(answer.at("in_europe").is_boolean());
}

TEST(Live, UnknownPathIsNotFoundAnywhere) {
  const Client client(servers->endpoints());

  const auto answer = client.get("/no/such/path");

  ASSERT_FALSE(answer);
  tell(answer.error().kind, " after ", answer.error().attempts.size(), " attempts");
  EXPECT_EQ(answer.error().kind, ErrorKind::not_found);
  EXPECT_EQ(answer.error().attempts.size(), servers->endpoints().size());
  for (const auto& endpoint : client.endpoints()) EXPECT_EQ(endpoint.state, State::closed) << endpoint.name;
}

TEST(Live, KilledServerIsReplacedAndSeenAgain) {
  if (servers->own().empty()) GTEST_SKIP() << "servers that this test has not started are not killed";
  ModelServer& victim = *servers->own().back();
  std::vector<State> states;
  const Client client(
      servers->endpoints(),
      {.breaker = {.timeout = 3s, .on_state_change = [&](const std::string& name, State, State to) {
                     tell("the breaker of ", name, " is now ", to);
                     states.push_back(to);
                   }}});
  // The name of the server that answered; empty when the call failed.
  const auto call = [&](std::int64_t max_tokens = 8) -> std::string {
    const auto completion = client.chat.completions.create(ask("Count from one to a thousand.", max_tokens));
    tell(completion ? way(completion->info) : completion.error().message);
    return completion ? completion->info.endpoint : "";
  };

  EXPECT_EQ(call(), "server-1");
  EXPECT_EQ(call(), "server-2");
  EXPECT_EQ(call(), "server-1");
  {
    const std::jthread killer([&] {
      eventually(30s, [&] { return client.endpoints().back().in_flight > 0; });
      victim.kill();
      tell(victim.name(), " is killed while it answers");
    });
    EXPECT_EQ(call(400), "server-1");
  }
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call(), "server-1");
  EXPECT_FALSE(states.empty());

  victim.start();
  tell(victim.name(), " is started again");
  EXPECT_TRUE(eventually(60s, [&] { return call() == "server-2"; }));
  EXPECT_EQ(call(), "server-1");
  EXPECT_EQ(call(), "server-2");
  // On a slow machine probes may have failed in between, and the breaker opened again.
  ASSERT_GE(states.size(), 3U);
  EXPECT_EQ(states.front(), State::open);
  EXPECT_EQ(std::vector(states.end() - 2, states.end()), (std::vector{State::half_open, State::closed}));
}

/// Says of a server that has died that it has, where a test has failed: most likely of that.
class Deaths : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& test) override {
    if (!test.result()->Failed()) return;
    for (const auto& server : servers->own()) {
      if (const std::string death = server->death(); !death.empty()) std::cout << death << std::endl;
    }
  }
};

}  // namespace

/// Whatever follows GoogleTest's own arguments is the command that starts a model server.
int main(int argc, char** argv) try {
  testing::InitGoogleTest(&argc, argv);
  const Servers all({argv + 1, argv + argc});
  servers = &all;
  testing::UnitTest::GetInstance()->listeners().Append(new Deaths);  // which owns it
  return RUN_ALL_TESTS();
} catch (const std::exception& exception) {
  std::cerr << exception.what() << '\n';
  return 1;
}
