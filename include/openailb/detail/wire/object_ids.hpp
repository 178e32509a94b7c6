#pragma once

#include <openailb/detail/wire/json_body.hpp>
#include <openailb/detail/wire/json_scanner.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// The ids of what a service makes for an account and keeps there: files, batches, stored answers and more.
/// No other account knows them.

namespace openailb::detail {

/// Where ids are looked for.
enum class IdsOf { request, answer };

/// Whether a text looks like such an id: "file-abc", "resp_123".
inline bool is_object_id(std::string_view text) {
  constexpr std::size_t longest = 256;  // so that an endpoint cannot fill the memory with them
  static constexpr std::array kinds{
      std::string_view("asst"),     std::string_view("batch"),   std::string_view("cfile"),
      std::string_view("chatcmpl"), std::string_view("cntr"),    std::string_view("conv"),
      std::string_view("eval"),     std::string_view("evalrun"), std::string_view("fc"),
      std::string_view("file"),     std::string_view("ftckpt"),  std::string_view("ftjob"),
      std::string_view("msg"),      std::string_view("part"),    std::string_view("resp"),
      std::string_view("rs"),       std::string_view("run"),     std::string_view("skill"),
      std::string_view("step"),     std::string_view("thread"),  std::string_view("upload"),
      std::string_view("video"),    std::string_view("vs"),      std::string_view("vsfb")};
  const std::size_t kind = text.find_first_of("-_");
  if (kind == std::string_view::npos || kind + 1 == text.size() || text.size() > longest) return false;
  const bool is_plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  return is_plain && std::ranges::binary_search(kinds, text.substr(0, kind));
}

/// Whether the value of a member with this name may be such an id. Those of tool calls are not kept anywhere.
inline bool may_name_an_object(std::string_view member) {
  if (member == "call_id" || member == "tool_call_id") return false;
  return member == "id" || member.ends_with("_id") || member.ends_with("_ids") || member.ends_with("_file") ||
         member == "conversation" || member == "container";
}

/// Whether a message or the call of a function is there in whole, and not only named: then nobody looks its
/// id up.
inline bool is_whole(const JsonNode& object, std::string_view id) {
  const std::string_view kind = id.substr(0, id.find_first_of("-_"));
  if (kind != "msg" && kind != "fc") return false;
  const JsonNode* rest = find_member(object, kind == "msg" ? "content" : "arguments");
  return rest != nullptr && rest->type != JsonType::null;
}

/// Adds the ids in a JSON value to `ids`. `member` is the name of the member whose value it is, or of which
/// it is an element.
inline void add_object_ids(const JsonNode& value, std::string_view member, IdsOf where,
                           std::vector<std::string>& ids) {
  // In the first two users write what they like, and ids of tool calls are kept nowhere.
  if (member == "metadata" || member == "attributes" || member == "tool_calls") return;
  if (value.type == JsonType::string) {
    if (may_name_an_object(member) && is_object_id(value.text)) ids.emplace_back(value.text);
  } else if (value.is_structured()) {
    for (const JsonNode* one = &value + 1; one != value.end(); one = one->end()) {
      if (value.type == JsonType::object) member = (one++)->text;
      if (where == IdsOf::request && member == "id" && is_whole(value, one->text)) continue;
      add_object_ids(*one, member, where, ids);
    }
  }
}
inline void add_object_ids(std::string_view json, std::string_view member, IdsOf where,
                           std::vector<std::string>& ids) {
  ScannedJson document;
  if (document.read(json)) add_object_ids(document.root(), member, where, ids);
}

/// The segments of a path that are such ids. Models are not kept, whatever they are called.
inline void add_object_ids_of_path(std::string_view path, std::vector<std::string>& ids) {
  path = path.substr(0, path.find('?'));
  std::string_view previous;
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    if (previous != "models" && is_object_id(segment)) ids.emplace_back(segment);
    path.remove_prefix((std::min)(segment.size() + 1, path.size()));
    previous = segment;
  }
}

/// The item after which a page of a list begins, or before which it ends, by the page's query; empty if there
/// is none.
inline std::string neighbour_of_page(const std::map<std::string, std::string>& query) {
  for (const char* name : {"after", "before"}) {
    const auto found = query.find(name);
    if (found != query.end() && is_object_id(found->second)) return found->second;
  }
  return {};
}

/// The ids in the body of a request. Those of a chat completion are its files, which are looked for only if
/// there can be any: most have none, and long texts.
inline void add_object_ids(const JsonBody& body, bool is_chat, std::vector<std::string>& ids) {
  body.each_member([&](std::string_view name, std::string_view json) {
    if (is_chat && json.find("\"file_id\"") == std::string_view::npos) return;
    add_object_ids(json, name, IdsOf::request, ids);
  });
}

/// The member that a part of a form is: "file_ids" of "file_ids[]", "id" of "video[id]".
inline std::string_view member_of_part(std::string_view name) {
  if (name.starts_with("metadata[")) return "metadata";
  if (name.ends_with("[]")) name.remove_suffix(2);
  const std::size_t bracket = name.rfind('[');
  if (bracket == std::string_view::npos) return name;
  name.remove_prefix(bracket + 1);
  return name.substr(0, name.find(']'));
}

/// Whether what a service answers to this request is kept there, or may be.
inline bool makes_objects(std::string_view path, const JsonBody& body) {
  path = path.substr(0, path.find('?'));
  const std::string* store = body.find("store");
  if (path.ends_with("/chat/completions")) return store != nullptr && *store == "true";
  if (store != nullptr && *store == "false") return false;
  static constexpr std::array keep_nothing{std::string_view("/audio/"),     std::string_view("/completions"),
                                           std::string_view("/embeddings"), std::string_view("/images/"),
                                           std::string_view("/models"),     std::string_view("/moderations")};
  const bool keeps = std::ranges::none_of(keep_nothing, [&](auto begin) { return path.starts_with(begin); });
  return keeps && !path.ends_with("/content");
}

}  // namespace openailb::detail
