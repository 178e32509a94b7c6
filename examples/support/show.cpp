#include "show.hpp"

#include "endpoints.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

namespace openailb_examples {

namespace {

using namespace std::chrono_literals;
using openailb::Attempt;
using openailb::EndpointStatus;
using openailb::State;

// The play: beta falls over once both have been seen at work, recovers after a probe has found it down, and
// the curtain falls a few calls after its breaker has closed. It takes some 26 calls.
const std::string victim = "beta";
constexpr int healthy_calls = 6;
constexpr int longest_play = 40;
constexpr auto pause = 220ms;

constexpr std::size_t lane_width = 15;

constexpr std::string_view red = "31", green = "32", yellow = "33", bold = "1", dim = "2";

/// Padded to a number of columns; what is longer is cut.
std::string fit(const std::string& text, std::size_t width) {
  std::string fitted;
  std::size_t columns = 0;
  for (const char byte : text) {
    const bool begins_character = (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    if (begins_character && columns == width) return fitted;
    columns += begins_character ? 1 : 0;
    fitted += byte;
  }
  return fitted + std::string(width - columns, ' ');
}

std::string repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

std::string milliseconds(std::chrono::nanoseconds time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << std::chrono::duration<double, std::milli>(time).count()
       << " ms";
  return text.str();
}

/// What came of the last attempt on an endpoint; null when there was none.
const Attempt* attempt_on(const std::string& endpoint, const std::vector<Attempt>& attempts) {
  const Attempt* last = nullptr;
  for (const Attempt& attempt : attempts) {
    if (attempt.endpoint == endpoint) last = &attempt;
  }
  return last;
}

/// "beta: 503 overloaded, so alpha, 1.2 ms"
std::string story(const std::vector<Attempt>& attempts) {
  std::string text;
  std::chrono::nanoseconds elapsed{};
  for (const Attempt& attempt : attempts) {
    text += attempt.endpoint + (attempt.kind ? ": " + attempt.message + ", so " : ", ");
    elapsed += attempt.elapsed;
  }
  return text + milliseconds(elapsed);
}

bool wants_color() {
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  return isatty(STDOUT_FILENO) == 1 && no_color == nullptr;
}

}  // namespace

Show::Show(const openailb::Client& client)
    : client_(client), in_color_(wants_color()), began_(std::chrono::steady_clock::now()) {
  before_ = client_.endpoints();
  if (endpoints_are_embedded()) {
    std::cout << "Two OpenAI-compatible endpoints, alpha and beta, run inside this program.\n"
                 "One client calls them in turn; then beta falls over.\n";
  } else {
    std::cout << "One client calls these endpoints in turn:\n";
    for (const EndpointStatus& endpoint : before_) {
      std::cout << "  " << endpoint.name << "  " << endpoint.base_url << '\n';
    }
  }
  std::cout << '\n'
            << paint(green, "████") << " answered   " << paint(red, "╳╳╳╳")
            << " failed, the next was asked   " << paint(dim, "░░░░") << " breaker open: not asked\n"
            << "closed, open: the circuit breaker of that endpoint, with a ● for each failure in a row\n\n"
            << "call";
  for (const EndpointStatus& endpoint : before_) {
    std::cout << "  " << paint(bold, fit(endpoint.name, lane_width));
  }
  std::cout << "  who answered" << std::endl;
}

bool Show::over() const {
  if (!endpoints_are_embedded()) return calls_ == 2 * static_cast<int>(before_.size());
  return calls_ == longest_play || (closed_at_ > 0 && calls_ == closed_at_ + healthy_calls);
}

bool Show::next_call() {
  if (over()) return false;
  if (endpoints_are_embedded()) {
    std::this_thread::sleep_until(began_ + calls_ * pause);
    play();
  }
  ++calls_;
  return true;
}

/// What happens to the endpoints between two calls.
void Show::play() {
  if (calls_ == healthy_calls) {
    fall_over(victim);
    announce(red, "▼ " + victim + " falls over: from now on it answers 503");
  }
  const bool probed_in_vain = tallies_[victim].opened == 2 && attempt_on(victim, attempts_) == nullptr;
  if (probed_in_vain && !recovered_) {
    recover(victim);
    recovered_ = true;
    announce(green, "▲ " + victim + " has recovered, but nobody has told the client");
  }
}

void Show::draw(const openailb::Result<openailb::ChatCompletion>& completion) {
  attempts_ = completion ? completion->info.attempts : completion.error().attempts;
  const std::vector<EndpointStatus> now = client_.endpoints();
  std::cout << std::setw(4) << calls_;
  for (const EndpointStatus& endpoint : now) draw_lane(endpoint, attempts_);
  if (completion) {
    ++tallies_[completion->info.endpoint].answered;
    rescued_ += attempts_.size() > 1 ? 1 : 0;
    std::cout << "  " << story(attempts_) << std::endl;
    if (!endpoints_are_embedded()) announce(dim, completion->text());
  } else {
    ++failed_;
    std::cout << "  " << paint(red, completion.error().message) << std::endl;
  }
  tell_changes(now);
  before_ = now;
}

/// One endpoint's part in a call, and its breaker after it.
void Show::draw_lane(const EndpointStatus& endpoint, const std::vector<Attempt>& attempts) const {
  const Attempt* attempt = attempt_on(endpoint.name, attempts);
  const bool open = endpoint.state == State::open;
  const int failures = static_cast<int>(std::min<std::uint64_t>(endpoint.counts.consecutive_failures, 3));
  std::string breaker{to_string(endpoint.state)};
  std::ranges::replace(breaker, '_', '-');
  if (endpoint.state == State::closed && failures > 0) breaker += ' ' + repeat("●", failures);
  std::string part = paint(dim, open ? "░░░░" : "·   ");
  if (attempt != nullptr) part = attempt->kind ? paint(red, "╳╳╳╳") : paint(green, "████");
  const std::string_view color = open ? red : endpoint.state == State::half_open ? yellow : dim;
  std::cout << "  " << part << ' ' << paint(color, fit(breaker, lane_width - 5));
}

/// A breaker that has changed its state is worth a line.
void Show::tell_changes(const std::vector<EndpointStatus>& now) {
  for (std::size_t index = 0; index < now.size(); ++index) {
    const std::string& name = now[index].name;
    const State from = before_[index].state;
    const State to = now[index].state;
    const bool was_probed = from != State::closed && attempt_on(name, attempts_) != nullptr;
    if (was_probed && to == State::closed) {
      closed_at_ = calls_;
      announce(green, "● half-open: one call probed " + name + ", was answered, and the breaker closed");
    } else if (was_probed && to == State::open) {
      ++tallies_[name].opened;
      announce(yellow, "○ half-open: one call probed " + name + ", which is still down: open again");
    } else if (from == State::closed && to == State::open) {
      ++tallies_[name].opened;
      announce(yellow, "○ it has failed too often: " + name + "'s breaker opens, and no call waits for it");
    }
  }
}

int Show::finish() const {
  std::cout << '\n'
            << paint(bold, std::to_string(calls_) + " calls, " + std::to_string(failed_) + " failed.") << ' '
            << rescued_ << " met a failing endpoint and were answered all the same.\n";
  for (const EndpointStatus& endpoint : before_) {
    auto tally = tallies_.find(endpoint.name);
    const int answered = tally == tallies_.end() ? 0 : tally->second.answered;
    std::cout << "  " << fit(endpoint.name, lane_width - 5) << paint(green, repeat("██", answered)) << ' '
              << answered << '\n';
  }
  return failed_ == 0 ? 0 : 1;
}

void Show::announce(std::string_view color, const std::string& text) const {
  std::cout << "      " << paint(color, text) << std::endl;
}

std::string Show::paint(std::string_view color, const std::string& text) const {
  if (!in_color_) return text;
  return "\033[" + std::string(color) + 'm' + text + "\033[0m";
}

}  // namespace openailb_examples
