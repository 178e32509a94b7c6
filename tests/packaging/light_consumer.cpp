// Compiles in a moment and still needs all that a way to the library has to provide: its headers, libcurl,
// JSON and C++20. One of the ways, find_package, is tried with a whole client.
#include <openailb/circuit_breaker.hpp>
#include <openailb/version.hpp>

#include <curl/curl.h>
#include <nlohmann/json_fwd.hpp>

#include <iostream>

int main() {
  const nlohmann::json* nothing = nullptr;
  openailb::CircuitBreaker breaker({.name = "consumer"});
  if (nothing == nullptr) std::cout << breaker.state() << ", with " << curl_version() << '\n';
  return openailb::version == EXPECTED_VERSION ? 0 : 1;
}
