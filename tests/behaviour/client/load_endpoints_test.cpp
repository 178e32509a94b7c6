// Endpoints of a file.

#include <openailb/endpoints.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace openailb::load_endpoints_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// A file that is there as long as the test.
class EndpointsFile : public ::testing::Test {
 protected:
  EndpointsFile() { std::filesystem::create_directory(folder_); }
  ~EndpointsFile() override { std::filesystem::remove_all(folder_); }

  std::vector<EndpointConfig> load(std::string_view content) {
    std::ofstream(file_, std::ios::binary) << content;
    return load_endpoints(file_);
  }
  /// What is said of it, with the name of the file cut off.
  std::string fault(std::string_view content) {
    try {
      load(content);
    } catch (const std::invalid_argument& error) {
      const std::string says = error.what();
      EXPECT_THAT(says, StartsWith(file_ + ':'));
      return says.substr(file_.size() + 1);
    }
    return "";
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("openailb-load-endpoints-" + std::to_string(getpid()));
  const std::string file_ = (folder_ / "endpoints.json").string();
};

TEST_F(EndpointsFile, HasEveryMember) {
  const auto all = load(R"([{
    "name": "mine", "api_key": "sk-1", "base_url": "https://one.example/v1",
    "model_map": {"*": "openai/*"}, "models": ["gpt-4o", "o*"], "organization": "org", "project": "proj",
    "headers": {"X-A": "b"}, "query": {"api-version": "1"}, "extra_body": {"z": 1, "a": null},
    "breaker": {"name": "b", "max_requests": 2, "interval": 60, "bucket_period": 0.5, "timeout": 1.5e1},
    "weight": 2.5, "priority": 1, "max_in_flight": 8, "requests_per_minute": 60, "tokens_per_minute": 9000,
    "quota_group": "group", "trust": "ours"
  }, {}])");
  ASSERT_THAT(all, SizeIs(2));
  const EndpointConfig& one = all[0];
  EXPECT_EQ(one.name, "mine");
  EXPECT_EQ(one.api_key, "sk-1");
  EXPECT_EQ(one.base_url, "https://one.example/v1");
  EXPECT_EQ(one.model_map, (std::map<std::string, std::string>{{"*", "openai/*"}}));
  EXPECT_THAT(one.models, ElementsAre("gpt-4o", "o*"));
  EXPECT_EQ(one.organization, "org");
  EXPECT_EQ(one.project, "proj");
  EXPECT_EQ(header(one.headers, "x-a"), "b");
  EXPECT_EQ(one.query.at("api-version"), "1");
  EXPECT_EQ(one.extra_body.value().dump(), R"({"z":1,"a":null})");
  EXPECT_EQ(one.breaker.name, "b");
  EXPECT_EQ(one.breaker.max_requests, 2U);
  EXPECT_EQ(one.breaker.interval, 60s);
  EXPECT_EQ(one.breaker.bucket_period, 500ms);
  EXPECT_EQ(one.breaker.timeout, 15s);
  EXPECT_EQ(one.weight, 2.5);
  EXPECT_EQ(one.priority, 1);
  EXPECT_EQ(one.max_in_flight, 8);
  EXPECT_EQ(one.requests_per_minute, 60);
  EXPECT_EQ(one.tokens_per_minute, 9000);
  EXPECT_EQ(one.quota_group, "group");
  EXPECT_EQ(one.trust, "ours");
  EXPECT_EQ(all[1].base_url, EndpointConfig{}.base_url);
  EXPECT_EQ(all[1].weight, 1.0);
}

TEST_F(EndpointsFile, MayBeAnObjectWithThem) {
  EXPECT_THAT(load(R"({"endpoints": [{}, {}, {}]})"), SizeIs(3));
  EXPECT_THAT(load("\xEF\xBB\xBF[{}]"), SizeIs(1));
}

