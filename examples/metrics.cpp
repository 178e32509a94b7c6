// A client's metrics for Prometheus: /metrics of a server on a free port, which this program then reads
// itself.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>
#include <openailb/prometheus.hpp>

#include <httplib.h>
#include <prometheus/exposer.h>
#include <prometheus/registry.h>

#include <iostream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

namespace {

/// Prints what a scrape finds, sorted, without comments and the buckets of histograms.
void print_metrics(int port) {
  const auto answer = httplib::Client("127.0.0.1", port).Get("/metrics");
  std::istringstream text(answer ? answer->body : std::string());
  std::set<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    const bool is_ours = line.starts_with("gen_ai_") || line.starts_with("openailb_");
    if (is_ours && line.find("_bucket{") == std::string::npos) lines.insert(line);
  }
  for (const std::string& line : lines) std::cout << line << '\n';
}

}  // namespace

int main() {
  // [metrics]
  auto registry = std::make_shared<prometheus::Registry>();
  prometheus::Exposer exposer("127.0.0.1:0");  // your program may choose a port, such as 0.0.0.0:9464
  exposer.RegisterCollectable(registry);

  openailb::PrometheusMetrics metrics(registry);
  openailb::Client client(openailb_examples::endpoints(), {.on_event = metrics.listener()});
  // [/metrics]

  openailb_examples::fall_over("beta");
  for (int call = 1; call <= 3; ++call) {
    static_cast<void>(client.chat.completions.create({
        .model = openailb_examples::model(),
        .messages = {openailb::user_message("Hello!")},
    }));
  }
  auto stream = client.chat.completions.stream({
      .model = openailb_examples::model(),
      .messages = {openailb::user_message("Write a haiku about load balancing.")},
  });
  while (stream.next()) {
  }

  print_metrics(exposer.GetListeningPorts().front());
}
