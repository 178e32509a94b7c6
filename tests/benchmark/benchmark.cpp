// Prints what openailb costs, as ratios against a hand-written libcurl program that does the same work in the
// same run against the same server: writes the same JSON, sends it over one kept connection per thread,
// parses the answer and takes the content out. Rounds of the two alternate, so that a machine whose speed
// drifts slows both. Nothing is asserted.

#include "support/scripted_server.hpp"
#include "support/tls_server.hpp"
#include <openailb/openailb.hpp>

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace openailb::test;

constexpr int rounds = 15;

struct Median {
  double lowest;
  double median;
  double highest;
};

Median median(std::vector<double> values) {
  std::ranges::sort(values);
  return {values.front(), values[values.size() / 2], values.back()};
}

/// Nanoseconds per call of `call(thread)` on each of some threads at once.
double time_calls(int threads, int calls, const std::function<void(int)>& call) {
  const auto begin = Clock::now();
  std::vector<std::jthread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      for (int i = 0; i < calls; ++i) call(thread);
    });
  }
  running.clear();
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / (threads * calls);
}

/// The hand-written program: one easy handle, used again for each call.
class HandWritten {
 public:
  HandWritten(const std::string& base_url, const std::string& ca_bundle)
      : url_(base_url + "/chat/completions"), easy_(curl_easy_init(), curl_easy_cleanup) {
    for (const char* line : {"Authorization: Bearer key", "Content-Type: application/json",
                             "Accept: application/json", "Expect:"}) {
      headers_ = curl_slist_append(headers_, line);
    }
    curl_easy_setopt(easy_.get(), CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy_.get(), CURLOPT_WRITEFUNCTION, &HandWritten::append);
    curl_easy_setopt(easy_.get(), CURLOPT_WRITEDATA, &answer_);
    curl_easy_setopt(easy_.get(), CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy_.get(), CURLOPT_NOSIGNAL, 1L);
    if (!ca_bundle.empty()) curl_easy_setopt(easy_.get(), CURLOPT_CAINFO, ca_bundle.c_str());
  }
  HandWritten(const HandWritten&) = delete;
  HandWritten& operator=(const HandWritten&) = delete;
  ~HandWritten() { curl_slist_free_all(headers_); }

  std::string ask(const std::string& question) {
    const nlohmann::json body{{"model", "gpt-4o"}, {"messages", {{{"role", "user"}, {"content", question}}}}};
    const std::string text = body.dump();
    answer_.clear();
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDS, text.c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(text.size()));
    if (curl_easy_perform(easy_.get()) != CURLE_OK) throw std::runtime_error("the hand-written call failed");
    return nlohmann::json::parse(answer_)["choices"][0]["message"]["content"].get<std::string>();
  }

 private:
  static std::size_t append(char* data, std::size_t, std::size_t size, void* into) {
    static_cast<std::string*>(into)->append(data, size);
    return size;
  }

  std::string url_;
  std::string answer_{};
  curl_slist* headers_{};
  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
};

void compare(const char* title, const std::string& base_url, const std::string& ca_bundle, int threads,
             int calls) {
  openailb::Client client({{.api_key = "key", .base_url = base_url}},
                          {.connection = {.ca_bundle = ca_bundle}});
  std::vector<std::unique_ptr<HandWritten>> programs;
  for (int i = 0; i < threads; ++i) programs.push_back(std::make_unique<HandWritten>(base_url, ca_bundle));
  const std::string question = "What is the answer to life, the universe and everything?";
  const auto ours = [&](int) {
    auto completion = client.chat.completions.create({
        .model = "gpt-4o",
        .messages = {openailb::user_message(question)},
    });
    if (completion->text().empty()) throw std::runtime_error("no answer");
  };
  const auto theirs = [&](int thread) {
    if (programs[static_cast<std::size_t>(thread)]->ask(question).empty())
      throw std::runtime_error("no answer");
  };

  time_calls(threads, calls / 10 + 1, ours);
  time_calls(threads, calls / 10 + 1, theirs);
  std::vector<double> ratios;
  std::vector<double> our_times;
  std::vector<double> their_times;
  for (int round = 0; round < rounds; ++round) {
    our_times.push_back(time_calls(threads, calls, ours));
    their_times.push_back(time_calls(threads, calls, theirs));
    ratios.push_back(our_times.back() / their_times.back());
  }
  const Median ratio = median(ratios);
  std::printf("%-24s %8.1f us %8.1f us   %5.2f (%.2f to %.2f)\n", title, median(our_times).median / 1e3,
              median(their_times).median / 1e3, ratio.median, ratio.lowest, ratio.highest);
}

/// Picking one of four endpoints, taking its breaker's permit and reporting a success; the clock is read
/// once.
void measure_picking() {
  std::vector<openailb::EndpointConfig> endpoints(4);
  openailb::Balancer balancer(endpoints, {}, Clock::now());
  const openailb::Call call{.model = "gpt-4o", .deadline = std::chrono::seconds(1)};
  constexpr int calls = 1'000'000;
  std::vector<double> all;
  std::vector<double> breaker_alone;
  for (int round = 0; round < 5; ++round) {
    const auto now = Clock::now();
    all.push_back(time_calls(1, calls, [&](int) {
      openailb::Progress progress = balancer.begin(call, now);
      auto step = balancer.next(call, progress, now);
      step.attempt->admission.succeed(call, now);
    }));
    openailb::CircuitBreaker breaker({}, now);
    breaker_alone.push_back(time_calls(1, calls, [&](int) { breaker.acquire(now)->success(now); }));
  }
  std::printf(
      "\npick + admit + report, four endpoints: %.0f ns; admit + report of a breaker alone: %.0f ns\n",
      median(all).median, median(breaker_alone).median);
}

}  // namespace

int main() {
  const Handler echo =
      answer_with(http_response(200, completion_json("Forty-two, as far as anyone can tell.")));
  ScriptedServer http(echo);
  TlsServer https(echo);

  std::printf("medians of %d rounds               openailb  hand-written   ratio (lowest to highest)\n",
              rounds);
  compare("one thread, HTTP", http.url(), "", 1, 2000);
  compare("eight threads, HTTP", http.url(), "", 8, 500);
  compare("one thread, HTTPS", https.url(), certificate("ca.pem"), 1, 1500);
  measure_picking();
}