TEST_F(EndpointsFile, HasVariablesOfTheEnvironment) {
  setenv("OPENAILB_TEST_KEY", "sk-$1${x}", 1);
  setenv("OPENAILB_TEST_EMPTY", "", 1);
  unsetenv("OPENAILB_TEST_UNSET");
  const auto all = load(R"([{"api_key": "${OPENAILB_TEST_KEY}", "project": "a${OPENAILB_TEST_UNSET:-b}c$d",
    "organization": "${OPENAILB_TEST_EMPTY:-}", "quota_group": "${OPENAILB_TEST_KEY:-x}/${OPENAILB_TEST_KEY}",
    "headers": {"X-A": "${OPENAILB_TEST_EMPTY:-e}"}, "extra_body": {"user": ["${OPENAILB_TEST_KEY}", 1]}}])");
  EXPECT_EQ(all[0].api_key, "sk-$1${x}");
  EXPECT_EQ(all[0].project, "abc$d");
  EXPECT_EQ(all[0].organization, "");
  EXPECT_EQ(all[0].quota_group, "sk-$1${x}/sk-$1${x}");
  EXPECT_EQ(header(all[0].headers, "x-a"), "e");
  EXPECT_EQ(all[0].extra_body.value().at("user").at(0), "sk-$1${x}");
  EXPECT_EQ(fault("[{},\n{\"api_key\":\"${OPENAILB_TEST_UNSET}\"}]"),
            "2: endpoints[1].api_key: the environment variable OPENAILB_TEST_UNSET is not set, or empty");
  EXPECT_THAT(fault(R"([{"api_key":"${OPENAILB_TEST_EMPTY}"}])"), HasSubstr("OPENAILB_TEST_EMPTY"));
  EXPECT_THAT(fault(R"([{"extra_body":{"a":["${OPENAILB_TEST_UNSET}"]}}])"),
              HasSubstr("endpoints[0].extra_body: the environment variable"));
  EXPECT_EQ(fault(R"([{"name":"${A"}])"), "1: endpoints[0].name: ${ has no }");
  EXPECT_THAT(fault(R"([{"name":"${}"}])"), HasSubstr("${ is not followed by"));
  EXPECT_THAT(fault(R"([{"name":"${a b}"}])"), HasSubstr("${ is not followed by"));
}

TEST_F(EndpointsFile, FaultsAreNamedWithLineAndMember) {
  EXPECT_EQ(fault("[\n{},\n{\n\"weight\": \"2\"}]"), "4: endpoints[1].weight: not a number");
  EXPECT_EQ(fault("[{\"api_key\": 17}]"), "1: endpoints[0].api_key: not a text");
  EXPECT_EQ(fault("[{\"model_map\": {\"a\": [\"b\"]}}]"), "1: endpoints[0].model_map.a: not a text");
  EXPECT_EQ(fault("[{\"models\": \"a\"}]"), "1: endpoints[0].models: not a list");
  EXPECT_EQ(fault("[{\"models\": [\"a\",\n1]}]"), "2: endpoints[0].models[1]: not a text");
  EXPECT_EQ(fault("[{\"headers\": []}]"), "1: endpoints[0].headers: not an object");
  EXPECT_EQ(fault("[{\"priority\": 1.5}]"), "1: endpoints[0].priority: not a whole number that fits");
  EXPECT_EQ(fault("[{\"priority\": 99999999999}]"), "1: endpoints[0].priority: not a whole number that fits");
  EXPECT_EQ(fault("[{\"weight\": 1e999}]"), "1: endpoints[0].weight: has a number that is too large");
  EXPECT_EQ(fault("[{\"extra_body\": {\"a\": 1e999}}]"),
            "1: endpoints[0].extra_body: has a number that is too large");
  EXPECT_EQ(fault("[{\"breaker\": {\"timeout\": -1}}]"),
            "1: endpoints[0].breaker.timeout: not a number of seconds from 0 to 1e9");
  EXPECT_EQ(fault("[{\"breaker\": {\"max_requests\": -1}}]"),
            "1: endpoints[0].breaker.max_requests: not a whole number that fits");
  EXPECT_EQ(fault("[{},\n{\"breaker\": {\"ready_to_trip\": 1}}]"),
            "2: endpoints[1].breaker.ready_to_trip: no member that a file can have");
  EXPECT_EQ(fault("[{\"base_ur1\": \"x\"}]"), "1: endpoints[0].base_ur1: no member that a file can have");
  EXPECT_EQ(fault("[{\"weight\": 1, \"weight\": 2}]"), "1: endpoints[0].weight: is there twice");
  EXPECT_EQ(fault("[7]"), "1: endpoints[0]: not an object");
}

