#pragma once

#include "sanctuary.hpp"
#include "server_process.hpp"
#include <openailb/openailb.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace openailb::test {

/// Breaks servers, and makes them whole again, in an order that its seed decides. It never touches the one
/// in the sanctuary, which moves on from phase to phase so that every server gets its share.
class Monkey {
 public:
  struct Deeds {
    int kills{}, stops{}, corruptions{}, phases{};
  };

  Monkey(std::vector<std::unique_ptr<ServerProcess>>& servers, const Client& client, Sanctuary& sanctuary,
         unsigned seed)
      : servers_(servers), client_(client), sanctuary_(sanctuary), dice_(seed), conditions_(servers.size()) {}

  void rampage(std::chrono::steady_clock::time_point until) {
    while (std::chrono::steady_clock::now() < until) {
      if (deeds_.phases++ > 0) move_sanctuary();
      for (int deed = 0; deed < deeds_in_a_phase && std::chrono::steady_clock::now() < until; ++deed) {
        touch((safe_ + 1 + below(servers_.size() - 1)) % servers_.size());
        std::this_thread::sleep_for(std::chrono::milliseconds(10 + below(100)));  // its pace, not a condition
      }
    }
  }

  /// Makes everything whole, and returns when the client knows it.
  void repent() {
    for (std::size_t index = 0; index < servers_.size(); ++index) heal(index);
    sanctuary_.outlast_calls();
    for (std::size_t index = 0; index < servers_.size(); ++index) wait_until_trusted(index);
  }

  const Deeds& deeds() const { return deeds_; }

 private:
  struct Condition {
    bool dead{}, stopped{}, misbehaves{};
  };

  static constexpr int deeds_in_a_phase = 15;
  static constexpr std::chrono::seconds trust_patience{30};

  std::size_t below(std::size_t limit) { return dice_() % limit; }

  void touch(std::size_t index) {
    const bool coin = below(2) == 0;
    if (conditions_[index].dead) return coin ? heal(index) : corrupt(index);
    if (conditions_[index].stopped) {
      if (below(4) > 0) return;  // long enough for requests to time out
      return coin ? resume(index) : kill(index);
    }
    switch (below(5)) {
      case 0: return stop(index);
      case 1:
      case 2: return kill(index);
      default: return corrupt(index);
    }
  }

  void kill(std::size_t index) {
    servers_[index]->kill();
    conditions_[index] = {.dead = true};
    ++deeds_.kills;
  }

  void stop(std::size_t index) {
    servers_[index]->stop();
    conditions_[index].stopped = true;
    ++deeds_.stops;
  }

  void resume(std::size_t index) {
    servers_[index]->resume();
    conditions_[index].stopped = false;
  }

  void corrupt(std::size_t index) {
    const auto share = [this](std::string vice) { return vice + "=" + std::to_string(5 + below(20)); };
    restart(index, {share("reset"), share("truncate"), share("fail"), "stall=2"});
    conditions_[index].misbehaves = true;
    ++deeds_.corruptions;
  }

  void restart(std::size_t index, const std::vector<std::string>& arguments) {
    servers_[index]->kill();
    servers_[index]->start(arguments);
    conditions_[index] = {};
  }

  void heal(std::size_t index) {
    if (conditions_[index].stopped) resume(index);
    if (conditions_[index].dead || conditions_[index].misbehaves) restart(index, {});
  }

  void move_sanctuary() {
    safe_ = (safe_ + 1) % servers_.size();
    heal(safe_);
    sanctuary_.outlast_calls();  // what had been sent to it while it was broken can fail no more
    wait_until_trusted(safe_);
    sanctuary_.move(safe_);
  }

  void wait_until_trusted(std::size_t index) {
    const auto limit = std::chrono::steady_clock::now() + trust_patience;
    while (client_.endpoints()[index].state != openailb::State::closed) {
      if (std::chrono::steady_clock::now() > limit) {
        throw std::runtime_error(client_.endpoints()[index].name +
                                 " is well, but its breaker does not close");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the load is what closes it
    }
  }

  std::vector<std::unique_ptr<ServerProcess>>& servers_;
  const Client& client_;
  Sanctuary& sanctuary_;
  std::mt19937_64 dice_;
  std::vector<Condition> conditions_;
  std::size_t safe_{};
  Deeds deeds_{};
};

}  // namespace openailb::test
