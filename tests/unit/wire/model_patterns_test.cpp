#include <openailb/detail/wire/model_patterns.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace openailb::model_patterns_test {
namespace {

using namespace detail;

TEST(ModelPattern, StarStandsForAnyNumberOfCharacters) {
  EXPECT_TRUE(fits("*", ""));
  EXPECT_TRUE(fits("*", "gpt-4o"));
  EXPECT_TRUE(fits("gpt-4*", "gpt-4"));
  EXPECT_TRUE(fits("gpt-4*", "gpt-4o-mini"));
  EXPECT_FALSE(fits("gpt-4*", "gpt-3.5"));
  EXPECT_TRUE(fits("*mini", "gpt-4o-mini"));
  EXPECT_FALSE(fits("*mini", "gpt-4o-minis"));
  EXPECT_TRUE(fits("gpt-4o", "gpt-4o"));
  EXPECT_FALSE(fits("gpt-4o", "gpt-4o-mini"));
  EXPECT_FALSE(fits("", "x"));
  EXPECT_TRUE(fits("", ""));
}

TEST(ModelPattern, MayHaveSeveralStars) {
  EXPECT_TRUE(fits("*/llama-*-instruct", "meta/llama-3-8b-instruct"));
  EXPECT_TRUE(fits("a*b*c", "a-b-b-c"));
  EXPECT_TRUE(fits("a**c", "ac"));
  EXPECT_TRUE(fits("*ab*ab", "abab"));
  EXPECT_FALSE(fits("a*b*c", "a-c-b"));
  EXPECT_FALSE(fits("*ab*ab", "ab"));
}

TEST(ModelPattern, TakesNoLongOnHostilePatterns) {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "a*";
  EXPECT_FALSE(fits(stars + "b", std::string(10'000, 'a')));
}

std::string mapped(const std::map<std::string, std::string>& models, const std::string& model) {
  return ModelMap(models).name_of(model);
}

TEST(ModelMap, ExactNameComesFirst) {
  EXPECT_EQ(mapped({{"gpt-4o", "exact"}, {"gpt-4o*", "pattern"}}, "gpt-4o"), "exact");
  EXPECT_EQ(mapped({{"gpt-4o", "exact"}, {"gpt-4o*", "pattern"}}, "gpt-4o-mini"), "pattern");
  EXPECT_EQ(mapped({{"gpt-4o", "exact"}, {"gpt-4o*", "pattern"}}, "o3"), "o3");
  EXPECT_EQ(mapped({}, "o3"), "o3");
}

TEST(ModelMap, ThePatternWithMostCharactersBesideItsStarsDecides) {
  const std::map<std::string, std::string> models{
      {"*", "any"}, {"gpt-4*", "four"}, {"gpt-4o*", "four-o"}, {"******g", "ends in g"}};
  EXPECT_EQ(mapped(models, "gpt-4o-mini"), "four-o");
  EXPECT_EQ(mapped(models, "gpt-4.1"), "four");
  EXPECT_EQ(mapped(models, "o3"), "any");
  EXPECT_EQ(mapped(models, "gpt-4g"), "four");
  EXPECT_EQ(mapped(models, "big"), "ends in g");
}

TEST(ModelMap, OfPatternsThatAreAsSpecificTheFirstByNameDecides) {
  EXPECT_EQ(mapped({{"a*", "first"}, {"*a", "zeroth"}}, "a-a"), "zeroth");
  EXPECT_EQ(mapped({{"a*c", "first"}, {"a*b*", "zeroth"}}, "abc"), "zeroth");
}

TEST(ModelMap, StarInTheMappedNameIsWhatTheKeysStarStandsFor) {
  EXPECT_EQ(mapped({{"*", "openai/*"}}, "gpt-4o"), "openai/gpt-4o");
  EXPECT_EQ(mapped({{"openai/*", "*"}}, "openai/gpt-4o"), "gpt-4o");
  EXPECT_EQ(mapped({{"gpt-*-mini", "small/*@1"}}, "gpt-4o-mini"), "small/4o@1");
  EXPECT_EQ(mapped({{"gpt-4*", "x-*-y"}}, "gpt-4"), "x--y");
  EXPECT_EQ(mapped({{"*", "openai/*"}}, "a*b"), "openai/a*b");
}

TEST(ModelList, HasNamesAndPatterns) {
  const ModelList list({"gpt-4o", "o*", "claude-*-sonnet"});
  EXPECT_TRUE(list.has("gpt-4o"));
  EXPECT_TRUE(list.has("o3-mini"));
  EXPECT_TRUE(list.has("claude-4-sonnet"));
  EXPECT_FALSE(list.has("gpt-4o-mini"));
  EXPECT_FALSE(list.has(""));
  EXPECT_TRUE(ModelList({}).has("anything"));
}

TEST(ModelMap, FaultsAreFound) {
  EXPECT_EQ(problem_of_mapping("gpt-*", "openai/*"), "");
  EXPECT_EQ(problem_of_mapping("gpt-*-*", "one"), "");
  EXPECT_NE(problem_of_mapping("", "one"), "");
  EXPECT_NE(problem_of_mapping("gpt-4o", "openai/*"), "");
  EXPECT_NE(problem_of_mapping("gpt-*-*", "openai/*"), "");
  EXPECT_NE(problem_of_mapping("gpt-*", "*/*"), "");
}

}  // namespace
}  // namespace openailb::model_patterns_test
