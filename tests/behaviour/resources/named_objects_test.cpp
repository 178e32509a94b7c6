// Which members of a resource's requests name objects, and which of its answers' members make or show some.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace openailb::named_objects_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two endpoints, of which the second keeps "x-1". Does a call go there whoever's turn it is, and only there?
/// It is asked again where its answer cannot be read.
template <class InvokeUser>
bool goes_home(InvokeUser ask) {
  Simulation simulation({{ok()}, {ok()}});
  simulation.options.max_retries = 0;  // not every call can use these answers
  const Client client = simulation.client();
  client.pin_object("x-1", "endpoint-1");
  for (int call = 0; call < 2; ++call) static_cast<void>(ask(client));
  const std::vector<std::size_t> asked = simulation.asked();  // more than twice where an answer fails
  return asked.size() >= 2 && std::ranges::count(asked, 1U) == std::ssize(asked);
}

json item(json members) { return json{{"input", json::array({std::move(members)})}}; }
json tool(json members) { return json{{"tools", json::array({std::move(members)})}}; }

TEST(NamedObjects, OfAResponseAreThoseThatItsDocumentationNames) {
  const json file{{"type", "input_file"}, {"file_id", "x-1"}};
  const json bodies[] = {{{"previous_response_id", "x-1"}},
                         {{"conversation", "x-1"}},
                         {{"conversation", {{"id", "x-1"}}}},
                         {{"prompt", {{"id", "x-1"}}}},
                         {{"prompt", {{"id", "p"}, {"variables", {{"a", "b"}, {"doc", file}}}}}},
                         item({{"role", "user"}, {"content", {{{"text", "what is it?"}}, file}}}),
                         item({{"type", "computer_call_output"}, {"output", file}}),
                         item({{"type", "function_call_output"}, {"output", {file}}}),
                         item({{"type", "item_reference"}, {"id", "x-1"}}),
                         item({{"id", "x-1"}}),
                         item({{"id", "x-1"}, {"type", nullptr}}),
                         item({{"type", "image_generation_call"}, {"id", "x-1"}}),
                         item({{"type", "reasoning"}, {"id", "x-1"}, {"summary", {{{"text", "so"}}}}}),
                         item({{"type", "code_interpreter_call"}, {"container_id", "x-1"}}),
                         item({{"tools", {{{"vector_store_ids", {"x-1"}}}}}}),
                         tool({{"type", "file_search"}, {"vector_store_ids", {"vs_9", "x-1"}}}),
                         tool({{"type", "code_interpreter"}, {"container", "x-1"}}),
                         tool({{"container", {{"type", "auto"}, {"file_ids", {"x-1"}}}}}),
                         tool({{"input_image_mask", {{"file_id", "x-1"}}}}),
                         tool({{"environment", {{"container_id", "x-1"}}}}),
                         tool({{"environment", {{"file_ids", {"x-1"}}}}}),
                         tool({{"environment", {{"skills", {{{"skill_id", "x-1"}}}}}}})};
  for (const json& members : bodies) {
    EXPECT_TRUE(goes_home([&](const Client& client) {
      return client.responses.create({.model = "m", .input = "Hi"}, {.extra_body = members});
    })) << members;
    EXPECT_TRUE(goes_home([&](const Client& client) {
      return client.responses.stream({.model = "m", .input = "Hi"}, {.extra_body = members}).error();
    })) << members;
    EXPECT_TRUE(goes_home([&](const Client& client) {
      return client.responses.input_tokens.count({.model = "m"}, {.extra_body = members});
    })) << members;
  }
}

