#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace openailb::test {

/// The one endpoint that the monkey leaves alone at the moment. A call that stays with it finds it healthy
/// from its own beginning to its end, however often the sanctuary moves meanwhile: that is what owes the
/// call an answer.
class Sanctuary {
 public:
  /// One call, as long as this lives.
  class Stay {
   public:
    explicit Stay(Sanctuary& sanctuary) : sanctuary_(sanctuary) {
      const std::lock_guard lock(sanctuary_.mutex_);
      endpoint_ = sanctuary_.endpoint_;
      generation_ = sanctuary_.generation_;
      ++sanctuary_.staying_[generation_];
    }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;
    ~Stay() {
      const std::lock_guard lock(sanctuary_.mutex_);
      if (--sanctuary_.staying_[generation_] == 0) sanctuary_.left_.notify_all();
    }

    std::size_t endpoint() const { return endpoint_; }

   private:
    Sanctuary& sanctuary_;
    std::size_t endpoint_{};
    std::size_t generation_{};
  };

  /// Returns when every call that runs now has ended. The monkey's alone, as move is.
  void outlast_calls() {
    std::unique_lock lock(mutex_);
    const std::size_t old = generation_;
    generation_ = 1 - old;  // the calls of two generations ago have all ended
    left_.wait(lock, [&] { return staying_[old] == 0; });
  }

  /// Returns when nobody stays with the former one any more.
  void move(std::size_t endpoint) {
    {
      const std::lock_guard lock(mutex_);
      endpoint_ = endpoint;
    }
    outlast_calls();
  }

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  std::size_t endpoint_{};
  std::size_t generation_{};
  std::array<int, 2> staying_{};
};

}  // namespace openailb::test
