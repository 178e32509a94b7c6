// Circuit breakers with rules of one's own.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <chrono>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

int main() {
  // [custom-breaker]
  // Every endpoint gets a breaker with these settings. This one opens at the first failure, for five seconds.
  openailb::Client client(
      openailb_examples::endpoints(),
      {.breaker = {
           .name = "Custom-Breaker",
           .timeout = 5s,
           .ready_to_trip = [](const openailb::Counts& counts) { return counts.consecutive_failures >= 1; },
           .on_state_change =
               [](const std::string& name, openailb::State from, openailb::State to) {
                 std::cout << name << ": " << from << " -> " << to << '\n';
               },
       }});
  // [/custom-breaker]

  openailb_examples::fall_over("beta");
  for (int call = 1; call <= 4; ++call) {
    auto completion = client.chat.completions.create({
        .model = openailb_examples::model(),
        .messages = {openailb::user_message("Hello!")},
    });
    std::cout << "call " << call << ": " << completion->info.endpoint << " answered, attempt "
              << completion->info.attempts.size() << '\n';
  }

  // [status]
  for (const openailb::EndpointStatus& endpoint : client.endpoints()) {
    std::cout << endpoint.name << ": breaker " << endpoint.state << ", " << endpoint.in_flight
              << " in flight\n";
  }
  // [/status]
}
