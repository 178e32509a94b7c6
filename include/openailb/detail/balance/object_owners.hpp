#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/object_affinity.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/id_finder.hpp>
#include <openailb/detail/wire/object_ids.hpp>
#include <openailb/result.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// What calls and their answers say of the objects that endpoints keep.

namespace openailb::detail {

/// The endpoint that keeps all the objects that a call names; null when that is not known. An error if there
/// can be none. Of a path, the first known id decides: what is below an object is where that is.
template <class NameOf>
Result<std::optional<std::size_t>> owner_of_call(ObjectAffinity& affinity, const Call& call, NameOf name_of) {
  if (affinity.empty()) return std::optional<std::size_t>{};
  std::vector<std::string> ids = ids_in_body(call);
  ids.insert(ids.begin(), call.objects.begin(), call.objects.end());
  const auto is_known = [&affinity](const std::string& id) { return !affinity.find(id).empty(); };
  const auto first = std::ranges::find_if(call.path_ids, is_known);
  if (first != call.path_ids.end()) ids.insert(ids.begin(), *first);
  auto owner = affinity.owner_of_all(ids, name_of);
  if (!owner || *owner || call.page_cursor.empty()) return owner;
  // That an endpoint takes it does not say that it keeps it, so it is not sought, nor remembered.
  return affinity.owner_of_all({call.page_cursor}, name_of);
}

/// Remembers the objects that an answer of an endpoint has made or shown, or an event of a stream. `answer`
/// is its JSON. May run on any thread.
inline void learn_from_answer(ObjectAffinity& affinity, const Call& call, std::size_t endpoint,
                              std::string_view answer) {
  if (!call.is_answer_kept) return;
  std::size_t left = affinity.most();  // more would only take the room of others
  const auto is_named = [&call](const std::string& id) {
    return std::ranges::find(call.path_ids, id) != call.path_ids.end() ||
           std::ranges::find(call.objects, id) != call.objects.end();
  };
  const IdFinder::Found shown = [&](const std::string& id) {
    if (left > 0) affinity.shown(id, endpoint);
    if (left > 0) --left;
  };
  const IdFinder::Found made = [&](const std::string& id) {
    call.reads() || is_named(id) ? affinity.shown(id, endpoint) : affinity.made(id, endpoint);
  };
  IdFinder::find(answer, call.ids->makes, made);
  IdFinder::find(answer, call.ids->shows, shown);
  const IdPath lists[] = {{"data.*", call.ids->makes}, {"data.*", call.ids->shows}};
  IdFinder::find(answer, lists, shown);
}

/// Remembers what a call that was answered has shown, made or deleted. `answer` is its JSON, or empty.
inline void learn(ObjectAffinity& affinity, const ActiveAttempt& attempt, std::string_view answer) {
  const Call& call = *attempt.call;
  if (affinity.most() == 0) return;
  if (!call.deletes.empty()) return affinity.forget(call.deletes, attempt.endpoint->id());
  // At a path of the user's nobody knows which of its words are ids. That another endpoint has no such object
  // says so, or that the answer has this id.
  if (call.ids != &ids_of_any_path || attempt.object_is_missed) {
    for (const std::string& id : call.path_ids) affinity.shown(id, attempt.endpoint->id());
  }
  learn_from_answer(affinity, call, attempt.endpoint->id(), answer);
}

}  // namespace openailb::detail
