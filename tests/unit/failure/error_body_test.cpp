#include <openailb/detail/failure/error_body.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace openailb::error_body_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;

Error answer(int status, std::string body) { return error_of_answer(status, std::move(body)); }

std::optional<Error> inside(const char* body) { return error_inside(nlohmann::json::parse(body)); }

TEST(ErrorOfAnswer, HasItsKindByTheStatus) {
  EXPECT_EQ(answer(400, "").kind, ErrorKind::bad_request);
  EXPECT_EQ(answer(401, "").kind, ErrorKind::authentication);
  EXPECT_EQ(answer(403, "").kind, ErrorKind::permission_denied);
  EXPECT_EQ(answer(404, "").kind, ErrorKind::not_found);
  EXPECT_EQ(answer(409, "").kind, ErrorKind::conflict);
  EXPECT_EQ(answer(422, "").kind, ErrorKind::unprocessable_entity);
  EXPECT_EQ(answer(429, "").kind, ErrorKind::rate_limit);
  for (int status : {500, 503, 504, 529, 599}) {
    EXPECT_EQ(answer(status, "").kind, ErrorKind::internal_server) << status;
  }
  for (int status : {301, 402, 405, 408, 413, 418}) {
    EXPECT_EQ(answer(status, "").kind, ErrorKind::api) << status;
  }
}

TEST(ErrorOfAnswer, HasTheMembersOfTheErrorObject) {
  const std::string body = R"({"error":{"message":"no","type":"t","code":"c","param":"p"}})";
  const Error error = error_of_answer(400, body);
  EXPECT_EQ(error.status, 400);
  EXPECT_EQ(error.message, "no");
  EXPECT_EQ(error.type, "t");
  EXPECT_EQ(error.code, "c");
  EXPECT_EQ(error.param, "p");
  EXPECT_EQ(error.body, body);
}

TEST(ErrorOfAnswer, ReadsMembersThatAreNoStrings) {
  const Error error = answer(400, R"({"error":{"message":{"a":[1]},"type":null,"code":17,"param":["x"]}})");
  EXPECT_EQ(error.message, R"({"a":[1]})");
  EXPECT_EQ(error.type, "");
  EXPECT_EQ(error.code, "17");
  EXPECT_EQ(error.param, R"(["x"])");
}

TEST(ErrorOfAnswer, ReadsAnErrorThatIsAString) {
  EXPECT_EQ(answer(500, R"({"error":"boom"})").message, "boom");
}

TEST(ErrorOfAnswer, ReadsAnErrorWithoutAMemberError) {
  const Error error = answer(400, R"({"message":"no","code":"c"})");
  EXPECT_EQ(error.message, "no");
  EXPECT_EQ(error.code, "c");
  EXPECT_EQ(answer(400, R"({"error":null,"message":"no"})").message, "no");
}

TEST(ErrorOfAnswer, ReadsWhatStandsBesideAMemberErrorThatSaysNothing) {
  for (const char* error : {"{}", "true", R"("")", "null"}) {
    EXPECT_EQ(answer(400, R"({"message":"boom","error":)" + std::string(error) + "}").message,
              std::string(error) == "true" ? "true" : "boom");
  }
}

TEST(ErrorOfAnswer, ReadsGooglesArrayAndItsStatus) {
  const Error error = answer(
      429,
      R"([{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x"},{"retryDelay":"34.074s"}]}}])");
  EXPECT_EQ(error.message, "quota");
  EXPECT_EQ(error.type, "RESOURCE_EXHAUSTED");
  EXPECT_EQ(error.retry_after, 34074ms);
}

TEST(ErrorOfAnswer, IgnoresAnInvalidRetryDelay) {
  for (const char* delay : {R"("0s")", R"("")", R"("soon")", "5", "null", R"("-3s")"}) {
    const std::string body =
        std::string(R"({"error":{"message":"x","details":[{"retryDelay":)") + delay + "}]}}";
    EXPECT_EQ(answer(429, body).retry_after, std::nullopt) << delay;
  }
  EXPECT_EQ(answer(429, R"({"error":{"details":"none"}})").retry_after, std::nullopt);
}

TEST(ErrorOfAnswer, KeepsTheTextOfWhatItCannotRead) {
  for (const char* body : {R"({"detail":[{"msg":"x"}]})", R"(["x"])", "<html>no</html>", "plain", "{\"id\":",
                           "17", "null", R"({"error":{}})", R"({"error":[]})", "[[[[", "\"text\""}) {
    const Error error = answer(500, body);
    EXPECT_EQ(error.kind, ErrorKind::internal_server) << body;
    EXPECT_EQ(error.status, 500) << body;
    EXPECT_EQ(error.body, body);
    EXPECT_FALSE(error.message.empty()) << body;
  }
  EXPECT_EQ(answer(500, "").message, "");
  EXPECT_EQ(answer(500, std::string("a\0b\xff", 4)).body.size(), 4U);
}

