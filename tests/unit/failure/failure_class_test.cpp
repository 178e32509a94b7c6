#include <openailb/detail/failure/classify.hpp>
#include <openailb/detail/failure/error_body.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace openailb::failure_class_test {
namespace {

using namespace detail;
constexpr const char* chat = "/chat/completions";

struct Case {
  std::string name;
  int status;
  std::string body;
  FailureClass expected;
  std::string path{chat};

  friend std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }
};

std::string said(const std::string& message, const std::string& code = "", const std::string& type = "") {
  return nlohmann::json{{"error", {{"message", message}, {"code", code}, {"type", type}}}}.dump();
}

class ClassOf : public ::testing::TestWithParam<Case> {};

TEST_P(ClassOf, ByStatusAndWhatTheServerSaid) {
  const Case& one = GetParam();
  EXPECT_EQ(class_of(error_of_answer(one.status, one.body), one.path), one.expected);
}

using enum FailureClass;

INSTANTIATE_TEST_SUITE_P(
    Answers, ClassOf,
    ::testing::ValuesIn(std::vector<Case>{
        {"bad_request", 400, said("no such parameter"), client_error},
        {"context_too_long", 400, said("too many tokens", "context_length_exceeded"), client_error},
        {"azure_content_filter", 400, said("filtered", "content_filter"), client_error},
        {"method_not_allowed", 405, "", client_error},
        {"too_large", 413, "", client_error},
        {"unsupported_media", 415, "", client_error},
        {"unprocessable", 422, R"({"detail":[{"msg":"x"}]})", client_error},
        {"teapot", 418, "", client_error},
        {"gone", 410, "", client_error},
        {"moved", 301, "", client_error},
        {"see_other", 303, "", client_error},
        {"openrouter_moderation", 403, said("requires moderation. Your input was flagged for \"x\""),
         client_error},
        {"content_policy", 403, said("no", "content_policy_violation"), client_error},
        {"request_timeout", 408, "", transient},
        {"server_error", 500, said("oops"), transient},
        {"bad_gateway", 502, "<html>", transient},
        {"unavailable", 503, "", transient},
        {"gateway_timeout", 504, "", transient},
        {"cloudflare", 524, "", transient},
        {"anthropic_overloaded", 529, "", transient},
        {"conflict", 409, "", conflict},
        {"rate_limited", 429, said("slow down", "rate_limit_exceeded"), rate_limited},
        {"rate_limited_without_a_body", 429, "", rate_limited},
        {"payment_required", 402, "", quota},
        {"quota_on_429", 429, said("You exceeded your current quota", "insufficient_quota"), quota},
        {"quota_by_type", 429, said("x", "", "insufficient_quota"), quota},
        {"quota_on_403", 403, said("x", "insufficient_quota"), quota},
        {"quota_on_400", 400, said("x", "insufficient_quota"), quota},
        {"quota_on_401", 401, said("x", "insufficient_quota"), quota},
        {"billing_limit", 400, said("x", "billing_hard_limit_reached"), quota},
        {"anthropic_without_credit", 400,
         said("Your credit balance is too low to access the Anthropic API.", "", "invalid_request_error"),
         quota},
        {"deepseek_without_credit", 402, said("Insufficient Balance"), quota},
        {"unauthorized", 401, "", credential},
        {"wrong_key", 401, said("Incorrect API key provided", "invalid_api_key"), credential},
        {"key_code_on_403", 403, said("no", "invalid_api_key"), credential},
        {"account_code_on_403", 403, said("no", "account_deactivated"), credential},
        {"gemini_bad_key", 400,
         R"([{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}])",
         credential},
        {"key_code_on_400", 400, said("no", "invalid_api_key"), credential},
        {"forbidden", 403, said("Country not supported", "unsupported_country_region_territory"), forbidden},
        {"forbidden_html", 403, "<html>Attention Required!</html>", forbidden},
        {"no_model", 404, said("The model does not exist", "model_not_found"), no_such_model},
        {"no_page", 404, "404 page not found", no_such_model},
        {"no_such_response", 404, said("not found"), client_error, "/responses/resp_abc"},
        {"no_such_file", 404, "", client_error, "/files/file-abc123/content"},
        {"no_such_batch", 404, "", client_error, "batches/batch_67/cancel"},
        {"no_such_model_object", 404, "", no_such_model, "/models/gpt-4o"},
        {"no_such_path", 404, "", no_such_model, "/embeddings?version=2024-01-01"},
        {"no_such_versioned_path", 404, "", no_such_model, "/v2/rerank"},
    }),
    [](const auto& test) { return test.param.name; });

TEST(ClassOf, ByKindWhereNoAnswerCame) {
  EXPECT_EQ(class_of({.kind = ErrorKind::connection}, chat), transient);
  EXPECT_EQ(class_of({.kind = ErrorKind::timeout}, chat), transient);
  EXPECT_EQ(class_of({.kind = ErrorKind::parse, .status = 200}, chat), invalid_response);
  EXPECT_EQ(class_of({.kind = ErrorKind::canceled}, chat), canceled);
  EXPECT_EQ(class_of({.kind = ErrorKind::authentication}, chat), credential);
}

