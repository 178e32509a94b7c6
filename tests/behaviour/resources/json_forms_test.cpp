// JSON in braces, and in every other form, as the body of each method that sends JSON.

#include "support/simulation.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace openailb::json_forms_test {
namespace {

using namespace test;
using nlohmann::json;
using nlohmann::ordered_json;

// Each of these gives `check` some methods: its name, a call with the members {"model", "m"}, {"input", {"a",
// "b"}} and {"n", 1} in braces, a call with any other body, and what the method adds to a body.

template <class Client, class Check>
void methods_of_texts_and_vectors(const Client& client, Check check) {
  check(
      "embeddings.create",
      [&] {
        return client.embeddings.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.embeddings.create(body); }, R"()");
  check(
      "chat.completions.create",
      [&] {
        return client.chat.completions.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.chat.completions.create(body); }, R"()");
  check(
      "chat.completions.stream",
      [&] {
        return client.chat.completions.stream({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.chat.completions.stream(body); }, R"(,"stream":true)");
  check(
      "chat.completions.update",
      [&] {
        return client.chat.completions.update("id", {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.chat.completions.update("id", body); }, R"()");
  check(
      "completions.create",
      [&] {
        return client.completions.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.completions.create(body); }, R"()");
  check(
      "completions.stream",
      [&] {
        return client.completions.stream({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.completions.stream(body); }, R"(,"stream":true)");
  check(
      "responses.create",
      [&] {
        return client.responses.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.responses.create(body); }, R"()");
  check(
      "responses.stream",
      [&] {
        return client.responses.stream({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.responses.stream(body); }, R"(,"stream":true)");
  check(
      "responses.compact",
      [&] {
        return client.responses.compact({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.responses.compact(body); }, R"()");
  check(
      "responses.input_tokens.count",
      [&] {
        return client.responses.input_tokens.count({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.responses.input_tokens.count(body); }, R"()");
  check(
      "moderations.create",
      [&] {
        return client.moderations.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.moderations.create(body); }, R"()");
}

template <class Client, class Check>
void methods_of_media(const Client& client, Check check) {
  const ByteSink into([](std::string_view) {});
  check(
      "images.generate",
      [&] {
        return client.images.generate({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.images.generate(body); }, R"()");
  check(
      "images.generate_stream",
      [&] {
        return client.images.generate_stream({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.images.generate_stream(body); }, R"(,"stream":true)");
  check(
      "audio.speech.create",
      [&] {
        return client.audio.speech.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.audio.speech.create(body); }, R"()");
  check(
      "audio.speech.create into a sink",
      [&] {
        return client.audio.speech.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}}, into);
      },
      [&](const auto& body) { return client.audio.speech.create(body, into); }, R"()");
  check(
      "audio.speech.stream",
      [&] {
        return client.audio.speech.stream({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.audio.speech.stream(body); }, R"(,"stream_format":"sse")");
}

template <class Client, class Check>
void methods_of_objects(const Client& client, Check check) {
  check(
      "batches.create",
      [&] {
        return client.batches.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.batches.create(body); }, R"()");
  check(
      "uploads.create",
      [&] {
        return client.uploads.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.uploads.create(body); }, R"()");
  check(
      "uploads.complete",
      [&] {
        return client.uploads.complete("id", {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.uploads.complete("id", body); }, R"()");
  check(
      "conversations.create",
      [&] {
        return client.conversations.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.conversations.create(body); }, R"()");
  check(
      "conversations.update",
      [&] {
        return client.conversations.update("id", {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.conversations.update("id", body); }, R"()");
  check(
      "conversations.items.create",
      [&] {
        return client.conversations.items.create("id", {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.conversations.items.create("id", body); }, R"()");
  check(
      "conversations.items.create with a query",
      [&] {
        return client.conversations.items.create("id", {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}},
                                                 ConversationItemQuery{});
      },
      [&](const auto& body) {
        return client.conversations.items.create("id", body, ConversationItemQuery{});
      },
      R"()");
  check(
      "vector_stores.create",
      [&] {
        return client.vector_stores.create({{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.vector_stores.create(body); }, R"()");
  check(
      "vector_stores.update",
      [&] {
        return client.vector_stores.update("id", {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.vector_stores.update("id", body); }, R"()");
  check(
      "vector_stores.search",
      [&] {
        return client.vector_stores.search("id", {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.vector_stores.search("id", body); }, R"()");
  check(
      "vector_stores.files.create",
      [&] {
        return client.vector_stores.files.create("id", {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.vector_stores.files.create("id", body); }, R"()");
  check(
      "vector_stores.files.update",
      [&] {
        return client.vector_stores.files.update("id", "id",
                                                 {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.vector_stores.files.update("id", "id", body); }, R"()");
  check(
      "vector_stores.file_batches.create",
      [&] {
        return client.vector_stores.file_batches.create("id",
                                                        {{"model", "m"}, {"input", {"a", "b"}}, {"n", 1}});
      },
      [&](const auto& body) { return client.vector_stores.file_batches.create("id", body); }, R"()");
}

template <class Client, class Check>
void all_methods(const Client& client, Check check) {
  methods_of_texts_and_vectors(client, check);
  methods_of_media(client, check);
  methods_of_objects(client, check);
}

/// A client whose every request can be read.
struct JsonForms : ::testing::Test {
  Simulation simulation{{{failing(400, error_json("no"))}}};
  Client client = simulation.client();

  /// What the call sends; empty when that is nothing.
  template <class Call>
  std::string sent_by(Call call) {
    const std::size_t before = simulation.network.requests().size();
    (void)call();
    const auto& requests = simulation.network.requests();
    return requests.size() == before + 1 ? requests.back().body : "";
  }
};

TEST_F(JsonForms, AreTheSameOnTheWire) {
  all_methods(client, [&](const char* method, auto in_braces, auto with, const std::string& added) {
    SCOPED_TRACE(method);
    const std::string text = R"({"model":"m","input":["a","b"],"n":1})";
    const std::string sent = R"({"model":"m","input":["a","b"],"n":1)" + added + '}';
    const std::string sorted = R"({"input":["a","b"],"model":"m","n":1)" + added + '}';
    EXPECT_EQ(sent_by(in_braces), sent);
    EXPECT_EQ(sent_by([&] { return with(ordered_json::parse(text)); }), sent);
    EXPECT_EQ(sent_by([&] { return with(json::parse(text)); }), sorted);
    EXPECT_EQ(sent_by([&] { return with(text); }), sent);
    EXPECT_EQ(sent_by([&] { return with(text.c_str()); }), sent);
    EXPECT_EQ(sent_by([&] { return with(JsonDocument(text)); }), sent);
  });
}

TEST_F(JsonForms, MustBeObjects) {
  all_methods(client, [&](const char* method, auto, auto with, const std::string&) {
    SCOPED_TRACE(method);
    EXPECT_EQ(sent_by([&] { return with(json()); }), "");
    EXPECT_EQ(sent_by([&] { return with(json{"a", "b"}); }), "");
    EXPECT_EQ(sent_by([&] { return with("no JSON"); }), "");
  });
}

TEST_F(JsonForms, MayBeVariablesAndTemporaries) {
  json variable{{"model", "m"}};
  const ordered_json constant{{"model", "m"}};
  const std::string sent = R"({"model":"m"})";
  EXPECT_EQ(sent_by([&] { return client.embeddings.create(variable); }), sent);
  EXPECT_EQ(sent_by([&] { return client.embeddings.create(constant); }), sent);
  EXPECT_EQ(sent_by([&] { return client.embeddings.create({variable}); }), sent);
  EXPECT_EQ(sent_by([&] { return client.embeddings.create(json{{"model", "m"}}); }), sent);
  EXPECT_EQ(sent_by([&] { return client.embeddings.create(ordered_json{{"model", "m"}}); }), sent);
  EXPECT_EQ(sent_by([&] { return client.embeddings.create({{"model", "m"}}); }), sent);
  EXPECT_EQ(sent_by([&] { return client.embeddings.create({{"model", "m"}}, {.max_retries = 0}); }), sent);
  EXPECT_EQ(sent_by([&] { return client.embeddings.create({"model", "m"}); }), "");
}

TEST_F(JsonForms, AreThoseOfOpenaiCpp) {
  using namespace nlohmann::literals;
  EXPECT_EQ(sent_by([&] {
              return client.embeddings.create(
                  {{"model", "text-embedding-ada-002"}, {"input", "The food was delicious"}});
            }),
            R"({"model":"text-embedding-ada-002","input":"The food was delicious"})");
  EXPECT_EQ(sent_by([&] {
              return client.images.generate({{"prompt", "A cute koala"}, {"n", 1}, {"size", "512x512"}});
            }),
            R"({"prompt":"A cute koala","n":1,"size":"512x512"})");
  EXPECT_EQ(sent_by([&] { return client.completions.create(R"({"prompt": "Hi", "model": "m"})"_json); }),
            R"({"model":"m","prompt":"Hi"})");
  const std::string model = "m";
  EXPECT_EQ(sent_by([&] {
              return client.chat.completions.create(
                  {{"model", model}, {"messages", {{{"role", "user"}, {"content", "Hi"}}}}});
            }),
            R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})");
}

/// An AsyncClient takes the same forms.
[[maybe_unused]] void compiles(const AsyncClient& client) {
  all_methods(client, [&](const char*, auto in_braces, auto with, const std::string&) {
    (void)in_braces();
    (void)with(json());
    (void)with(ordered_json());
    (void)with(std::string());
    (void)with("");
  });
}

}  // namespace
}  // namespace openailb::json_forms_test
