#include <openailb/result.hpp>

#include <gtest/gtest.h>

#include <concepts>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace openailb::result_test {
namespace {

using namespace detail;
using Text = Result<std::string>;

Error boom() { return {.kind = ErrorKind::api, .message = "boom"}; }

static_assert(std::same_as<decltype(std::declval<Text>().value()), std::string>);
static_assert(std::same_as<decltype(*std::declval<Text>()), std::string>);
static_assert(std::same_as<decltype(std::declval<const Text>().value()), std::string>);
static_assert(std::same_as<decltype(*std::declval<const Text>()), std::string>);
static_assert(std::same_as<decltype(std::declval<Text>().error()), Error>);
static_assert(std::same_as<decltype(std::declval<const Text>().error()), Error>);
static_assert(std::same_as<decltype(std::declval<Text&>().value()), std::string&>);
static_assert(std::same_as<decltype(std::declval<const Text&>().value()), const std::string&>);
static_assert(std::same_as<decltype(std::declval<Text&>().error()), Error&>);
static_assert(std::same_as<decltype(std::declval<const Text&>().error()), const Error&>);
static_assert(std::same_as<decltype(std::declval<Result<void>&>().error()), Error&>);
static_assert(std::same_as<decltype(std::declval<const Result<void>&>().error()), const Error&>);
static_assert(std::same_as<decltype(std::declval<Result<void>>().error()), Error>);
static_assert(std::same_as<Text::value_type, std::string> && std::same_as<Text::error_type, Error>);
static_assert(!std::convertible_to<Text, bool>, "only explicitly, as in an if");

TEST(Result, HoldsAValue) {
  Text result = "text";
  EXPECT_TRUE(result);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(result.value(), "text");
  EXPECT_EQ(*result, "text");
  EXPECT_EQ(result->size(), 4U);
  result->push_back('!');
  *result += '?';
  const Text& constant = result;
  EXPECT_EQ(constant.value(), "text!?");
  EXPECT_EQ(*constant, "text!?");
  EXPECT_EQ(constant->size(), 6U);
}

TEST(Result, OfASuccessHasNoError) {
  Text result = "text";
  const Text& constant = result;
  EXPECT_THROW((void)result.error(), std::logic_error);
  EXPECT_THROW((void)constant.error(), std::logic_error);
  EXPECT_THROW((void)Text("text").error(), std::logic_error);
}

TEST(Result, HoldsAnErrorAndThrowsItWhenAskedForTheValue) {
  Text result = boom();
  const Text& constant = result;
  EXPECT_FALSE(result);
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(constant.error().message, "boom");
  EXPECT_THROW((void)result.value(), Exception);
  EXPECT_THROW((void)*result, Exception);
  EXPECT_THROW((void)result->size(), Exception);
  EXPECT_THROW((void)constant.value(), Exception);
  EXPECT_THROW((void)*constant, Exception);
  EXPECT_THROW((void)constant->size(), Exception);
  EXPECT_THROW((void)Text(boom()).value(), Exception);
  EXPECT_THROW((void)*Text(boom()), Exception);
}

TEST(Result, ThrowsAnExceptionThatTellsTheError) {
  try {
    (void)Text(boom()).value();
    FAIL();
  } catch (const std::runtime_error& thrown) {
    EXPECT_STREQ(thrown.what(), "boom");
    EXPECT_EQ(dynamic_cast<const Exception&>(thrown).kind(), ErrorKind::api);
  }
}

TEST(Exception, SharesOneErrorAmongItsCopies) {
  const Exception one(boom());
  const Exception other = one;  // NOLINT
  EXPECT_EQ(&one.error(), &other.error());
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

TEST(Result, ValueOrTakesItsPlace) {
  const Text good = "text";
  const Text bad = boom();
  EXPECT_EQ(good.value_or("other"), "text");
  EXPECT_EQ(bad.value_or("other"), "other");
  EXPECT_EQ(Text("text").value_or("other"), "text");
  EXPECT_EQ(Text(boom()).value_or("other"), "other");
}

TEST(Result, AndThenGoesOnWithAValue) {
  const auto size = [](const std::string& text) -> Result<std::size_t> { return text.size(); };
  Text good = "text";
  const Text& constant = good;
  EXPECT_EQ(*good.and_then(size), 4U);
  EXPECT_EQ(*constant.and_then(size), 4U);
  EXPECT_EQ(*Text("text").and_then(size), 4U);
  EXPECT_EQ(Text(boom()).and_then(size).error().message, "boom");
  EXPECT_EQ(Text("text").and_then([](const std::string&) -> Text { return boom(); }).error().message, "boom");
}

TEST(Result, TransformChangesAValue) {
  Text good = "text";
  const Text& constant = good;
  const auto size = [](const std::string& text) { return text.size(); };
  EXPECT_EQ(*good.transform(size), 4U);
  EXPECT_EQ(*constant.transform(size), 4U);
  EXPECT_EQ(*Text("text").transform(size), 4U);
  EXPECT_EQ(Text(boom()).transform(size).error().message, "boom");
  const Result<void> nothing = good.transform([](std::string& text) { text.clear(); });
  EXPECT_TRUE(nothing);
  EXPECT_EQ(*good, "");
}

TEST(Result, OrElseMakesAnErrorGood) {
  const auto mend = [](const Error& error) -> Text { return error.message + " mended"; };
  const Text good = "text";
  const Text bad = boom();
  EXPECT_EQ(*good.or_else(mend), "text");
  EXPECT_EQ(*bad.or_else(mend), "boom mended");
  EXPECT_EQ(*Text("text").or_else(mend), "text");
  EXPECT_EQ(*Text(boom()).or_else(mend), "boom mended");
}

TEST(Result, WhoseErrorWasMovedAwayHasNeither) {
  Result<int> from = Error{.message = "gone"};
  const Result<int> to = std::move(from);
  EXPECT_EQ(to.error().message, "gone");
  EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_THROW(static_cast<void>(from.value()), Exception);
  EXPECT_THROW(static_cast<void>(from.error()), std::logic_error);
}

TEST(ResultOfNothing, IsASuccessOrAnError) {
  Result<void> good;
  EXPECT_TRUE(good);
  EXPECT_TRUE(good.has_value());
  EXPECT_NO_THROW(good.value());
  EXPECT_NO_THROW(*good);
  EXPECT_THROW((void)good.error(), std::logic_error);
  Result<void> bad = boom();
  const Result<void>& constant = bad;
  EXPECT_FALSE(bad);
  EXPECT_THROW(bad.value(), Exception);
  EXPECT_THROW(*constant, Exception);
  EXPECT_EQ(constant.error().message, "boom");
  EXPECT_EQ(Result<void>(boom()).error().message, "boom");
}

TEST(ResultOfNothing, IsChained) {
  const Result<void> good;
  const Result<void> bad = boom();
  EXPECT_EQ(*good.and_then([]() -> Result<int> { return 7; }), 7);
  EXPECT_FALSE(bad.and_then([]() -> Result<int> { return 7; }));
  EXPECT_EQ(*good.transform([] { return 7; }), 7);
  EXPECT_TRUE(good.transform([] {}));
  EXPECT_FALSE(bad.transform([] { return 7; }));
  EXPECT_TRUE(bad.or_else([](const Error&) { return Result<void>(); }));
  EXPECT_TRUE(good.or_else([](const Error&) -> Result<void> { return boom(); }));
}

}  // namespace
}  // namespace openailb::result_test
