// What a scrape finds of a client's calls.

#include "support/async.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"
#include <openailb/prometheus.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::prometheus_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;
using Lines = std::vector<std::string>;

/// A registry, and what a scrape of it finds.
struct Scraped {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();

  /// The lines of a metric, without those of single buckets.
  Lines lines(const std::string& metric) const {
    std::istringstream text(prometheus::TextSerializer().Serialize(registry->Collect()));
    Lines found;
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with(metric) && line.find("_bucket{") == std::string::npos) found.push_back(line);
    }
    return found;
  }
  Lines buckets(const std::string& metric) const {
    std::istringstream text(prometheus::TextSerializer().Serialize(registry->Collect()));
    Lines found;
    for (std::string line; std::getline(text, line);) {
      const std::size_t le = line.find("le=\"");
      if (line.starts_with(metric + "_bucket{")) found.push_back(line.substr(le + 4));
    }
    return found;
  }
};

/// Endpoints whose client's events become metrics.
struct Measured : Simulation, Scraped {
  explicit Measured(std::vector<std::vector<SimulatedAnswer>> scripts, PrometheusOptions metrics = {})
      : Simulation(std::move(scripts)) {
    options.on_event = PrometheusMetrics(registry, std::move(metrics)).listener();
  }
};

TEST(Prometheus, CountsACallThatFailsOver) {
  Measured simulation({{after(1s, failing(503))}, {after(2s, ok())}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.lines("openailb_attempts_total"),
              UnorderedElementsAre(
                  R"(openailb_attempts_total{openailb_endpoint="endpoint-0",outcome="internal_server"} 1)",
                  R"(openailb_attempts_total{openailb_endpoint="endpoint-1",outcome="success"} 1)"));
  const std::string chat = R"({gen_ai_operation_name="chat",gen_ai_provider_name="openai",)"
                           R"(gen_ai_request_model="gpt-4o",openai_api_type="chat_completions",)"
                           R"(openailb_endpoint="endpoint-1"})";
  EXPECT_THAT(simulation.lines("gen_ai_client_operation_duration_seconds"),
              UnorderedElementsAre("gen_ai_client_operation_duration_seconds_count" + chat + " 1",
                                   "gen_ai_client_operation_duration_seconds_sum" + chat + " 3"));
  EXPECT_THAT(
      simulation.lines("openailb_attempt_duration_seconds"),
      UnorderedElementsAre(R"(openailb_attempt_duration_seconds_count{openailb_endpoint="endpoint-1"} 1)",
                           R"(openailb_attempt_duration_seconds_sum{openailb_endpoint="endpoint-1"} 2)"));
  EXPECT_THAT(simulation.lines("gen_ai_client_operation_time_to_first_chunk"), IsEmpty());
}

TEST(Prometheus, CountsTokensByTheirType) {
  Measured simulation({{ok()}});
  EXPECT_TRUE(ask(simulation.client()));
  const std::string labels = R"({gen_ai_operation_name="chat",gen_ai_provider_name="openai",)"
                             R"(gen_ai_request_model="gpt-4o",gen_ai_token_type=")";
  const std::string more = R"(",openai_api_type="chat_completions",openailb_endpoint="endpoint-0"})";
  EXPECT_THAT(simulation.lines("gen_ai_client_token_usage_sum"),
              UnorderedElementsAre("gen_ai_client_token_usage_sum" + labels + "input" + more + " 5",
                                   "gen_ai_client_token_usage_sum" + labels + "output" + more + " 7"));
}