TEST_F(EndpointsFile, FaultsOfTheWholeFileAreNamed) {
  EXPECT_EQ(fault("[]"), "1: endpoints: has no endpoint");
  EXPECT_EQ(fault("{}"), "1: endpoints: not a list");
  EXPECT_EQ(fault("{\"endpoints\":\n{}}"), "2: endpoints: not a list");
  EXPECT_EQ(fault("\"x\""), "1: endpoints: not a list");
  EXPECT_EQ(fault(""), "1: not JSON");
  EXPECT_EQ(fault("[\n{\"a\": }]"), "2: not JSON");
  EXPECT_EQ(fault("[{}]\n\n]"), "3: not JSON");
  EXPECT_EQ(fault("[{}\n"), "2: not JSON");
  EXPECT_EQ(fault(std::string(300, '[') + std::string(300, ']')), " not JSON, or nested too deeply");
  try {
    load_endpoints((folder_ / "missing.json").string());
    ADD_FAILURE() << "it is not there";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("missing.json: cannot be read"));
  }
  EXPECT_THROW(load_endpoints(folder_.string()), std::invalid_argument);
}

TEST_F(EndpointsFile, HasNoMemberTwiceAndNoneThatIsNotKnown) {
  EXPECT_EQ(fault("{\"endpoints\": [{}],\n\"comment\": 1}"), "2: comment: no member that a file can have");
  EXPECT_EQ(fault("{\"comment\": 1, \"endpoints\": [{}]}"), "1: comment: no member that a file can have");
  EXPECT_EQ(fault("{\"a\": 1}"), "1: a: no member that a file can have");
  EXPECT_EQ(fault("{\"endpoints\": [{}],\n\"endpoints\": [{}]}"), "2: endpoints: is there twice");
  EXPECT_EQ(fault("[{\"extra_body\": {\"a\": 1,\n\"a\": 1}}]"),
            "2: endpoints[0].extra_body.a: is there twice");
  EXPECT_EQ(fault("[{\"extra_body\": {\"a\": [{}, {\"b\": 1, \"b\": 2}]}}]"),
            "1: endpoints[0].extra_body.a[1].b: is there twice");
  EXPECT_EQ(fault("[{\"model_map\": {\"a\": \"b\", \"\\u0061\": \"c\"}}]"),
            "1: endpoints[0].model_map.a: is there twice");
  EXPECT_EQ(fault("[{\"query\": {\"a\": \"b\", \"a\": \"b\"}}]"), "1: endpoints[0].query.a: is there twice");
  EXPECT_EQ(fault("[{\"headers\": {\"X-A\": \"b\", \"x-a\": \"c\"}}]"),
            "1: endpoints[0].headers: has a header twice");
  EXPECT_EQ(fault("[{\"breaker\": {\"timeout\": 1, \"timeout\": 1}}]"),
            "1: endpoints[0].breaker.timeout: is there twice");
}

TEST_F(EndpointsFile, IsCheckedAsAClientWould) {
  EXPECT_EQ(
      fault("[{},\n{\"name\":\"mine\",\n\"base_url\": \"ftp://x\"}]").find("2: endpoints[1]: base_url: "),
      0U);
  EXPECT_EQ(fault("[{\"models\": [\"\"]}]"),
            "1: endpoints[0]: models has a name that is empty or not valid UTF-8");
  EXPECT_EQ(fault("[{\"extra_body\": 1}]"), "1: endpoints[0]: extra_body is not a JSON object");
  EXPECT_EQ(fault("[{\"name\": \"a\"},\n{\"name\": \"a\"}]"),
            "2: endpoints[1]: another endpoint has this name");
}

TEST_F(EndpointsFile, AKeyIsNeverShown) {
  for (const char* rest : {"\"weight\": \"x\"", "\"x\": 1", "\"base_url\": \"ftp://x\"", "\"name\": ", "}"}) {
    EXPECT_THAT(fault("[{\"api_key\": \"sk-secret\", " + std::string(rest) + "}]"),
                Not(HasSubstr("sk-secret")));
  }
  EXPECT_THAT(fault("[{\"api_key\": \"sk-secret\\n\"}]"), Not(HasSubstr("sk-secret")));
  EXPECT_THAT(fault("[{\"api_key\": \"sk-secret}]"), Not(HasSubstr("sk-secret")));
  EXPECT_THAT(fault("[{\"api_key\": [\"sk-secret\"]}]"), Not(HasSubstr("sk-secret")));
}

}  // namespace
}  // namespace openailb::load_endpoints_test
