#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// Where a list has gone on so far, so that one without end is noticed. A copy costs hardly anything and goes
/// its own way: it shares what both have seen. A cursor takes eight bytes.
class SeenCursors {
 public:
  /// Nobody has a list of so many pages.
  static constexpr std::size_t most = std::size_t{1} << 20;

  std::size_t size() const noexcept { return size_; }
  bool contains(std::string_view cursor) const {
    const std::size_t hash = std::hash<std::string_view>{}(cursor);
    for (const Run& run : runs_) {
      if (std::binary_search(run->begin(), run->end(), hash)) return true;
    }
    return false;
  }
  void add(std::string_view cursor) {
    std::vector<std::size_t> run{std::hash<std::string_view>{}(cursor)};
    while (!runs_.empty() && runs_.back()->size() <= run.size()) {
      const std::vector<std::size_t>& last = *runs_.back();
      std::vector<std::size_t> both(last.size() + run.size());
      std::merge(last.begin(), last.end(), run.begin(), run.end(), both.begin());
      run = std::move(both);
      runs_.pop_back();
    }
    runs_.push_back(std::make_shared<const std::vector<std::size_t>>(std::move(run)));
    ++size_;
  }

 private:
  using Run = std::shared_ptr<const std::vector<std::size_t>>;

  std::vector<Run> runs_{};  // each is sorted, and longer than all that follow
  std::size_t size_{};
};

}  // namespace openailb::detail
