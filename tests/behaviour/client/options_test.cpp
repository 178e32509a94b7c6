// What a client is made of, and what it refuses to be made of.

#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::options_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// The message of the std::invalid_argument that such a client throws.
std::string refusal(std::vector<EndpointConfig> endpoints, ClientOptions options = {}) {
  try {
    const Client client(std::move(endpoints), std::move(options));
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "accepted";
}

TEST(ClientConstructor, NeedsAnEndpoint) { EXPECT_THAT(refusal({}), HasSubstr("endpoint")); }

TEST(ClientConstructor, RefusesAMalformedUrlAndNamesItsEndpoint) {
  for (const char* url : {"", "api.openai.com/v1", "ftp://x", "https://", "https://a b/", "https://x:99999",
                          "https://x/#y", "https://x\r\n/"}) {
    EXPECT_THAT(refusal({{}, {.base_url = url}}), AllOf(HasSubstr("endpoint-1"), HasSubstr("base_url")))
        << url;
  }
}

TEST(ClientConstructor, RefusesUserInformationAndDoesNotRepeatIt) {
  EXPECT_THAT(refusal({{.base_url = "https://user:secret@x/v1", .name = "berlin"}}),
              AllOf(HasSubstr("berlin"), HasSubstr("user information"), Not(HasSubstr("secret"))));
}

TEST(ClientConstructor, RefusesTwoEndpointsOfOneName) {
  EXPECT_THAT(refusal({{.name = "berlin"}, {.name = "berlin"}}), HasSubstr("berlin"));
  EXPECT_THAT(refusal({{.name = "endpoint-1"}, {}}), HasSubstr("endpoint-1"));
}

TEST(ClientConstructor, RefusesAKeyWithALineBreakAndDoesNotRepeatIt) {
  for (const char* key : {"secret\n", "secret\r\nX-Evil: 1", "sec\x01ret", "secret\x7f"}) {
    EXPECT_THAT(refusal({{}, {.api_key = key}}),
                AllOf(HasSubstr("endpoint-1"), HasSubstr("api_key"), Not(HasSubstr("sec"))));
  }
}

TEST(ClientConstructor, RefusesControlCharactersElsewhere) {
  EXPECT_THAT(refusal({{.name = "a\nb"}}), HasSubstr("name"));
  EXPECT_THAT(refusal({{.organization = "a\nb"}}), AllOf(HasSubstr("endpoint-0"), HasSubstr("Organization")));
  EXPECT_THAT(refusal({{.project = "a\nb"}}), AllOf(HasSubstr("endpoint-0"), HasSubstr("Project")));
  EXPECT_THAT(refusal({{.headers = {{"X-Name", "secret\n"}}}}),
              AllOf(HasSubstr("endpoint-0"), HasSubstr("X-Name"), Not(HasSubstr("secret"))));
  EXPECT_THAT(refusal({{.headers = {{"X Name", "x"}}}}), HasSubstr("header"));
  EXPECT_THAT(refusal({{}}, {.default_headers = {{"X-Name", "x\n"}}}), HasSubstr("X-Name"));
}

TEST(ClientConstructor, RefusesAModelMapThatCannotBeSent) {
  EXPECT_THAT(refusal({{}, {.model_map = {{"gpt-4o", "caf\xe9"}}}}),
              AllOf(HasSubstr("endpoint-1"), HasSubstr("model_map")));
  EXPECT_THAT(refusal({{}, {.model_map = {{"gpt-4o", ""}}}}),
              AllOf(HasSubstr("endpoint-1"), HasSubstr("model_map")));
}

TEST(ClientConstructor, RefusesOptionsThatMakeNoSense) {
  EXPECT_THAT(refusal({{}}, {.max_retries = -1}), HasSubstr("max_retries"));
  EXPECT_THAT(refusal({{}}, {.max_endpoints = 0}), HasSubstr("max_endpoints"));
  EXPECT_THAT(refusal({{}}, {.timeout = -1s}), HasSubstr("timeout"));
  EXPECT_THAT(refusal({{}}, {.connect_timeout = -1s}), HasSubstr("connect_timeout"));
  EXPECT_THAT(refusal({{}}, {.deadline = -1s}), HasSubstr("deadline"));
  EXPECT_THAT(refusal({{}}, {.first_token_timeout = -1s}), HasSubstr("first_token_timeout"));
  EXPECT_THAT(refusal({{}}, {.idle_timeout = -1s}), HasSubstr("idle_timeout"));
}

TEST(ClientConstructor, AcceptsWhatIsFine) {
  EXPECT_EQ(refusal({{}, {.api_key = "k", .base_url = "http://127.0.0.1:8080"}}), "accepted");
  EXPECT_EQ(refusal({{}}, {.max_retries = 0, .timeout = 0s, .deadline = 0s}), "accepted");
}

TEST(ApiKey, IsATextOrAFunction) {
  EXPECT_EQ(ApiKey("k")(), "k");
  EXPECT_EQ(ApiKey(std::string("k"))(), "k");
  EXPECT_EQ(ApiKey(std::string_view("k"))(), "k");
  EXPECT_EQ(ApiKey()(), "");
  EXPECT_EQ(ApiKey([] { return std::string("k"); })(), "k");
  EXPECT_EQ(ApiKey([] { return "k"; })(), "k");
  EXPECT_THAT([] { ApiKey(std::getenv("OPENAILB_NO_SUCH_VARIABLE")); },
              ::testing::ThrowsMessage<std::invalid_argument>(HasSubstr("api_key")));
}

TEST(Options, HaveTheDocumentedDefaults) {
  const ClientOptions options;
  EXPECT_EQ(options.max_retries, 2);
  EXPECT_EQ(options.max_endpoints, 3);
  EXPECT_EQ(options.timeout, 600s);
  EXPECT_EQ(options.connect_timeout, 5s);
  EXPECT_EQ(options.deadline, 1200s);
  EXPECT_EQ(options.max_response_size, std::size_t{64} << 20);
  EXPECT_EQ(EndpointConfig{}.base_url, "https://api.openai.com/v1");
}

/// The environment's variables for the time of a test.
class Environment : public ::testing::Test {
 protected:
  static constexpr const char* names[] = {"OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID",
                                          "OPENAI_PROJECT_ID"};

  Environment() { TearDown(); }
  void TearDown() override {
    for (const char* name : names) ::unsetenv(name);
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }
};

TEST_F(Environment, DescribesOneEndpoint) {
  set("OPENAI_API_KEY", "sk-1");
  set("OPENAI_BASE_URL", "https://one.example/v1");
  set("OPENAI_ORG_ID", "org-1");
  set("OPENAI_PROJECT_ID", "proj-1");
  const EndpointConfig endpoint = endpoint_from_env();
  EXPECT_EQ(endpoint.api_key(), "sk-1");
  EXPECT_EQ(endpoint.base_url, "https://one.example/v1");
  EXPECT_EQ(endpoint.organization, "org-1");
  EXPECT_EQ(endpoint.project, "proj-1");
  EXPECT_EQ(Client().endpoints().at(0).base_url, "https://one.example/v1");
}

TEST_F(Environment, ThatIsBlankMeansTheDefaults) {
  for (const char* blank : {"", " ", "\t\n"}) {
    set("OPENAI_BASE_URL", blank);
    EXPECT_EQ(endpoint_from_env().base_url, "https://api.openai.com/v1");
  }
  EXPECT_EQ(endpoint_from_env().api_key(), "");
}

}  // namespace
}  // namespace openailb::options_test
