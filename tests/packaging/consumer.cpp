// A whole client; see light_consumer.cpp.
#include <openailb/openailb.hpp>

#include <iostream>

int main() {
  openailb::Client client({
      {.api_key = "key-1", .base_url = "http://127.0.0.1:9/v1"},
      {.api_key = "key-2", .base_url = "http://127.0.0.2:9/v1"},
  });
  for (const auto& endpoint : client.endpoints()) std::cout << endpoint.name << '\n';
  return openailb::version == EXPECTED_VERSION ? 0 : 1;
}
