#include <openailb/openailb.hpp>

#include <iostream>

int main() {
  openailb::Client client({{.api_key = "key", .base_url = "http://127.0.0.1:9/v1"}});
  std::cout << client.endpoints().at(0).name << " of openailb " << openailb::version << '\n';
  return openailb::version == EXPECTED_VERSION ? 0 : 1;
}
