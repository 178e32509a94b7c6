#pragma once

#include <openailb/detail/wire/url.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Where the ids of objects stand: of what a service makes for an account and keeps there, such as files,
/// batches and stored answers. No other account knows them. Nothing else is taken for one.

namespace openailb::detail {

/// A member of a request or an answer that is an id, such as "conversation.id" or "input.*.file_id". A star
/// stands for each element of a list or member of an object.
struct IdPath {
  std::string_view path{};
  std::span<const IdPath> then{};  ///< not empty: the value there is no id, but has these ids in it
  /// Counts only if the object that has it is nothing but a reference: an item of a conversation whose
  /// content stands beside its id needs nobody who keeps it.
  bool of_reference{};
};

/// Where the ids of objects stand in the calls of some paths.
struct ObjectIds {
  std::string_view path{};          ///< of the calls; a star stands for an id
  std::span<const IdPath> names{};  ///< in the body of a request
  std::span<const IdPath> makes{};  ///< in an answer: of what a POST has made, or of what was asked for
  std::span<const IdPath> shows{};  ///< in an answer: of what its endpoint keeps beside that
  bool if_asked{};                  ///< answers are kept only if the request asks for that; see keeps_answer
  bool has_parts{};                 ///< what a DELETE names is gone, not only taken out of a list
};

inline constexpr IdPath own_id[] = {{"id"}};

/// In a tool of a request, or of an item that brings tools.
inline constexpr IdPath ids_in_tool[] = {{"vector_store_ids.*"},
                                         {"container"},
                                         {"container.file_ids.*"},
                                         {"input_image_mask.file_id"},
                                         {"environment.container_id"},
                                         {"environment.file_ids.*"},
                                         {"environment.skills.*.skill_id"},
                                         {"tunnel_id"}};

/// In an item of a conversation.
inline constexpr IdPath ids_in_item[] = {
    {"id", {}, true}, {"content.*.file_id"},        {"output.file_id"},      {"output.*.file_id"},
    {"container_id"}, {"environment.container_id"}, {"tools.*", ids_in_tool}};

inline constexpr IdPath ids_in_response_request[] = {
    {"previous_response_id"},       {"conversation"},         {"conversation.id"},     {"prompt.id"},
    {"prompt.variables.*.file_id"}, {"input.*", ids_in_item}, {"tools.*", ids_in_tool}};
inline constexpr IdPath ids_of_response[] = {{"id"}, {"response.id"}};
inline constexpr IdPath ids_in_response[] = {{"output.*.id"},
                                             {"output.*.container_id"},
                                             {"item.id"},
                                             {"response.output.*.id"},
                                             {"response.output.*.container_id"}};

inline constexpr IdPath ids_in_chat_request[] = {
    {"messages.*.content.*.file.file_id"}, {"messages.*.audio.id"}, {"audio.voice.id"}};
inline constexpr IdPath ids_of_chat[] = {
    {"id"}, {"choices.*.message.audio.id"}, {"choices.*.delta.audio.id"}};

inline constexpr IdPath ids_in_batch_request[] = {{"input_file_id"}};
inline constexpr IdPath ids_in_batch[] = {{"output_file_id"}, {"error_file_id"}};
inline constexpr IdPath ids_in_items_request[] = {{"items.*", ids_in_item}};
inline constexpr IdPath ids_in_speech_request[] = {{"voice.id"}};
inline constexpr IdPath ids_in_store_request[] = {{"file_ids.*"}, {"files.*.file_id"}, {"file_id"}};
inline constexpr IdPath ids_of_upload[] = {{"id"}, {"file.id"}};

/// What the resources say. Of paths that begin alike, the longer comes first. The parts of an upload are
/// named only beside it, so they need no owner of their own.
inline constexpr ObjectIds ids_by_path[] = {
    {.path = "/chat/completions", .names = ids_in_chat_request, .makes = ids_of_chat, .if_asked = true},
    {.path = "/responses/*/input_items", .shows = own_id},
    {.path = "/responses",
     .names = ids_in_response_request,
     .makes = ids_of_response,
     .shows = ids_in_response},
    {.path = "/conversations/*/items", .names = ids_in_items_request, .shows = own_id, .has_parts = true},
    {.path = "/conversations", .names = ids_in_items_request, .makes = own_id},
    {.path = "/vector_stores/*/files", .names = ids_in_store_request, .shows = own_id},
    {.path = "/vector_stores", .names = ids_in_store_request, .makes = own_id},
    {.path = "/batches", .names = ids_in_batch_request, .makes = own_id, .shows = ids_in_batch},
    {.path = "/files", .makes = own_id},
    {.path = "/uploads/*/parts"},
    {.path = "/uploads", .makes = ids_of_upload},
    {.path = "/audio/speech", .names = ids_in_speech_request}};

/// Those of other resources: there are none.
inline constexpr ObjectIds no_object_ids{};
/// Those of calls of any path: nobody says more of them.
inline constexpr ObjectIds ids_of_any_path{.makes = own_id};

/// Whether `path` is `begin` or below it.
inline bool is_at_or_below(std::string_view path, std::string_view begin) {
  return path.starts_with(begin) && (path.size() == begin.size() || path[begin.size()] == '/');
}

/// What the resource with this path says, in which a star stands for each id.
inline const ObjectIds& object_ids_of(std::string_view path) {
  const auto found = std::ranges::find_if(
      ids_by_path, [path](const ObjectIds& one) { return is_at_or_below(path, one.path); });
  return found == std::end(ids_by_path) ? no_object_ids : *found;
}

/// The ids in a path of which no resource says where they stand, such as "/fine_tuning/jobs/ftjob-123": its
/// segments that look made by a machine. Models have none; they are the same everywhere.
inline std::vector<std::string> ids_in_path(std::string_view path) {
  path = split_query(path).first;
  std::vector<std::string> ids;
  std::string_view previous;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    const bool version = segment.size() > 1 && segment[0] == 'v' && segment[1] >= '0' && segment[1] <= '9';
    const bool generated =
        segment.find_first_of("0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos ||
        segment.starts_with("resp_") || segment.starts_with("msg_") || segment.starts_with("batch_");
    if (!previous.empty() && previous != "models" && !version && generated) {
      ids.push_back(percent_decode(segment));
    }
    previous = segment;
  }
  return ids;
}

/// The item after which a page of a list begins, or before which it ends, by the page's query; empty if there
/// is none.
inline std::string neighbour_of_page(const std::map<std::string, std::string>& query) {
  for (const char* name : {"after", "before"}) {
    if (const auto found = query.find(name); found != query.end()) return found->second;
  }
  return {};
}

}  // namespace openailb::detail
