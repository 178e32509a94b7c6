#pragma once

#include <openailb/detail/balance/availability.hpp>
#include <openailb/detail/balance/call_state.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/fallback_triggers.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <memory>
#include <string>

/// \file
/// Which model a call goes on with when it would give up.

namespace openailb::detail {

/// Finds the next model of one call, at one moment.
class Fallback {
 public:
  Fallback(const Availability& table, const Call& call, const CallState& state)
      : table_(&table), call_(&call), state_(&state) {}

  /// The next model whatever the failure; null when there is none.
  const std::string* next() const {
    const auto found = std::ranges::find_if(call_->fallbacks.models,
                                            [this](const std::string& model) { return is_of_use(model); });
    return found == call_->fallbacks.models.end() ? nullptr : &*found;
  }

  /// The next model after the failure that the call would end with; null when it ends with that.
  const std::string* after_failure() const {
    if (call_->fallbacks.empty()) return nullptr;
    if (!state_->last) return next();
    const std::string& longer = call_->fallbacks.context_length;
    if (!longer.empty() && is_too_long_for_model(*state_->last) && is_of_use(longer)) return &longer;
    const std::string& laxer = call_->fallbacks.content_filter;
    if (!laxer.empty() && is_content_refused(*state_->last) && is_of_use(laxer)) return &laxer;
    return policy_of(state_->last_class).retry_elsewhere ? next() : nullptr;
  }

 private:
  /// A model that was asked for already has failed, and one that no endpoint serves would not get an answer.
  bool is_of_use(const std::string& model) const {
    const auto& asked = state_->models;
    const bool is_new = model != call_->model && std::ranges::find(asked, model) == asked.end();
    return is_new && table_->any_serves(model);
  }

  const Availability* table_;
  const Call* call_;
  const CallState* state_;
};

/// The same call for the next model, as which it begins anew; null when it ends here. When the deadline has
/// passed, no model helps.
inline std::shared_ptr<const Call> fall_back(const Availability& table, const Call& call, CallState& state,
                                             TimePoint now) {
  if (now >= state.deadline) return nullptr;
  const std::string* model = Fallback(table, call, state).after_failure();
  if (model == nullptr) return nullptr;
  auto next = std::make_shared<Call>(call);
  next->model = *model;
  state.switch_model(*call.model, *model, call.max_retries, now);
  state.another_model = Fallback(table, *next, state).next() != nullptr;
  return next;
}

}  // namespace openailb::detail
