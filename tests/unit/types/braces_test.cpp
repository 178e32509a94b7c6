// What braces make of texts in quotes: never the std::string of the characters between two of them.

#include "support/written_json.hpp"
#include <openailb/async_client.hpp>
#include <openailb/client.hpp>
#include <openailb/options.hpp>
#include <openailb/types/audio.hpp>
#include <openailb/types/batches.hpp>
#include <openailb/types/chat.hpp>
#include <openailb/types/completions.hpp>
#include <openailb/types/conversations.hpp>
#include <openailb/types/embeddings.hpp>
#include <openailb/types/files.hpp>
#include <openailb/types/images.hpp>
#include <openailb/types/models.hpp>
#include <openailb/types/moderations.hpp>
#include <openailb/types/responses.hpp>
#include <openailb/types/uploads.hpp>
#include <openailb/types/vector_store_files.hpp>
#include <openailb/values/api_key.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/breaker_settings.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/http.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace openailb::braces_test {
namespace {

using namespace test;

/// Whether a struct can be made of texts without the names of its fields.
template <class T>
constexpr bool takes_texts = requires { T{"a"}; } || requires {
  T{"a", "b"};
} || requires {
  T{{"a", "b"}};
} || requires {
  T{{"a", "b"}, {"c", "d"}};
} || requires {
  T{{{"a", "b"}, {"c", "d"}}};
} || requires {
  T({"a", "b"});
} || requires {
  T({{"a", "b"}, {"c", "d"}});
};

template <class... Structs>
constexpr bool need_names = !(... || takes_texts<Structs>);

static_assert(
    need_names<
        ChatCompletionAudioReference, ChatCompletionMessageParam, ChatCompletionImageUrl,
        ChatCompletionInputAudio, ChatCompletionFile, ChatCompletionContentPart, ChatCompletionAudioParam,
        ChatCompletionPredictionContent, ChatCompletionStreamOptions, ChatCompletionApproximateLocation,
        ChatCompletionUserLocation, ChatCompletionWebSearchOptions, FunctionDefinition, CustomToolDefinition,
        ChatCompletionTool, ChatCompletionCreateParams, ChatCompletionFunctionCall,
        ChatCompletionCustomToolCall, ChatCompletionMessageToolCall, ChatCompletionUrlCitation,
        ChatCompletionAnnotation, ChatCompletionMessage, EmbeddingCreateParams, CompletionCreateParams,
        ResponseTool, ResponseTextConfig, ResponseStreamOptions, ResponseCreateParams, ResponseRetrieveParams,
        ResponseInputItemListParams, InputTokenCountParams, ResponseCompactParams, ResponseContent,
        ResponseItem, ResponseReasoning, ModerationCreateParams, ConversationCreateParams,
        ConversationUpdateParams, ConversationItemCreateParams, ConversationItemListParams,
        ConversationItemQuery, TranscriptionCreateParams, TranslationCreateParams, SpeechCreateParams,
        FileInput, ExpiresAfter, FileCreateParams, FileListParams, ImageGenerateParams, ImageEditParams,
        ImageCreateVariationParams, UploadCreateParams, UploadFileChunkedParams, UploadCompleteParams,
        BatchCreateParams, BatchListParams, VectorStoreExpiresAfter, VectorStoreCreateParams,
        VectorStoreUpdateParams, VectorStoreListParams, VectorStoreSearchParams, VectorStoreFileCreateParams,
        VectorStoreFileUpdateParams, VectorStoreFileListParams, VectorStoreFileBatchCreateParams,
        ChatCompletionListParams, ChatCompletionUpdateParams, ChatCompletionMessageListParams, BodyPart,
        BreakerSettings, ClientOptions, RequestOptions>);

/// What a class makes of braces within braces.
template <class T>
constexpr bool takes_nested = requires {
  T({{"a", "b"}});
} || requires {
  T({{"a", "b"}, {"c", "d"}});
} || requires {
  T({{{"a", "b"}, {"c", "d"}}});
} || requires {
  T{{{"a", "b"}}};
};
template <class T>
constexpr bool takes_two = requires {
  T({"a", "b"});
};

static_assert(!takes_nested<ChatCompletionMessageContent> && !takes_two<ChatCompletionMessageContent>);
static_assert(!takes_nested<ResponseInput> && !takes_two<ResponseInput>);
static_assert(!takes_nested<ApiKey> && !takes_two<ApiKey>);
static_assert(!takes_nested<ChatCompletionStop> && takes_two<ChatCompletionStop>);
static_assert(!takes_nested<TextInput> && takes_two<TextInput>);

template <class Params>
constexpr bool takes_messages_in_braces = requires {
  Params{.messages = {{{"role", "user"}, {"content", "hi"}}}};
} || requires {
  Params{.messages = {{"role", "user"}, {"content", "hi"}}};
} || requires {
  Params{.messages = {{"user", "hi"}}};
};
static_assert(!takes_messages_in_braces<ChatCompletionCreateParams>);

template <class Params>
constexpr bool takes_two_for_one = requires {
  Params{.model = {"a", "b"}};
} || requires {
  Params{.model = {{"a", "b"}}};
};
static_assert(!takes_two_for_one<ChatCompletionCreateParams> && !takes_two_for_one<EmbeddingCreateParams>);
template <class Params>
constexpr bool takes_two_inputs = requires {
  Params{.input = {"a", "b"}};
} || requires {
  Params{.input = {{"a", "b"}}};
};
static_assert(!takes_two_inputs<SpeechCreateParams> && takes_two_inputs<EmbeddingCreateParams>);
template <class Params>
constexpr bool takes_two_prompts = requires {
  Params{.prompt = {"a", "b"}};
};
static_assert(!takes_two_prompts<ImageGenerateParams> && takes_two_prompts<CompletionCreateParams>);

template <class T>
constexpr bool functions_take_two_for_one = requires {
  text_part({T{}, T{}});
} || requires {
  image_part({T{}, T{}});
} || requires {
  tool_message("", {T{}, T{}});
} || requires {
  user_message({T{}, T{}});
} || requires {
  user_message({{T{}, T{}}});
} || requires {
  assistant_message({T{}, T{}});
} || requires {
  function_tool({T{}, T{}});
} || requires {
  function_tool("f", {T{}, T{}});
} || requires {
  response_message("", {T{}, T{}});
} || requires {
  function_call_output("", {T{}, T{}});
} || requires {
  file_from_bytes("", {T{}, T{}});
} || requires {
  file({T{}, T{}});
} || requires {
  file_slice({T{}, T{}}, 0, 1);
} || requires {
  function_tool_choice({T{}, T{}});
} || requires {
  custom_tool_choice({T{}, T{}});
} || requires {
  allowed_tools_choice({{T{}, T{}}});
} || requires {
  allowed_tools_choice({"f"}, {T{}, T{}});
} || requires {
  json_schema_format({T{}, T{}}, {});
} || requires {
  json_schema_format("n", {}, {T{}, T{}}, true);
} || requires {
  json_schema_text_format({T{}, T{}}, {});
};
static_assert(!functions_take_two_for_one<const char*>);

template <class Params>
constexpr bool takes_two_for_one_or_none = requires {
  Params{.user = {"a", "b"}};
} || requires {
  Params{.user = {{"a", "b"}}};
};
static_assert(!takes_two_for_one_or_none<ChatCompletionCreateParams>);
static_assert(!takes_two_for_one_or_none<EmbeddingCreateParams>);
static_assert(!takes_two_for_one_or_none<CompletionCreateParams>);
static_assert(!takes_two_for_one_or_none<ResponseCreateParams>);
static_assert(!takes_two_for_one_or_none<ImageGenerateParams>);
template <class Message>
constexpr bool takes_two_roles = requires {
  Message{.role = {"a", "b"}};
} || requires {
  Message{.role = {{"a", "b"}}};
};
static_assert(!takes_two_roles<ChatCompletionMessageParam>);
template <class Part>
constexpr bool takes_two_in_a_part = requires {
  Part{.type = {"a", "b"}};
} || requires {
  Part{.text = {{"a", "b"}}};
};
static_assert(!takes_two_in_a_part<ChatCompletionContentPart>);

/// Whether a view of an id is made of several texts in braces.
template <class View>
constexpr bool takes_several = requires(void (&take)(View)) {
  take({"a", "b"});
} || requires(void (&take)(View)) {
  take({{"a", "b"}});
} || requires(void (&take)(View)) {
  take({{"a", "b"}, {"c", "d"}});
};
static_assert(takes_several<std::string_view> && !takes_several<TextView> && !takes_several<Text>);

template <class C>
constexpr bool client_takes_two_for_one = requires(const C& client) {
  client.get({"a", "b"});
} || requires(const C& client) {
  client.post({"a", "b"});
} || requires(const C& client) {
  client.del({"a", "b"});
} || requires(const C& client) {
  client.download({"a", "b"});
} || requires(const C& client) {
  client.upload({"a", "b"}, {});
} || requires(const C& client) {
  client.owner_of({"a", "b"});
} || requires(const C& client) {
  client.pin_object("a", {"a", "b"});
} || requires(const C& client) {
  client.remove_endpoint({"a", "b"});
} || requires(const C& client) {
  client.files.retrieve({"a", "b"});
} || requires(const C& client) {
  client.files.content({"a", "b"});
} || requires(const C& client) {
  client.models.retrieve({"a", "b"});
} || requires(const C& client) {
  client.responses.del({"a", "b"});
} || requires(const C& client) {
  client.batches.cancel({"a", "b"});
} || requires(const C& client) {
  client.vector_stores.files.retrieve("a", {"a", "b"});
};
static_assert(!client_takes_two_for_one<Client> && !client_takes_two_for_one<AsyncClient>);

template <class Params>
constexpr bool takes_list_in_two_braces = requires {
  Params{.include = {{"a", "b"}}};
};
static_assert(!takes_list_in_two_braces<ResponseCreateParams>);
static_assert(!takes_list_in_two_braces<TranscriptionCreateParams>);

template <class Params>
constexpr bool takes_map_in_three_braces = requires {
  Params{.metadata = {{{"a", "b"}, {"c", "d"}}}};
};
static_assert(!takes_map_in_three_braces<ChatCompletionCreateParams>);
static_assert(!takes_map_in_three_braces<BatchCreateParams>);

template <class Endpoint>
constexpr bool takes_settings_in_too_many_braces = requires {
  Endpoint{.model_map = {{{"a", "b"}, {"c", "d"}}}};
} || requires {
  Endpoint{.headers = {{{"a", "b"}, {"c", "d"}}}};
} || requires {
  Endpoint{.query = {{{"a", "b"}, {"c", "d"}}}};
} || requires {
  Endpoint{.models = {{"a", "b"}}};
} || requires {
  Endpoint{{"a", "b"}};
};
static_assert(!takes_settings_in_too_many_braces<EndpointConfig>);

template <class Options>
constexpr bool takes_options_in_too_many_braces = requires {
  Options{.extra_headers = {{{"a", "b"}, {"c", "d"}}}};
} || requires {
  Options{.extra_query = {{{"a", "b"}, {"c", "d"}}}};
} || requires {
  Options{.fallback_models = {{"a", "b"}}};
};
static_assert(!takes_options_in_too_many_braces<RequestOptions>);

TEST(Braces, WithTwoTextsAreAList) {
  EXPECT_EQ(written_json(EmbeddingCreateParams{.model = "m", .input = {"a", "b"}}).dump(),
            R"({"model":"m","input":["a","b"]})");
  EXPECT_EQ(
      written_json(CompletionCreateParams{.model = "m", .prompt = {"a", "b"}, .stop = {"c", "d"}}).dump(),
      R"({"model":"m","prompt":["a","b"],"stop":["c","d"]})");
  EXPECT_EQ(written_json(ModerationCreateParams{.input = {"a", "b"}}).dump(), R"({"input":["a","b"]})");
  EXPECT_EQ(written_json(VectorStoreSearchParams{.query = {"a", "b"}}).dump(), R"({"query":["a","b"]})");
  EXPECT_EQ(written_json(VectorStoreCreateParams{.file_ids = {"a", "b"}}).dump(),
            R"({"file_ids":["a","b"]})");
  EXPECT_EQ(written_json(UploadCompleteParams{.part_ids = {"a", "b"}}).dump(), R"({"part_ids":["a","b"]})");
}

TEST(Braces, WithOneTextOrNoneAreAList) {
  EXPECT_EQ(written_json(EmbeddingCreateParams{.model = "m", .input = {"a"}}).dump(),
            R"({"model":"m","input":["a"]})");
  EXPECT_EQ(written_json(VectorStoreCreateParams{.file_ids = {"a"}}).dump(), R"({"file_ids":["a"]})");
  EXPECT_EQ(written_json(UploadCompleteParams{.part_ids = {}}).dump(), R"({"part_ids":[]})");
}

TEST(Braces, WithPairsAreAMap) {
  const ChatCompletionCreateParams params{
      .model = "m", .logit_bias = {{"50256", -100}, {"1", 2}}, .metadata = {{"a", "b"}, {"c", "d"}}};
  EXPECT_EQ(written_json(params).dump(),
            R"({"model":"m","messages":[],"logit_bias":{"1":2,"50256":-100},"metadata":{"a":"b","c":"d"}})");
  EXPECT_EQ(written_json(ConversationUpdateParams{.metadata = {{"a", "b"}}}).dump(),
            R"({"metadata":{"a":"b"}})");
}

TEST(Braces, WithPairsAreAnObjectWhereAnyJsonMayStand) {
  const ChatCompletionCreateParams params{
      .model = "m",
      .response_format = {{"type", "json_object"}},
      .tool_choice = {{"type", "function"}, {"function", {{"name", "f"}}}},
      .tools = {
          function_tool("f", "d", {{"type", "object"}, {"properties", {{"a", {{"type", "string"}}}}}})}};
  EXPECT_EQ(written_json(params).dump(),
            R"({"model":"m","messages":[],"response_format":{"type":"json_object"},)"
            R"("tool_choice":{"type":"function","function":{"name":"f"}},)"
            R"("tools":[{"type":"function","function":{"name":"f","description":"d",)"
            R"("parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}]})");
  EXPECT_EQ(
      json_schema_format("n", {{"type", "object"}, {"required", {"a", "b"}}})["json_schema"]["schema"].dump(),
      R"({"type":"object","required":["a","b"]})");
  EXPECT_EQ(written_json(ModerationCreateParams{.input = {{{"type", "text"}, {"text", "a"}}}}).dump(),
            R"({"input":[{"type":"text","text":"a"}]})");
}

TEST(Braces, WithPartsAreTheContentOfAMessage) {
  const auto message = user_message({text_part("a"), image_part("b")});
  EXPECT_EQ(written_json(message).dump(), R"({"role":"user","content":[{"type":"text","text":"a"},)"
                                          R"({"type":"image_url","image_url":{"url":"b"}}]})");
}

TEST(Braces, OfTokensAreTokens) {
  EXPECT_EQ(written_json(EmbeddingCreateParams{.model = "m", .input = {15, 7}}).dump(),
            R"({"model":"m","input":[15,7]})");
  const std::vector<std::vector<std::int64_t>> texts{{1, 2}, {3}};
  EXPECT_EQ(written_json(EmbeddingCreateParams{.model = "m", .input = texts}).dump(),
            R"({"model":"m","input":[[1,2],[3]]})");
}

}  // namespace
}  // namespace openailb::braces_test
