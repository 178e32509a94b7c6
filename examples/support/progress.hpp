#pragma once

#include <openailb/openailb.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace openailb_examples {

/// Shows how far a batch has come: a bar on a terminal, elsewhere a line every ten seconds, and one at the
/// end.
class Progress {
 public:
  /// `finished` of `total` were done before.
  Progress(std::size_t total, std::size_t finished);

  void add(const openailb::Result<openailb::JsonResponse>& result);
  /// The last line.
  void finish();

  std::size_t failed() const noexcept { return failed_; }

 private:
  using Clock = std::chrono::steady_clock;

  void show(bool at_the_end);
  std::string bar() const;
  std::string numbers(double rate, bool at_the_end) const;

  bool on_terminal_;
  std::size_t total_;
  std::size_t done_;
  std::size_t done_now_{};  ///< by this run
  std::size_t failed_{};
  std::size_t retried_{};
  std::size_t tokens_{};
  Clock::time_point began_{Clock::now()};
  Clock::time_point shown_{Clock::now()};
};

}  // namespace openailb_examples
