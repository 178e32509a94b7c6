// A circuit breaker by itself, around anything that can fail. No network, no JSON.
#include <openailb/circuit_breaker.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>

using namespace std::chrono_literals;

int read_sensor(bool works) {
  if (!works) throw std::runtime_error("the sensor does not answer");
  return 42;
}

int main() {
  // [breaker-alone]
  openailb::CircuitBreaker breaker({
      .name = "sensor",
      .timeout = 5s,
      .ready_to_trip = [](const openailb::Counts& counts) { return counts.consecutive_failures >= 2; },
  });
  for (const bool works : {true, false, false, true}) {
    try {
      auto value = breaker.execute([&] { return read_sensor(works); });
      if (value) std::cout << "read " << *value << '\n';
      if (!value) std::cout << value.error().message << '\n';  // the sensor was left alone
    } catch (const std::runtime_error& error) {
      std::cout << error.what() << '\n';
    }
  }
  // [/breaker-alone]

  // [permit]
  // The same in two steps, with a clock of one's own: six seconds later the breaker lets one probe through.
  const auto later = std::chrono::steady_clock::now() + 6s;
  if (auto permit = breaker.try_acquire(later)) {
    std::cout << breaker.state(later) << '\n';
    permit->success(later);
  }
  std::cout << breaker.state(later) << '\n';
  // [/permit]
}