TEST(ErrorOfAnswer, QuotesTheTitleOfAPage) {
  EXPECT_EQ(answer(502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>").message,
            "502 Bad Gateway");
  EXPECT_EQ(answer(500, "  <!DOCTYPE html><TITLE lang=en>Oh no</TITLE>").message, "Oh no");
  EXPECT_EQ(answer(500, "<html><title>never ends").message, "<html><title>never ends");
  EXPECT_EQ(answer(500, "see <title>x</title>").message, "see <title>x</title>") << "no page";
}

TEST(ErrorOfAnswer, TellsWhatOpenRouterHides) {
  const Error error = answer(400, R"({"error":{"message":"Provider returned error","code":400,)"
                                  R"("metadata":{"raw":"too many images","provider_name":"x"}}})");
  EXPECT_EQ(error.message, "Provider returned error: too many images");
  EXPECT_EQ(answer(400, R"({"error":{"metadata":{"raw":"x"}}})").message, "x");
}

TEST(ErrorOfAnswer, TakesNoNumberForAType) {
  EXPECT_EQ(answer(400, R"({"error":{"message":"no","status":400}})").type, "");
  EXPECT_EQ(answer(400, R"({"error":{"message":"no","type":7,"status":"INVALID"}})").type, "INVALID");
}

TEST(OneLine, HasNoControlCharactersAndAnEnd) {
  EXPECT_EQ(detail::one_line("<html>\r\n\t<b>no\x7f\x01</b>\n"), "<html> <b>no </b>");
  EXPECT_EQ(detail::one_line("abcdef", 3), "abc...");
  EXPECT_EQ(detail::one_line(" \n "), "");
}

TEST(OneLine, CutsNoCharacterInTwo) {
  EXPECT_EQ(detail::one_line("ab\u00e9f", 3), "ab...");
  EXPECT_EQ(detail::one_line("a\U0001F600f", 4), "a...");
  EXPECT_EQ(detail::one_line("a\u00e9f", 3), "a\u00e9...");
  EXPECT_EQ(detail::one_line(std::string(200, '\x85')).size(), 303U) << "what replaces a byte has three";
}

TEST(ErrorInside, IsNullForAnAnswer) {
  for (const char* body : {"{}", "[]", "17", "null", R"({"choices":[]})", R"({"error":null,"choices":[]})",
                           R"({"object":"chat.completion"})", R"({"object":7})"}) {
    EXPECT_EQ(inside(body), std::nullopt) << body;
  }
}

TEST(ErrorInside, IsNullForAnErrorThatSaysNothing) {
  for (const char* error : {"null", "false", R"("")", "{}", "[]"}) {
    EXPECT_EQ(inside((std::string(R"({"choices":[],"error":)") + error + "}").c_str()), std::nullopt)
        << error;
  }
  EXPECT_TRUE(inside(R"({"error":true})"));
}

TEST(ErrorInside, IsNullForMembersThatSayNothing) {
  for (const char* error : {"0", R"({"message":"","type":"","param":"","code":""})",
                            R"({"message":null,"code":null,"details":[]})", R"({"code":0,"message":""})"}) {
    EXPECT_FALSE(error_inside(nlohmann::json::parse(R"({"choices":[],"error":)" + std::string(error) + "}")))
        << error;
  }
}

TEST(ErrorInside, IsNotLookedForInAListOfObjects) {
  EXPECT_FALSE(error_inside(nlohmann::json::parse(R"([{"name":"x","error":"boom"}])")));
}

TEST(ErrorInside, IsFoundInAListOfOne) {
  const auto error = inside(R"([{"error":{"message":"no","code":503}}])");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->status, 503);
  EXPECT_EQ(inside(R"([{"error":{"message":"no"}}, {"choices":[]}])"), std::nullopt);
}

TEST(ErrorInside, IsTheErrorThatItDescribes) {
  const auto error = inside(R"({"error":{"message":"slow down","code":429}})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::rate_limit);
  EXPECT_EQ(error->status, 429);
  EXPECT_EQ(error->message, "slow down");
}

TEST(ErrorInside, ReadsVllmsFlatError) {
  const auto error = inside(R"({"object":"error","message":"too long","type":"BadRequestError","code":400})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::bad_request);
  EXPECT_EQ(error->message, "too long");
}

TEST(ErrorInside, ReadsAnErrorThatIsAString) {
  const auto error = inside(R"({"error":"boom"})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::api);
  EXPECT_EQ(error->status, 200);
  EXPECT_EQ(error->message, "boom");
}

TEST(ErrorInside, KeepsTheTextOfWhatSaysNothing) {
  const auto error = inside(R"({"error":{"reason":7}})");
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, ::testing::HasSubstr(R"("reason":7)"));
}

TEST(ErrorInside, TakesTheStatusFromTheUsualNames) {
  const auto status = [](const std::string& type, const std::string& code) {
    return error_inside({{"error", {{"type", type}, {"code", code}}}})->status;
  };
  EXPECT_EQ(status("rate_limit_error", ""), 429);
  EXPECT_EQ(status("overloaded_error", ""), 503);
  EXPECT_EQ(status("server_error", ""), 500);
  EXPECT_EQ(status("api_error", "internal_error"), 500);
  EXPECT_EQ(status("invalid_request_error", ""), 400);
  EXPECT_EQ(status("BadRequestError", ""), 400);
  EXPECT_EQ(status("authentication_error", ""), 401);
  EXPECT_EQ(status("permission_error", ""), 403);
  EXPECT_EQ(status("x", "503"), 503);
  EXPECT_EQ(status("x", "12"), 200);
  EXPECT_EQ(status("x", "200"), 200);
  EXPECT_EQ(status("x", ""), 200);
}

TEST(ErrorInside, TakesTheStatusFromTheCodeBeforeTheType) {
  const auto error = inside(R"({"error":{"type":"invalid_request_error","code":"model_not_found"}})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->status, 404);
}

}  // namespace
}  // namespace openailb::error_body_test
