#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/failure/failure_class.hpp>
#include <openailb/detail/failure/fallback_triggers.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace openailb::fallback_triggers_test {
namespace {

using namespace detail;

Error said(int status, const std::string& message, const std::string& code = "",
           const std::string& type = "") {
  return error_of_answer(
      status, nlohmann::json{{"error", {{"message", message}, {"code", code}, {"type", type}}}}.dump());
}

TEST(TooLong, IsRecognisedInTheWordsOfEachService) {
  const std::vector<std::pair<std::string, Error>> all{
      {"OpenAI", said(400, "no", "context_length_exceeded", "invalid_request_error")},
      {"OpenAI's responses", said(400, "Your input exceeds the context window of this model.")},
      {"OpenAI, counted", said(400, "Input tokens exceed the configured limit of 272000 tokens.")},
      {"llama.cpp", said(400, "no", "400", "exceed_context_size_error")},
      {"llama.cpp, before", said(500, "the request exceeds the available context size")},
      {"vLLM", error_of_answer(400, R"({"object":"error","message":"This model's maximum context length is )"
                                    R"(4096 tokens. However, you requested 5000","code":400})")},
      {"vLLM, prompt", said(400, "The decoder prompt (length 5000) is longer than the maximum model length")},
      {"SGLang",
       said(400, "The input (9000 tokens) is longer than the model's context length (4096 tokens)")},
      {"Ollama", said(400, "the input length exceeds the context length")},
      {"Mistral", error_of_answer(400, R"({"object":"error","type":"invalid_request_error","code":"3051",)"
                                       R"("message":"Prompt contains 40000 tokens, too large for model )"
                                       R"(with 32768 maximum context length"})")},
      {"OpenRouter", said(400, "This endpoint's maximum context length is 200000 tokens.", "400")},
      {"Anthropic", said(400, "prompt is too long: 210000 tokens > 200000 maximum")},
      {"Gemini", said(400, "The input token count (2) exceeds the maximum number of tokens allowed (1).")},
      {"xAI", said(400, "This model's maximum prompt length is 131072 but the request contains 140000")},
      {"TGI", said(422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096")},
  };
  for (const auto& [who, error] : all) {
    EXPECT_TRUE(is_too_long_for_model(error)) << who;
    EXPECT_FALSE(is_content_refused(error)) << who;
  }
}

TEST(TooLong, IsNotWhatOtherErrorsSay) {
  EXPECT_FALSE(is_too_long_for_model(said(400, "no such parameter")));
  EXPECT_FALSE(is_too_long_for_model(said(400, "string too long", "string_above_max_length")));
  EXPECT_FALSE(
      is_too_long_for_model(said(429, "the maximum context length counts against your tokens per minute")));
  EXPECT_FALSE(is_too_long_for_model(said(503, "out of memory for the context window")));
  EXPECT_FALSE(is_too_long_for_model(said(401, "maximum context length")));
}

TEST(ContentRefused, IsRecognisedInTheWordsOfEachService) {
  const std::vector<std::pair<std::string, Error>> all{
      {"Azure", said(400, "The response was filtered due to the prompt triggering", "content_filter")},
      {"OpenAI", said(400, "Your request was rejected", "content_policy_violation")},
      {"OpenAI's images", said(400, "Your request was rejected by the safety system.", "moderation_blocked")},
      {"OpenAI's reasoning",
       said(400, "Your prompt was flagged as violating our usage policy", "invalid_prompt")},
      {"OpenRouter",
       said(403, "openai/x requires moderation. Your input was flagged for \"violence\"", "403")},
      {"DashScope", said(400, "Input data may contain inappropriate content.", "data_inspection_failed")},
  };
  for (const auto& [who, error] : all) {
    EXPECT_TRUE(is_content_refused(error)) << who;
    EXPECT_FALSE(is_too_long_for_model(error)) << who;
    EXPECT_EQ(class_of(error, "/chat/completions"), FailureClass::client_error) << who;
  }
}

TEST(ContentRefused, IsNotWhatOtherErrorsSay) {
  EXPECT_FALSE(is_content_refused(said(400, "Invalid value for 'moderation': it must be 'auto' or 'low'")));
  EXPECT_FALSE(is_content_refused(said(403, "your account may not use this model")));
  EXPECT_FALSE(is_content_refused(said(401, "content_filter")));
  EXPECT_FALSE(is_content_refused(said(500, "the content filter has crashed")));
}

TEST(TooLong, InsideA200IsACallersFault) {
  for (const char* code : {"context_length_exceeded", "content_filter", "content_policy_violation"}) {
    const auto error = error_inside(nlohmann::json{{"error", {{"message", "no"}, {"code", code}}}});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->status, 400) << code;
  }
}

}  // namespace
}  // namespace openailb::fallback_triggers_test