TEST(ClassOf, AnErrorInsideA200ThatNamesNoStatusIsTransient) {
  EXPECT_EQ(class_of({.kind = ErrorKind::api, .status = 200}, chat), transient);
}

TEST(ClassOf, ARequestThatAnEndpointCannotBeSentIsRefused) {
  EXPECT_EQ(class_of({.kind = ErrorKind::bad_request}, chat), forbidden);
}

TEST(ClassOf, WhatNginxSaysOfACertificateIsNotTheCallersFault) {
  const auto page = [](const std::string& title) {
    return "<html>\r\n<head><title>400 " + title + "</title></head>\r\n<body></body></html>";
  };
  struct Told {
    std::string title, advice;
  };
  for (const Told& told :
       {Told{"No required SSL certificate was sent", "set connection.client_certificate"},
        Told{"The SSL certificate error", "check connection.client_certificate"},
        Told{"The plain HTTP request was sent to HTTPS port", "base_url must begin with https://"}}) {
    const Error error = error_of_answer(400, page(told.title));
    EXPECT_EQ(error.message, "400 " + told.title);
    const Failure failure = classify({.error = error, .path = chat}, nullptr);
    EXPECT_EQ(failure.failure_class, credential);
    EXPECT_EQ(failure.error.message, "400 " + told.title + " (" + told.advice + ")");
  }
}

TEST(ClassOf, AProxyThatWantsAPasswordIsNotTheCallersFault) {
  EXPECT_EQ(class_of({.kind = ErrorKind::api, .status = 407}, chat), credential);
}

TEST(FailurePolicy, IsTheTable) {
  struct Row {
    FailureClass failure_class;
    bool another, same;
    std::optional<Outcome> breaker;
  };
  for (const Row& row :
       {Row{client_error, false, false, Outcome::success},    //
        Row{transient, true, true, Outcome::failure},         //
        Row{invalid_response, true, true, Outcome::failure},  //
        Row{FailureClass::conflict, true, true, Outcome::exclusion},
        Row{rate_limited, true, true, Outcome::exclusion}, Row{quota, true, false, Outcome::failure},
        Row{credential, true, false, Outcome::failure}, Row{forbidden, true, false, Outcome::exclusion},
        Row{no_such_model, true, false, Outcome::exclusion}, Row{out_of_time, false, false, Outcome::failure},
        Row{canceled, false, false, std::nullopt}}) {
    const FailurePolicy found = policy_of(row.failure_class);
    const auto number = static_cast<int>(row.failure_class);
    EXPECT_EQ(found.retry_elsewhere, row.another) << number;
    EXPECT_EQ(found.retry_here, row.same) << number;
    EXPECT_EQ(found.breaker, row.breaker) << number;
  }
}

TEST(RanTheRequest, IsTrueOfWhatBrokeWithItAndOfNonsense) {
  for (int status : {500, 501, 502, 504, 529}) {
    EXPECT_TRUE(ran_the_request({.kind = ErrorKind::internal_server, .status = status}, Sent::all)) << status;
  }
  EXPECT_TRUE(ran_the_request({.kind = ErrorKind::parse, .status = 200}, Sent::all));
  EXPECT_TRUE(ran_the_request({.kind = ErrorKind::api, .status = 200}, Sent::all));
  EXPECT_TRUE(ran_the_request({.kind = ErrorKind::connection}, Sent::all)) << "reset";
  EXPECT_TRUE(ran_the_request({.kind = ErrorKind::timeout}, Sent::all));
}

TEST(RanTheRequest, IsFalseOfWhatDidNotEvenBegin) {
  for (int status : {401, 402, 403, 404, 429, 503}) {
    EXPECT_FALSE(ran_the_request({.kind = ErrorKind::api, .status = status}, Sent::all)) << status;
  }
  EXPECT_FALSE(ran_the_request({.kind = ErrorKind::connection}, Sent::nothing)) << "refused";
}

TEST(ShouldRetry, OverridesOnlyTheSameEndpoint) {
  FailurePolicy treated = policy_of(client_error);
  apply_should_retry({{"X-Should-Retry", "true"}}, treated);
  EXPECT_TRUE(treated.retry_here);
  EXPECT_FALSE(treated.retry_elsewhere);
  treated = policy_of(transient);
  apply_should_retry({{"x-should-retry", "false"}}, treated);
  EXPECT_FALSE(treated.retry_here);
  EXPECT_TRUE(treated.retry_elsewhere);
  treated = policy_of(transient);
  apply_should_retry({{"x-should-retry", "perhaps"}}, treated);
  EXPECT_TRUE(treated.retry_here);
}

}  // namespace
}  // namespace openailb::failure_class_test
