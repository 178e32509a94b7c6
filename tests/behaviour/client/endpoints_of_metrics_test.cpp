// The series of endpoints that come and go do not add up.
#include "support/async.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"
#include <openailb/prometheus.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>

namespace openailb::endpoints_of_metrics_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

struct Metrics {
  explicit Metrics(std::size_t max_endpoints)
      : listener(PrometheusMetrics(registry, {.max_endpoints = max_endpoints}).listener()) {}

  /// All that happens in a call to an endpoint.
  void call(const std::string& endpoint) {
    listener(AttemptBegan{.endpoint = endpoint, .is_hedge = true, .is_last_resort = true});
    listener(BreakerChanged{.endpoint = endpoint, .from = State::open, .to = State::closed});
    listener(EndpointRateLimited{.endpoint = endpoint, .model = "m"});
    listener(AttemptEnded{.endpoint = endpoint, .elapsed = 1s});
    listener(CallEnded{.method = "POST",
                       .path = "/chat/completions",
                       .model = "m",
                       .endpoint = endpoint,
                       .first_token = 1s,
                       .input_tokens = 1,
                       .output_tokens = 1});
  }
  std::string scrape() const { return prometheus::TextSerializer().Serialize(registry->Collect()); }
  std::ptrdiff_t lines() const { return std::ranges::count(scrape(), '\n'); }

  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  EventListener listener;
};

TEST(EndpointsOfMetrics, DoNotAddUp) {
  Metrics metrics(3);
  for (int day = 0; day < 3; ++day) metrics.call("day-" + std::to_string(day));
  const auto lines = metrics.lines();
  for (int day = 3; day < 1000; ++day) metrics.call("day-" + std::to_string(day));
  EXPECT_EQ(metrics.lines(), lines);
  EXPECT_THAT(metrics.scrape(), HasSubstr("\"day-999\""));
  EXPECT_THAT(metrics.scrape(), HasSubstr("\"day-997\""));
  EXPECT_THAT(metrics.scrape(), Not(HasSubstr("\"day-996\"")));
}

TEST(EndpointsOfMetrics, StayWhileTheyAreUsed) {
  Metrics metrics(2);
  for (int day = 0; day < 100; ++day) {
    metrics.call("stays");
    metrics.call("day-" + std::to_string(day));
  }
  EXPECT_THAT(metrics.scrape(),
              HasSubstr(R"(openailb_attempts_total{openailb_endpoint="stays",outcome="success"} 100)"));
}

TEST(EndpointsOfMetrics, StayWhileAttemptsAreInFlight) {
  Metrics metrics(2);
  metrics.listener(AttemptBegan{.endpoint = "slow"});
  metrics.listener(AttemptBegan{.endpoint = "slow"});
  metrics.listener(AttemptEnded{.endpoint = "slow"});
  for (int day = 0; day < 100; ++day) metrics.call("day-" + std::to_string(day));
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(openailb_attempts_in_flight{openailb_endpoint="slow"} 1)"));
  metrics.listener(AttemptEnded{.endpoint = "slow"});
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(openailb_attempts_in_flight{openailb_endpoint="slow"} 0)"));
  metrics.call("one");
  metrics.call("two");
  EXPECT_THAT(metrics.scrape(), Not(HasSubstr("slow")));
}

TEST(EndpointsOfMetrics, BeginAnewWhenTheyComeBack) {
  Metrics metrics(1);
  for (const char* endpoint : {"a", "a", "b", "a"}) metrics.call(endpoint);
  EXPECT_THAT(metrics.scrape(),
              HasSubstr(R"(openailb_attempts_total{openailb_endpoint="a",outcome="success"} 1)"));
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(openailb_attempts_in_flight{openailb_endpoint="a"} 0)"));
}

TEST(EndpointsOfMetrics, OfWhichNoneAnsweredStay) {
  Metrics metrics(1);
  const CallEnded failed{.method = "POST", .path = "/x", .kind = ErrorKind::connection};
  for (int call = 0; call < 5; ++call) {
    metrics.listener(failed);
    metrics.call("day-" + std::to_string(call));
  }
  EXPECT_THAT(metrics.scrape(), HasSubstr("error_type=\"connection\",gen_ai_operation_name=\"other\",gen_ai_"
                                          "provider_name=\"openai\"} 5"));
}

TEST(EndpointsOfMetrics, MayBeNone) {
  Metrics metrics(0);
  metrics.call("a");
  metrics.call("b");
  EXPECT_THAT(metrics.scrape(), HasSubstr("\"b\""));
  EXPECT_THAT(metrics.scrape(), Not(HasSubstr("\"a\"")));
}

}  // namespace
}  // namespace openailb::endpoints_of_metrics_test