TEST(Prometheus, HasTheBucketsOfTheConventions) {
  Measured simulation({{after(300ms, ok())}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.buckets("gen_ai_client_operation_duration_seconds"),
              ElementsAre("0.01\"} 0", "0.02\"} 0", "0.04\"} 0", "0.08\"} 0", "0.16\"} 0", "0.32\"} 1",
                          "0.64\"} 1", "1.28\"} 1", "2.56\"} 1", "5.12\"} 1", "10.24\"} 1", "20.48\"} 1",
                          "40.96\"} 1", "81.92\"} 1", "+Inf\"} 1"));
  const Lines tokens = simulation.buckets("gen_ai_client_token_usage");
  EXPECT_EQ(tokens.size(), 30U);
  EXPECT_THAT(tokens, Contains("4\"} 0").Times(2));
  EXPECT_THAT(tokens, Contains("16\"} 1").Times(2));
  EXPECT_THAT(tokens, Contains("67108864\"} 1").Times(2));
}

TEST(Prometheus, CountsAStreamAtItsEnd) {
  Measured simulation({{after(2s, streaming(role() + says("a") + finish() + done()))}});
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  EXPECT_THAT(simulation.lines("openailb_attempts_total{"), Contains(StartsWith("openailb_attempts_total")));
  EXPECT_THAT(simulation.lines("gen_ai_client"), IsEmpty());
  while (stream.next()) {
  }
  EXPECT_THAT(simulation.lines("gen_ai_client_operation_time_to_first_chunk_seconds_sum"),
              ElementsAre(R"(gen_ai_client_operation_time_to_first_chunk_seconds_sum{)"
                          R"(gen_ai_operation_name="chat",gen_ai_provider_name="openai",)"
                          R"(gen_ai_request_model="gpt-4o",openai_api_type="chat_completions",)"
                          R"(openailb_endpoint="endpoint-0"} 2)"));
  EXPECT_THAT(simulation.lines("gen_ai_client_operation_duration_seconds_count"),
              Contains(Not(HasSubstr("error_type"))));
}

TEST(Prometheus, CountsHedgesAndTheAttemptThatLost) {
  Measured simulation({{after(9s, ok())}, {after(1s, ok())}});
  simulation.options.hedge = HedgeOptions{.delay = 2s, .max_fraction = 1.0};
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.lines("openailb_hedges_total{"),
              ElementsAre(R"(openailb_hedges_total{openailb_endpoint="endpoint-1"} 1)"));
  EXPECT_THAT(
      simulation.lines("openailb_attempts_total{"),
      UnorderedElementsAre(R"(openailb_attempts_total{openailb_endpoint="endpoint-0",outcome="canceled"} 1)",
                           R"(openailb_attempts_total{openailb_endpoint="endpoint-1",outcome="success"} 1)"));
  EXPECT_THAT(simulation.lines("openailb_attempts_in_flight{"),
              UnorderedElementsAre(R"(openailb_attempts_in_flight{openailb_endpoint="endpoint-0"} 0)",
                                   R"(openailb_attempts_in_flight{openailb_endpoint="endpoint-1"} 0)"));
}

TEST(Prometheus, ShowsTheStateOfABreaker) {
  Measured simulation({{failing(500), failing(500), ok()}});
  simulation.options.breaker = {.ready_to_trip = [](const Counts&) { return true; }};
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client, {.max_retries = 1}));
  EXPECT_THAT(simulation.lines("openailb_breaker_state{"),
              ElementsAre(R"(openailb_breaker_state{openailb_endpoint="endpoint-0"} 2)"));
  EXPECT_THAT(
      simulation.lines("openailb_breaker_changes_total{"),
      ElementsAre(R"(openailb_breaker_changes_total{openailb_endpoint="endpoint-0",state="open"} 1)"));
  EXPECT_THAT(simulation.lines("openailb_last_resorts_total{"),
              ElementsAre(R"(openailb_last_resorts_total{openailb_endpoint="endpoint-0"} 1)"));
  EXPECT_THAT(simulation.lines("openailb_waits_total{"),
              AllOf(Contains(R"(openailb_waits_total{reason="backoff"} 1)"),
                    Contains(R"(openailb_waits_total{reason="max_in_flight"} 0)")));
  EXPECT_THAT(simulation.lines("gen_ai_client_operation_duration_seconds_count"),
              ElementsAre(R"(gen_ai_client_operation_duration_seconds_count{error_type="internal_server",)"
                          R"(gen_ai_operation_name="chat",gen_ai_provider_name="openai",)"
                          R"(gen_ai_request_model="gpt-4o",openai_api_type="chat_completions"} 1)"));
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.lines("openailb_breaker_state{"),
              ElementsAre(R"(openailb_breaker_state{openailb_endpoint="endpoint-0"} 0)"));
  EXPECT_THAT(simulation.lines("openailb_breaker_changes_total{"),
              UnorderedElementsAre(
                  R"(openailb_breaker_changes_total{openailb_endpoint="endpoint-0",state="open"} 1)",
                  R"(openailb_breaker_changes_total{openailb_endpoint="endpoint-0",state="closed"} 1)"));
}

TEST(Prometheus, ABreakerThatHasNotChangedIsClosed) {
  Measured simulation({{ok()}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.lines("openailb_breaker_state{"),
              ElementsAre(R"(openailb_breaker_state{openailb_endpoint="endpoint-0"} 0)"));
}

TEST(Prometheus, CountsRateLimitsByTheModelOfTheEndpoint) {
  Measured simulation({{failing(429, "{}", {{"retry-after", "7"}}), ok()}});
  simulation.endpoints[0].model_map = {{"gpt-4o", "large"}};
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.lines("openailb_rate_limited_total{"),
              ElementsAre(R"(openailb_rate_limited_total{gen_ai_request_model="large",)"
                          R"(openailb_endpoint="endpoint-0"} 1)"));
  EXPECT_THAT(simulation.lines("openailb_waits_total{"),
              Contains(R"(openailb_waits_total{reason="rate_limit"} 1)"));
}

