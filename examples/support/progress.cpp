#include "progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace openailb_examples {

namespace {

using namespace std::chrono_literals;

std::size_t tokens_of(const openailb::JsonResponse& response) {
  const auto usage = response.find("usage");
  if (usage == response.end() || !usage->is_object()) return 0;
  const auto total = usage->find("total_tokens");
  return total != usage->end() && total->is_number_unsigned() ? total->get<std::size_t>() : 0;
}

}  // namespace

Progress::Progress(std::size_t total, std::size_t finished)
    : on_terminal_(isatty(STDOUT_FILENO) == 1), total_(total), done_(finished) {}

void Progress::add(const openailb::Result<openailb::JsonResponse>& result) {
  if (!result && result.error().kind == openailb::ErrorKind::canceled) return;
  ++done_;
  ++done_now_;
  const std::size_t attempts = result ? result->info.attempts.size() : result.error().attempts.size();
  if (attempts > 1) ++retried_;
  if (result) {
    tokens_ += tokens_of(*result);
  } else {
    ++failed_;
  }
  if (Clock::now() - shown_ >= (on_terminal_ ? 100ms : 10s)) show(false);
}

void Progress::finish() { show(true); }

void Progress::show(bool at_the_end) {
  shown_ = Clock::now();
  const std::chrono::duration<double> passed = shown_ - began_;
  const double rate = static_cast<double>(done_now_) / (std::max)(passed.count(), 0.001);
  if (on_terminal_) std::cout << '\r' << bar();
  std::cout << numbers(rate, at_the_end);
  std::cout << (on_terminal_ && !at_the_end ? "\x1b[K" : "\n") << std::flush;
}

std::string Progress::bar() const {
  constexpr std::size_t width = 30;
  const std::size_t full = total_ == 0 ? width : (std::min)(width, width * done_ / total_);
  return '[' + std::string(full, '#') + std::string(width - full, '.') + "] ";
}

std::string Progress::numbers(double rate, bool at_the_end) const {
  std::ostringstream text;
  text << done_ << " of " << total_ << " done, " << failed_ << " failed, " << retried_ << " retried, "
       << tokens_ << " tokens, " << std::llround(rate) << " per second";
  if (!at_the_end && done_now_ > 0) {
    const auto left = static_cast<double>(total_ - (std::min)(total_, done_));
    text << ", " << std::llround(left / rate) << " s left";
  }
  return text.str();
}

}  // namespace openailb_examples