TEST(NamedObjects, AreNotMadeOfWhatMerelyHasTheirId) {
  const json bodies[] = {{{"metadata", {{"file_id", "x-1"}, {"id", "x-1"}}}},
                         {{"user", "x-1"}, {"safety_identifier", "x-1"}, {"prompt_cache_key", "x-1"}},
                         {{"input", "x-1"}, {"instructions", "x-1"}},
                         {{"input", R"([{"type":"item_reference","id":"x-1"}])"}},
                         {{"id", "x-1"}, {"file_id", "x-1"}, {"trace_id", "x-1"}},
                         item({{"type", "message"}, {"id", "x-1"}, {"content", "Hi"}}),
                         item({{"type", "function_call"}, {"id", "x-1"}, {"arguments", "{}"}}),
                         item({{"type", "function_call_output"}, {"call_id", "x-1"}, {"output", "x-1"}}),
                         item({{"type", "reasoning"}, {"id", "x-1"}, {"encrypted_content", "abc"}}),
                         item({{"type", "reasoning"}, {"id", "x-1"}, {"content", {{{"text", "so"}}}}}),
                         item({{"role", "user"}, {"content", {{{"text", "x-1"}, {"id", "x-1"}}}}}),
                         item({{"content", {{{"annotations", {{{"file_id", "x-1"}}}}}}}}),
                         tool({{"type", "function"}, {"name", "x-1"}, {"id", "x-1"}}),
                         tool({{"parameters", {{"file_id", "x-1"}, {"container", "x-1"}}}}),
                         tool({{"connector_id", "x-1"}})};
  for (const json& members : bodies) {
    EXPECT_FALSE(goes_home([&](const Client& client) {
      return client.responses.create({.model = "m", .input = "Hi"}, {.extra_body = members});
    })) << members;
  }
}

TEST(NamedObjects, OfAChatAreItsFilesAndSounds) {
  const auto chat = [](json messages, json more = json::object()) {
    json body{{"model", "m"}, {"messages", std::move(messages)}};
    body.update(more);
    return goes_home([&](const Client& client) { return client.chat.completions.create(body); }) &&
           goes_home([&](const Client& client) { return client.chat.completions.stream(body).error(); });
  };
  const json text{{"type", "text"}, {"text", "a \"file_id\": \"x-1\""}};
  EXPECT_TRUE(chat({{{"role", "user"}, {"content", {text, {{"file", {{"file_id", "x-1"}}}}}}}}));
  EXPECT_TRUE(chat({{{"role", "assistant"}, {"audio", {{"id", "x-1"}}}}, {{"role", "user"}}}));
  EXPECT_TRUE(chat({}, {{"audio", {{"voice", {{"id", "x-1"}}}}}}));
  EXPECT_FALSE(chat({{{"role", "user"}, {"content", {text}}}}));
  EXPECT_FALSE(chat({{{"role", "assistant"}, {"tool_calls", {{{"id", "x-1"}, {"type", "function"}}}}},
                     {{"role", "tool"}, {"tool_call_id", "x-1"}, {"content", "x-1"}}}));
}

TEST(NamedObjects, OfOtherResourcesAreTheirs) {
  const std::vector<std::function<bool(const Client&)>> calls = {
      [](const Client& client) { return client.batches.create({.input_file_id = "x-1"}).has_value(); },
      [](const Client& client) { return client.vector_stores.create({.file_ids = {"x-1"}}).has_value(); },
      [](const Client& client) {
        return client.vector_stores.files.create("vs_1", {.file_id = "x-1"}).has_value();
      },
      [](const Client& client) {
        return client.vector_stores.file_batches.create("vs_1", {.file_ids = {"f", "x-1"}}).has_value();
      },
      [](const Client& client) {
        return client.vector_stores.file_batches.create("vs_1", {.files = {{.file_id = "x-1"}}}).has_value();
      },
      [](const Client& client) {
        const json items = json::array({{{"type", "item_reference"}, {"id", "x-1"}}});
        return client.conversations.create({}, {.extra_body = {{"items", items}}}).has_value();
      },
      [](const Client& client) {
        const json items = json::array({{{"content", {{{"file_id", "x-1"}}}}}});
        return client.conversations.items.create("conv_1", {}, {.extra_body = {{"items", items}}})
            .has_value();
      },
      [](const Client& client) {
        return client.audio.speech.create({.model = "m", .input = "Hi", .voice = {{"id", "x-1"}}})
            .has_value();
      },
  };
  for (std::size_t index = 0; index < calls.size(); ++index) EXPECT_TRUE(goes_home(calls[index])) << index;
}