TEST(Prometheus, AnAttemptWhoseCallIsDroppedIsInFlightNoMore) {
  AsyncSimulation simulation;
  const Scraped scraped;
  simulation.add_holding(after(1ms, ok()));
  simulation.options.on_event = PrometheusMetrics(scraped.registry).listener();
  const AsyncClient client = simulation.client();
  {
    const Future<ChatCompletion> dropped = ask(client);
    ASSERT_TRUE(simulation.held.wait());
    EXPECT_THAT(scraped.lines("openailb_attempts_in_flight{"),
                ElementsAre(R"(openailb_attempts_in_flight{openailb_endpoint="endpoint-0"} 1)"));
  }
  simulation.released.open();
  EXPECT_TRUE(ask(client).get());
  EXPECT_THAT(scraped.lines("openailb_attempts_in_flight{"),
              ElementsAre(R"(openailb_attempts_in_flight{openailb_endpoint="endpoint-0"} 0)"));
  EXPECT_THAT(scraped.lines("openailb_attempts_total{"),
              Contains(R"(openailb_attempts_total{openailb_endpoint="endpoint-0",outcome="canceled"} 1)"));
}

/// The operation and the API that a path has in the labels.
std::string operation(const std::string& method, const std::string& path) {
  const detail::OperationLabels labels = detail::operation_labels(method, path);
  return std::string(labels.name) + ' ' + std::string(labels.api_type);
}

TEST(Prometheus, NamesTheOperationOfAPath) {
  EXPECT_EQ(operation("POST", "/chat/completions"), "chat chat_completions");
  EXPECT_EQ(operation("POST", "/responses"), "chat responses");
  EXPECT_EQ(operation("POST", "/completions"), "text_completion ");
  EXPECT_EQ(operation("POST", "/embeddings"), "embeddings ");
  EXPECT_EQ(operation("POST", "/moderations"), "moderation ");
  EXPECT_EQ(operation("POST", "/rerank"), "rerank ");
  EXPECT_EQ(operation("POST", "/audio/speech"), "speech ");
  EXPECT_EQ(operation("POST", "/audio/transcriptions"), "transcription ");
  EXPECT_EQ(operation("POST", "/audio/translations"), "transcription ");
  EXPECT_EQ(operation("POST", "/images/edits"), "image ");
  EXPECT_EQ(operation("POST", "/vector_stores/vs_1/search"), "retrieval ");
  for (const char* path : {"/chat/completions", "/responses/resp_1", "/files/file-1", "/models"}) {
    EXPECT_EQ(operation("GET", path), "other ");
  }
  EXPECT_EQ(operation("POST", "/responses/resp_1/cancel"), "other ");
  EXPECT_EQ(operation("POST", "/vector_stores/vs_1"), "other ");
  EXPECT_EQ(operation("POST", "/shops/shop_1/search"), "other ");
}

TEST(Prometheus, NoLabelHasAnId) {
  Measured simulation({{answering(R"({"id":"file-123","object":"file"})")}});
  EXPECT_TRUE(simulation.client().files.retrieve("file-123"));
  EXPECT_THAT(simulation.lines("gen_ai_client_operation_duration_seconds_count"),
              ElementsAre(R"(gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="other",)"
                          R"(gen_ai_provider_name="openai",openailb_endpoint="endpoint-0"} 1)"));
}

TEST(Prometheus, ModelsThatAreTooManyAreOther) {
  Measured simulation({{ok()}}, {.models = {"mine"}, .max_models = 2});
  const Client client = simulation.client();
  for (const char* model : {"a", "b", "c", "d", "mine", "a"}) {
    EXPECT_TRUE(client.chat.completions.create(question(model)));
  }
  std::vector<std::string> counts;
  for (const std::string& line : simulation.lines("gen_ai_client_operation_duration_seconds_count")) {
    const std::size_t begin = line.find("model=\"") + 7;
    counts.push_back(line.substr(begin, line.find('"', begin) - begin) + line.substr(line.rfind(' ')));
  }
  EXPECT_THAT(counts, UnorderedElementsAre("a 2", "b 1", "mine 1", "other 2"));
}

TEST(Prometheus, ModelsOfTheListTakeNoPlaceFromOthers) {
  detail::ModelLabels labels({"mine", "yours"}, 1);
  for (int times = 0; times < 3; ++times) EXPECT_EQ(labels.of("mine"), "mine");
  EXPECT_EQ(labels.of("yours"), "yours");
  EXPECT_EQ(labels.of("a"), "a");
  EXPECT_EQ(labels.of("b"), "other");
  EXPECT_EQ(labels.of("a"), "a");
}

