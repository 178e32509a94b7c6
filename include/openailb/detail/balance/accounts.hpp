#pragma once

#include <openailb/detail/balance/account_limits.hpp>
#include <openailb/options.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

namespace openailb::detail {

/// The quota of each account: of a quota group, or of an endpoint without one. An account that no endpoint
/// has keeps its limits until that is as good as a new one, so a change of the endpoints never gives it back.
class Accounts {
 public:
  std::shared_ptr<AccountLimits> limits_of(const EndpointConfig& config, TimePoint now) {
    forget_unused(now);
    // No name has a line break.
    std::shared_ptr<AccountLimits>& quota =
        quotas_[config.quota_group.empty() ? config.name + '\n' + config.base_url : config.quota_group];
    if (!quota) quota = std::make_shared<AccountLimits>(now);
    return quota;
  }
  std::size_t size() const noexcept { return quotas_.size(); }

 private:
  static constexpr std::size_t few = 100;

  /// Only when there are twice as many as the last time, so that it takes no time for most.
  void forget_unused(TimePoint now) {
    if (quotas_.size() < look_at_) return;
    std::erase_if(quotas_,
                  [&](const auto& one) { return one.second.use_count() == 1 && one.second->is_as_new(now); });
    look_at_ = (std::max)(few, 2 * quotas_.size());
  }

  std::unordered_map<std::string, std::shared_ptr<AccountLimits>> quotas_{};
  std::size_t look_at_{few};
};

}  // namespace openailb::detail
