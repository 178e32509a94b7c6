// Whatever the headers say, no wait is negative or longer than a year. The input is headers, one in each
// line.
#include "input.hpp"
#include <openailb/detail/failure/retry_after.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using openailb::fuzz::require;
using Wait = std::optional<std::chrono::nanoseconds>;

void check(Wait wait, std::chrono::nanoseconds least) {
  require(!wait || (*wait >= least && *wait <= 24h * 365));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  openailb::ResponseHeaders headers;
  openailb::fuzz::Input input(data, size);
  while (!input.rest().empty()) {
    const auto line = input.line();
    const auto name = line.substr(0, line.find(": "));
    const auto value = line.substr(std::min(line.size(), name.size() + 2));
    headers.add(name, value);
    check(openailb::detail::parse_duration(value), 0ns);
  }
  using Date = std::chrono::system_clock::time_point;
  for (const Date now :
       {Date(0ns), Date(1'696'004'797s + 999'999'999ns), Date(-1ns), Date(250h * 24 * 365)}) {
    check(openailb::detail::retry_after(headers, now), 1ns);
  }
  check(openailb::detail::rate_limit_reset(headers), 1ns);
  return 0;
}
