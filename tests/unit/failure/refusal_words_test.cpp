// What refusals mean by their words: too long, not allowed, the sender's fault, and none of these.

#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/failure/failure_class.hpp>
#include <openailb/detail/failure/fallback_triggers.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace openailb::refusal_words_test {
namespace {

using namespace detail;

struct Said {
  int status;
  std::string message;
  std::string code{};
};

Error error_of(const Said& said) {
  return error_of_answer(said.status,
                         nlohmann::json{{"error", {{"message", said.message}, {"code", said.code}}}}.dump());
}

TEST(RefusalWords, AreAboutLengthByTheirShape) {
  const std::vector<Said> all{
      {422, "Input validation error: `inputs` must have less than 4095 tokens. Given: 5120"},
      {400, "Invalid request: Your request exceeded model token limit: 8192"},
      {400, "Range of input length should be [1, 30720]"},
      {400, "prompt too long; exceeded max context length by 1203 tokens"},
      {400,
       "Trying to keep the first 5000 tokens when context the overflows. The number of tokens to keep from "
       "the "
       "initial prompt is greater than the context length"},
      {400,
       "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."},
      {413, "Request too large: the prompt has 200000 tokens, at most 128000 are accepted"},
      {400, "input length and `max_tokens` exceed context limit: 190000 + 21333 > 200000"},
      {400, "The prompt is too long: 140000, model maximum context length: 131071"},
      {400, "too many tokens: size limit exceeded by 2000 tokens. Try using shorter or fewer inputs."},
      {400, "Requested token count exceeds the model's maximum context length of 131072 tokens."},
      {400, "Input is too long for requested model."},
      {400, "The sequence length 9000 is larger than the maximum 8192"},
      {422, "Prompt tokens (5000) must be fewer than the limit of 4096 tokens"},
      {400, "total tokens of image and text exceed max message tokens"},
      {400, "the request has 40960 tokens, which is more than the context of this model"},
      {400, "Input tokens 33000 over: the limit is 32768"},
      {400, "Conversation does not fit into the context: 9001 of 8192 tokens"},
      {429, "Rate limit reached. Limit 30000, Requested 40000. The input or output tokens must be reduced"},
      {413,
       "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 7234, please "
       "reduce "
       "your message size",
       "rate_limit_exceeded"},
  };
  for (const Said& said : all) {
    EXPECT_TRUE(is_too_long_for_model(error_of(said))) << said.message;
    EXPECT_FALSE(is_content_refused(error_of(said))) << said.message;
  }
}

TEST(RefusalWords, OfOtherLimitsAreNotAboutLength) {
  const std::vector<Said> all{
      {400, "max_tokens is too large: 5000. This model supports at most 4096 completion tokens"},
      {400, "Invalid 'input': array too long. Expected an array with maximum length 2048"},
      {400, "Invalid 'stop': at most 4 stop sequences"},
      {400, "Invalid 'tools[0].name': string too long. Expected a string with maximum length 64"},
      {429, "Rate limit reached for tokens per minute. Limit 30000, Used 29000, Requested 2000"},
      {400, "temperature must be less than 2"},
      {401, "invalid token: the maximum number of sessions is exceeded"},
      {400, "You have exceeded the maximum number of files"},
      {400, "logprobs must be at most 20"},
      {503, "too many tokens in flight, the limit is exceeded"},
  };
  for (const Said& said : all) EXPECT_FALSE(is_too_long_for_model(error_of(said))) << said.message;
}

TEST(RefusalWords, AreAboutContentByTheirShape) {
  const std::vector<Said> all{
      {400, "Content Exists Risk"},
      {400, "Input data may contain inappropriate content.", "DataInspectionFailed"},
      {400, "The request was blocked", "PROHIBITED_CONTENT"},
      {400, "Your input image may contain sensitive content"},
      {400, "The prompt was found to be unsafe"},
      {403, "The output was blocked: harmful text"},
      {400, "Your request violates our usage policies"},
      {422, "prompt is flagged as NSFW"},
      {400, "The message contains prohibited words"},
      {400, "Rejected by the safety system"},
  };
  for (const Said& said : all) {
    EXPECT_TRUE(is_content_refused(error_of(said))) << said.message;
    EXPECT_FALSE(is_too_long_for_model(error_of(said))) << said.message;
  }
}

TEST(RefusalWords, AboutTheSenderAreNotAboutContent) {
  for (const Said& said : std::vector<Said>{{400, "Your account has been flagged for unusual activity"},
                                            {403, "This API key was flagged by our content policy team"},
                                            {400, "Your organization is under moderation"},
                                            {403,
                                             "Your resource has been temporarily blocked because of content "
                                             "that violates our policy"}}) {
    EXPECT_FALSE(is_content_refused(error_of(said))) << said.message;
  }
}

TEST(RefusalWords, SayWhoseFaultItIs) {
  using enum FailureClass;
  struct Case {
    Said said;
    FailureClass expected;
  };
  const std::vector<Case> all{
      {{400, "Organization has been restricted.", "organization_restricted"}, credential},
      {{400, "Access denied, please make sure your account is in good standing.", "Arrearage"}, quota},
      {{400, "User location is not supported for the API use."}, forbidden},
      {{498, "Token is no good"}, credential},
      {{400, "no", "model_not_found"}, no_such_model},
      {{400, "The model `x` has been decommissioned", "model_decommissioned"}, no_such_model},
      {{400, "foo/bar is not a valid model ID"}, no_such_model},
      {{503, "No available channel for model gpt-4o under group default"}, no_such_model},
      {{403, "Project does not have access to model gpt-5"}, forbidden},
      {{401, "key not allowed to access model. This key can only access models=['a']"}, forbidden},
      {{403, "Your account has been flagged for content policy violations"}, credential},
      {{413, "Request too large on tokens per minute: Limit 6000, Requested 7000", "rate_limit_exceeded"},
       forbidden},
      {{400, "Invalid schema for function 'billing_lookup'"}, client_error},
      {{429, "Limit 30000, Requested 40000"}, forbidden},
      {{429, "Limit 30000, Used 29000, Requested 2000"}, rate_limited},
  };
  for (const auto& [said, expected] : all) {
    EXPECT_EQ(class_of(error_of(said), "/chat/completions"), expected) << said.message;
  }
}

TEST(RefusalWords, AreFoundInTheReasonsOfGoogle) {
  const Error error = error_of_answer(
      400,
      R"({"error":{"code":400,"message":"Bad","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})");
  EXPECT_EQ(error.code, "API_KEY_INVALID");
  EXPECT_EQ(class_of(error, "/chat/completions"), FailureClass::credential);
}

TEST(RefusalWords, InsideA200NameAStatus) {
  for (const auto& [code, status] : std::vector<std::pair<std::string, int>>{{"too_many_requests", 429},
                                                                             {"ThrottlingException", 429},
                                                                             {"RESOURCE_EXHAUSTED", 429},
                                                                             {"bad_request_error", 400}}) {
    const auto error = error_inside(nlohmann::json{{"error", {{"message", "no"}, {"code", code}}}});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->status, status) << code;
  }
}

}  // namespace
}  // namespace openailb::refusal_words_test
