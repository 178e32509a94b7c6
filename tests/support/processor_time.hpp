#pragma once

#include <algorithm>
#include <limits>
#include <time.h>

namespace openailb::test {

/// How many seconds of the processor's time this thread has used.
inline double processor_time() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

/// How many times as long it takes with four times as many: of several runs the quickest count, since
/// whatever else the machine does only makes a run slower. `run(n)` returns its time.
template <class Run>
double growth(int n, Run run) {
  double few = std::numeric_limits<double>::max(), many = few;
  for (int round = 0; round < 3; ++round) {
    few = std::min(few, run(n));
    many = std::min(many, run(4 * n));
  }
  return many / few;
}

}  // namespace openailb::test