/// Who is known to keep an id after a call that this was the answer to.
template <class InvokeUser>
std::optional<std::string> learned(const std::string& answer, const std::string& id, InvokeUser ask) {
  Simulation simulation({{answering(answer)}, {ok()}});
  const Client client = simulation.client();
  static_cast<void>(ask(client));
  return client.owner_of(id);
}

TEST(KnownObjects, AreThoseThatAResponseHas) {
  const std::string answer = R"({"id":"resp_1","status":"completed","previous_response_id":"resp_0",
      "conversation":{"id":"conv_0"},"tools":[{"name":"run_tests","vector_store_ids":["vs_0"]}],
      "metadata":{"file_id":"file-0"},"output":[{"id":"rs_1","type":"reasoning"},
      {"id":"ci_1","type":"code_interpreter_call","container_id":"cntr_1"},
      {"id":"fc_1","type":"function_call","call_id":"call_1","name":"batch_all"},
      {"id":"msg_1","content":[{"text":"file-9","annotations":[{"file_id":"file-8"}]}]}]})";
  const auto create = [](const Client& client) {
    return client.responses.create({.model = "m", .input = "Hi"});
  };
  for (const char* id : {"resp_1", "rs_1", "ci_1", "cntr_1", "fc_1", "msg_1"}) {
    EXPECT_EQ(learned(answer, id, create), "endpoint-0") << id;
  }
  for (const char* id :
       {"resp_0", "conv_0", "vs_0", "file-0", "file-9", "file-8", "call_1", "run_tests", "m"}) {
    EXPECT_EQ(learned(answer, id, create), std::nullopt) << id;
  }
  const auto unstored = [](const Client& client) {
    return client.responses.create({.model = "m", .input = "Hi", .store = false});
  };
  EXPECT_EQ(learned(answer, "resp_1", unstored), std::nullopt);
}

TEST(KnownObjects, AreThoseThatAStreamedResponseHas) {
  Simulation simulation(
      {{{.headers = {{"content-type", "text/event-stream"}},
         .body =
             "data: "
             "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"previous_response_id\":\"resp_"
             "0\"}}\n\n"
             "data: "
             "{\"type\":\"response.output_item.added\",\"item\":{\"id\":\"msg_1\",\"type\":\"message\"}}\n\n"
             "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"msg_7\",\"delta\":\"Hi\"}\n\n"
             "data: "
             "{\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"status\":\"completed\","
             "\"output\":"
             "[{\"id\":\"ci_1\",\"container_id\":\"cntr_1\"}]}}\n\n"}}});
  const Client client = simulation.client();
  auto stream = client.responses.stream({.model = "m", .input = "Hi"});
  while (stream.next()) continue;
  EXPECT_FALSE(stream.error());
  for (const char* id : {"resp_1", "msg_1", "ci_1", "cntr_1"}) {
    EXPECT_EQ(client.owner_of(id), "endpoint-0") << id;
  }
  for (const char* id : {"resp_0", "msg_7"}) EXPECT_EQ(client.owner_of(id), std::nullopt) << id;
}

