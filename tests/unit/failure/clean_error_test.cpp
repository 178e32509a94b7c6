#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/clean_error.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace openailb::clean_error_test {
namespace {

using namespace detail;

Error cleaned(Error error, std::string_view secret = "sk-0123456789") {
  Redactor secrets;
  secrets.add(secret);
  clean_error(error, secrets);
  return error;
}

TEST(CleanError, HasEveryTextOnOneLine) {
  const std::string text = "\x1b[31ma\nb\r\n\tc\u0000\u009b\u0085d\u2028e";
  const Error error =
      cleaned({.message = text, .type = text, .code = text, .param = text, .request_id = text, .body = text});
  for (const std::string& one : {error.message, error.type, error.code, error.param, error.request_id}) {
    EXPECT_EQ(one, "[31ma b c") << "up to the NUL of the literal";
  }
  EXPECT_EQ(error.body, text) << "which is no text for a log";
}

TEST(CleanError, HasNoInvisibleCharacters) {
  for (const char* invisible : {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066",    "\u2067",
                                "\u2068", "\u2069", "\u200e", "\u200f", "\u061c", "\u200b",    "\u200c",
                                "\u200d", "\u2060", "\ufeff", "\u00ad", "\ufff9", "\U000e0041"}) {
    EXPECT_EQ(one_line("a" + std::string(invisible) + "b"), "ab") << invisible;
  }
  for (const char* control : {"\x01", "\x1b", "\x7f", "\u0080", "\u009b", "\u009f", "\u2028", "\u2029"}) {
    EXPECT_EQ(one_line("a" + std::string(control) + "b"), "a b") << control;
  }
  EXPECT_EQ(one_line("\u00e4 \u4e2d \U0001F600 \u05d0"), "\u00e4 \u4e2d \U0001F600 \u05d0");
}

TEST(CleanError, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(one_line("a\x9b"
                     "b\xff"),
            "a\uFFFD"
            "b\uFFFD");
}

TEST(CleanError, KeepsNoMoreThanAnErrorMayHave) {
  const std::string large(3 * max_error_body, 'x');
  const Error error = cleaned({.message = large, .type = large, .code = large, .body = large});
  EXPECT_EQ(error.body.size(), max_error_body);
  EXPECT_EQ(error.message, std::string(300, 'x') + "...");
  EXPECT_EQ(error.type.size(), 303U);
  EXPECT_EQ(error.code.size(), 303U);
}

TEST(CleanError, ShowsNoHalfOfASecretWhereItIsCut) {
  for (std::size_t before = 0; before < 20; ++before) {
    const std::string text = std::string(max_error_body - before, 'x') + "sk-0123456789";
    EXPECT_EQ(cleaned({.body = text}).body.find("sk-012345"), std::string::npos) << before;
    const std::string line = std::string(300 - before, 'x') + "sk-0123456789" + std::string(9000, 'y');
    EXPECT_EQ(cleaned({.message = line}).message.find("sk-"), std::string::npos) << before;
  }
}

TEST(CleanError, IsFoundInADocumentOfVeryManyMembers) {
  std::string body = R"({"error":{"message":"no","type":"t","code":"c")";
  for (int member = 0; member < 5'000; ++member) body += ",\"m" + std::to_string(member) + "\":[1,2]";
  const Error error = error_of_answer(400, body + "}}");
  EXPECT_EQ(error.message, "no");
  EXPECT_EQ(error.type, "t");
  EXPECT_EQ(error.code, "c");
}

TEST(CleanError, IsFoundWhereTheMessageIsALargeStructure) {
  std::string list = "[";
  for (int one = 0; one < 5'000; ++one) list += "[],";
  const Error error = error_of_answer(400, R"({"error":{"code":"c","message":)" + list + "1]}}");
  EXPECT_EQ(error.message.substr(0, 5), "[[],[");
  EXPECT_EQ(error.code, "c");
  EXPECT_EQ(error_of_answer(400, list + "1]").message.substr(0, 5), "[[],[");
}

}  // namespace
}  // namespace openailb::clean_error_test
