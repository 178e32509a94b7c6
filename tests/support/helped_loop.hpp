#pragma once

#include "support/async.hpp"
#include "support/instant_loop.hpp"

#include <functional>
#include <utility>

namespace openailb::test {

/// A loop that leaves what is to be done beside it to the test, which does it on its own thread.
class LoopWithHelper : public InstantLoop {
 public:
  template <class... Clock>
  LoopWithHelper(Server server, MainLoop& helper, Clock... clock)
      : InstantLoop(std::move(server), std::move(clock)...), helper_(helper.executor()) {}
  bool run_aside(const std::function<void()>& work) override {
    helper_(work);
    return true;
  }

 private:
  std::function<void(std::function<void()>)> helper_;
};

}  // namespace openailb::test