TEST(KnownObjects, AreThoseThatOtherAnswersHave) {
  const std::string batch = R"({"id":"batch_1","input_file_id":"file-1","output_file_id":"file-2",
                                "error_file_id":"file-3"})";
  const auto retrieve = [](const Client& client) { return client.batches.retrieve("batch_1"); };
  for (const char* id : {"batch_1", "file-2", "file-3"}) {
    EXPECT_EQ(learned(batch, id, retrieve), "endpoint-0") << id;
    EXPECT_EQ(
        learned("{\"data\":[" + batch + "]}", id, [](const Client& client) { return client.batches.list(); }),
        "endpoint-0")
        << id;
  }
  EXPECT_EQ(learned(batch, "file-1", retrieve), std::nullopt);
  EXPECT_EQ(learned(R"({"id":"upload_1","file":{"id":"file-1"}})", "file-1",
                    [](const Client& client) {
                      return client.uploads.complete("upload_1", {.part_ids = {"part_1"}});
                    }),
            "endpoint-0");
  EXPECT_EQ(learned("bytes", "file-1", [](const Client& client) { return client.files.content("file-1"); }),
            "endpoint-0");
  EXPECT_EQ(learned("bytes", "file-1",
                    [](const Client& client) {
                      return client.files.content("file-1", [](std::string_view) { return true; });
                    }),
            "endpoint-0");
  EXPECT_EQ(learned("{}", "batch_1", [](const Client& client) { return client.batches.cancel("batch_1"); }),
            "endpoint-0");
}

TEST(KnownObjects, AreThoseOfThePagesThatFollow) {
  Simulation simulation({{answering(R"({"data":[{"id":"batch_1"}],"has_more":true})"),
                          answering(R"({"data":[{"id":"batch_2","output_file_id":"file-2"}]})")}});
  const Client client = simulation.client();
  EXPECT_TRUE(client.batches.list()->next_page());
  EXPECT_EQ(client.owner_of("batch_2"), "endpoint-0");
  EXPECT_EQ(client.owner_of("file-2"), "endpoint-0");
}

TEST(KnownObjects, OfAChatAreItsStoredAnswersAndItsSounds) {
  const std::string answer = R"({"id":"chatcmpl-1","choices":[{"message":{"content":"Hi",
      "audio":{"id":"audio_1"},"tool_calls":[{"id":"call_1"}]}}]})";
  const auto chat = [](json more) {
    return [more = std::move(more)](const Client& client) {
      return client.chat.completions.create(question(), {.extra_body = more});
    };
  };
  EXPECT_EQ(learned(answer, "chatcmpl-1", chat({{"store", true}})), "endpoint-0");
  EXPECT_EQ(learned(answer, "chatcmpl-1", chat({{"store", false}})), std::nullopt);
  EXPECT_EQ(learned(answer, "chatcmpl-1", chat(json::object())), std::nullopt);
  EXPECT_EQ(learned(answer, "audio_1", chat({{"audio", {{"voice", "alloy"}}}})), "endpoint-0");
  EXPECT_EQ(learned(answer, "call_1", chat({{"store", true}})), std::nullopt);
}

TEST(KnownObjects, AreNoneIfNoneAreToBeRemembered) {
  Simulation simulation({{answering(R"({"id":"file-1"})")}, {ok()}});
  simulation.options.object_affinity_capacity = 0;
  const Client client = simulation.client();
  EXPECT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  client.pin_object("file-1", "endpoint-0");
  EXPECT_EQ(client.owner_of("file-1"), std::nullopt);
  simulation.sent.clear();
  for (int call = 0; call < 4; ++call) EXPECT_TRUE(client.batches.create({.input_file_id = "file-1"}));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 0, 1, 0));
}

TEST(KnownObjects, InTwoPlacesCannotBeUsedTogether) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  client.pin_object("file-a", "endpoint-0");
  client.pin_object("file-b", "endpoint-1");
  const auto made = client.vector_stores.create({.file_ids = {"file-a", "file-b"}});
  EXPECT_EQ(made.error().kind, ErrorKind::bad_request);
  EXPECT_THAT(made.error().message,
              AllOf(HasSubstr("not sent: file-a is kept by endpoint-0, but file-b by endpoint-1"),
                    HasSubstr("first (the vector store), then the others (its files)"),
                    HasSubstr("RequestOptions::endpoint")));
  EXPECT_THAT(simulation.sent, IsEmpty());
}

}  // namespace
}  // namespace openailb::named_objects_test