TEST(Prometheus, RateLimitsOfTooManyModelsAreThoseOfOthers) {
  Measured simulation({{failing(429, "{}", {{"retry-after", "1"}})}}, {.max_models = 1});
  const Client client = simulation.client();
  for (const char* model : {"a", "b", "c"}) {
    EXPECT_FALSE(client.chat.completions.create(question(model), {.max_retries = 0}));
  }
  EXPECT_THAT(simulation.lines("openailb_rate_limited_total{"),
              UnorderedElementsAre(AllOf(HasSubstr("model=\"a\""), HasSubstr("} 1")),
                                   AllOf(HasSubstr("model=\"other\""), HasSubstr("} 2"))));
}

TEST(Prometheus, HasTheNameOfTheProvider) {
  Measured simulation({{ok()}}, {.provider = "acme"});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.lines("gen_ai_client_operation_duration_seconds_count"),
              ElementsAre(HasSubstr("gen_ai_provider_name=\"acme\"")));
}

TEST(Prometheus, CountsACallThatFellBackByTheModelThatAnswered) {
  Measured simulation({{failing(404), ok()}});
  EXPECT_TRUE(ask(simulation.client(), {.fallback_models = {"b"}}));
  EXPECT_THAT(simulation.lines("gen_ai_client_operation_duration_seconds_count"),
              ElementsAre(HasSubstr("gen_ai_request_model=\"b\"")));
  EXPECT_THAT(simulation.lines("gen_ai_client_token_usage_sum"),
              UnorderedElementsAre(HasSubstr("model=\"b\""), HasSubstr("model=\"b\"")));
}

TEST(Prometheus, AModelWithAVeryLongNameIsOther) {
  detail::ModelLabels labels({}, 100);
  EXPECT_EQ(labels.of(std::string(200, 'a')), std::string(200, 'a'));
  EXPECT_EQ(labels.of(std::string(201, 'a')), "other");
  EXPECT_EQ(labels.of(""), "");
}

TEST(Prometheus, ClientsOfOneRegistryAreToldApartByLabels) {
  const Scraped scraped;
  for (const char* name : {"search", "chat", "chat"}) {
    Simulation simulation({{ok()}});
    simulation.options.on_event =
        PrometheusMetrics(scraped.registry, {.labels = {{"client", name}}}).listener();
    EXPECT_TRUE(ask(simulation.client()));
  }
  EXPECT_THAT(
      scraped.lines("openailb_attempts_total{"),
      UnorderedElementsAre(
          R"(openailb_attempts_total{client="search",openailb_endpoint="endpoint-0",outcome="success"} 1)",
          R"(openailb_attempts_total{client="chat",openailb_endpoint="endpoint-0",outcome="success"} 2)"));
  EXPECT_THAT(scraped.lines("# TYPE openailb_attempts_total"), ElementsAre(StartsWith("#")));
}

TEST(Prometheus, AnotherListenerIsToldToo) {
  Measured simulation({{ok()}});
  int events = 0;
  simulation.options.on_event =
      PrometheusMetrics(simulation.registry).listener([&](const Event&) { ++events; });
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_EQ(events, 3);
}

TEST(Prometheus, SaysWhatItCannotTake) {
  const Scraped scraped;
  EXPECT_THROW(PrometheusMetrics{nullptr}, std::invalid_argument);
  EXPECT_THROW((PrometheusMetrics(scraped.registry, {.labels = {{"no label", "x"}}})), std::exception);
  const Scraped taken;
  prometheus::BuildCounter().Name("openailb_breaker_state").Register(*taken.registry);
  EXPECT_THROW(PrometheusMetrics{taken.registry}, std::exception);
}

TEST(Prometheus, CountsWhatManyThreadsTell) {
  const Scraped scraped;
  const EventListener listener = PrometheusMetrics(scraped.registry).listener();
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int event = 0; event < 1'000; ++event) {
          const std::string endpoint = std::to_string(event % 10);
          listener(AttemptEnded{.endpoint = endpoint, .status = 200});
          listener(CallEnded{.model = endpoint, .endpoint = endpoint});
        }
      });
    }
  }
  EXPECT_THAT(scraped.lines("openailb_attempts_total{"),
              Contains(R"(openailb_attempts_total{openailb_endpoint="7",outcome="success"} 400)"));
  EXPECT_EQ(scraped.lines("gen_ai_client_operation_duration_seconds_count").size(), 10U);
}

}  // namespace
}  // namespace openailb::prometheus_test
