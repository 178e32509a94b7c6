#pragma once

#include <openailb/openailb.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace openailb_examples {

/// Draws how a client's calls spread over its endpoints, one line per call, and lets an endpoint that runs
/// inside the program fall over and recover meanwhile.
class Show {
 public:
  explicit Show(const openailb::Client& client);

  /// Waits until it is time for the next call; false after the last one.
  bool next_call();
  /// Draws what came of the call.
  void draw(const openailb::Result<openailb::ChatCompletion>& completion);
  /// Sums up. The program's exit status: 0 when no call has failed.
  int finish() const;

 private:
  struct Tally {
    int answered{};
    int opened{};  ///< how often its breaker has opened
  };

  void play();
  void draw_lane(const openailb::EndpointStatus& endpoint,
                 const std::vector<openailb::Attempt>& attempts) const;
  void tell_changes(const std::vector<openailb::EndpointStatus>& now);
  void announce(std::string_view color, const std::string& text) const;
  std::string paint(std::string_view color, const std::string& text) const;
  bool over() const;

  openailb::Client client_;
  bool in_color_;
  std::chrono::steady_clock::time_point began_;
  std::vector<openailb::EndpointStatus> before_;
  std::map<std::string, Tally> tallies_{};
  std::vector<openailb::Attempt> attempts_{};
  int calls_{};
  int failed_{};
  int rescued_{};  ///< calls that met a failing endpoint and were answered by another one
  bool recovered_{};
  int closed_at_{};  ///< the call that closed the breaker again
};

}  // namespace openailb_examples
