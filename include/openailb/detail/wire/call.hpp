#pragma once

#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/header_checks.hpp>
#include <openailb/detail/wire/id_finder.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/object_ids.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/headers.hpp>
#include <openailb/values/http.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// What a resource asks of an endpoint. Its body is JSON, or a form, or nothing.
struct ApiRequest {
  std::string method{"POST"};
  ApiPath path{};
  JsonBody body{};
  std::optional<Form> form{};
  bool needs_object{};   ///< the body must be a JSON object
  std::string accept{};  ///< the type of the answer; empty: JSON, or the events of a stream
  bool streams{};        ///< the answer is a stream, of events or of bytes
  bool is_bytes{};       ///< the answer is bytes
  bool may_hedge{};      ///< it does no harm if two endpoints run it
};

/// The models to ask for instead of the one that the body names; see RequestOptions. Empty: none.
struct Fallbacks {
  std::vector<std::string> models{};
  std::string context_length{};
  std::string content_filter{};

  bool empty() const { return models.empty() && context_length.empty() && content_filter.empty(); }
};

/// One call with all its options merged. It does not change while the call runs.
struct Call {
  std::string method{};
  std::string path{};
  std::string accept{};
  bool streams{};
  bool is_bytes{};
  std::optional<std::string> model{};  ///< as the caller named it; null when the body has none
  Fallbacks fallbacks{};
  JsonBody body{};
  std::vector<BodyPart> parts{};
  Headers headers{};
  std::map<std::string, std::string> query{};
  std::chrono::nanoseconds timeout{};   ///< of one attempt; for a stream, up to its commit point
  std::chrono::nanoseconds deadline{};  ///< of the whole call
  std::chrono::nanoseconds idle_timeout{};
  int max_retries{};
  bool wait_for_rate_limits{};
  std::stop_token stop_token{};
  std::function<bool()> should_stop{};   ///< null when there is only the stop token
  std::string endpoint{};                ///< the only endpoint to use; empty for any
  const ObjectIds* ids{&no_object_ids};  ///< where ids of objects stand in its body and its answer
  std::vector<std::string> path_ids{};   ///< those in its path, from left to right
  std::vector<std::string> objects{};    ///< those that its caller names beside that
  std::string page_cursor{};             ///< the id of an item where a page of a list begins or ends
  std::string deletes{};                 ///< the id of what is gone if it succeeds
  bool is_answer_kept{};                 ///< its answer tells of objects that its endpoint keeps
  std::string session{};                 ///< see RequestOptions
  double expected_tokens{};              ///< that the request and its answer will take
  bool may_hedge{};                      ///< a second endpoint may be asked while the first has not answered
  std::vector<std::string> secrets{};    ///< values of its headers and query that no message may show

  bool reads() const { return method == "GET"; }
  /// Whether the answer is a stream of events.
  bool wants_events() const { return streams && !is_bytes; }
};

/// A call that has not begun. What makes it may still change it; from then on it is const, and shared.
using NewCall = std::shared_ptr<Call>;

/// The shorter of two limits; zero means no limit.
constexpr std::chrono::nanoseconds shorter(std::chrono::nanoseconds one, std::chrono::nanoseconds other) {
  if (one.count() == 0 || other.count() == 0) return (std::max)(one, other);
  return (std::min)(one, other);
}

/// The time that a client gives an attempt; for a stream, up to its commit point.
inline std::chrono::nanoseconds usual_timeout(const ClientOptions& client, bool streams) {
  return streams ? shorter(client.timeout, client.first_token_timeout) : client.timeout;
}

/// The time that a client waits for a stream's next piece.
inline std::chrono::nanoseconds usual_idle_timeout(const ClientOptions& client) {
  return client.idle_timeout.value_or(client.timeout);
}

inline std::string problem_of_request(const ApiRequest& request, const RequestOptions& options) {
  if (!request.path.fault().empty()) return request.path.fault();
  const std::chrono::nanoseconds zero{};
  if (options.timeout.value_or(zero) < zero) return "timeout is negative";
  if (options.deadline.value_or(zero) < zero) return "deadline is negative";
  if (options.max_retries.value_or(0) < 0) return "max_retries is negative";
  if (options.all_endpoints) return "all_endpoints is for lists: it needs a list() method";
  const JsonBody& body = request.body;
  if (request.needs_object && !body.is_object() && !body.problem()) return "the body is not a JSON object";
  if (!options.extra_body.empty()) {
    const bool has_none = request.method == "GET" || request.method == "DELETE";
    if (has_none && body.empty()) return "extra_body needs a request that has a body";
    if (!options.extra_body.value().is_object()) return "extra_body is not a JSON object";
    if (!body.empty() && !body.is_object()) return "extra_body needs a body that is a JSON object";
  }
  return problem_of_headers(options.extra_headers);
}

inline std::string problem_of_model(const std::string& name) {
  if (name.empty()) return "model is empty";
  return is_utf8(name) ? "" : "model is not valid UTF-8";
}

/// What is wrong with the models that a call falls back on; empty when nothing is.
inline std::string problem_of_fallbacks(const Call& call) {
  const Fallbacks& fallbacks = call.fallbacks;
  if (fallbacks.empty()) return {};
  if (!call.model) return "fallback models need a request that names a model";
  for (const std::string& name : fallbacks.models) {
    if (problem_of_model(name).empty()) continue;
    return "fallback_models has a name that is empty or not valid UTF-8";
  }
  if (!is_utf8(fallbacks.context_length)) return "context_length_fallback is not valid UTF-8";
  return is_utf8(fallbacks.content_filter) ? "" : "content_filter_fallback is not valid UTF-8";
}

inline constexpr const char* needs_stream_method = "\"stream\": true needs the stream() method";

/// Finds the model that the body names, and says that a stream is wanted. Gives what is wrong with the body.
inline std::string finish_body(Call& call) {
  JsonBody& body = call.body;
  if (const std::string* model = body.find("model")) {
    if (!model->starts_with('"')) return "model is not a string";
    call.model = string_of(*JsonScanner::scan_string(std::string_view(*model).substr(1)));
  }
  // Speech is asked for as events by this format, and by no other member.
  const std::string* format = body.find("stream_format");
  const bool asked = format && *format == R"("sse")";
  if (call.wants_events() && body.is_object() && !asked) {
    body.set({.name = "stream", .json = "true"});
  }
  const std::string* stream = body.find("stream");
  if (!call.streams && stream && *stream == "true") return needs_stream_method;
  if (body.problem()) return body.problem()->message();
  return call.model ? problem_of_model(*call.model) : "";
}

inline std::string problem_of_part(const BodyPart& part) {
  const FileInput& file = part.file;
  for (const std::string* text : {&part.name, &file.path, &file.filename, &file.content_type}) {
    // A line break would begin another header of the part.
    if (has_control_character(*text)) return "a part's name or type has a control character";
  }
  if (file.path.empty() && (file.offset != 0 || file.size)) return "only a file on disk has slices";
  const bool is_empty = !file.empty() && file.path.empty() && file.content.empty();
  return is_empty ? "the file " + file.filename + " is empty" : "";
}

/// Takes the parts of a form, finds the model that it names, and says that a stream is wanted. Gives what is
/// wrong with them.
inline std::string take_form(Form form, Call& call) {
  if (!form.fault.empty()) return std::move(form.fault);
  if (form.parts.empty()) return "the form has no parts";
  call.parts = std::move(form.parts);
  for (const BodyPart& part : call.parts) {
    if (std::string fault = problem_of_part(part); !fault.empty()) return fault;
    if (!call.streams && part.name == "stream" && part.content == "true") return needs_stream_method;
  }
  if (call.wants_events()) {
    remove_parts(call.parts, "stream", false);
    call.parts.push_back({.name = "stream", .content = "true"});
  }
  const BodyPart* model = find_part(call.parts, "model");
  if (model == nullptr || !model->file.empty()) return {};
  call.model = model->content;
  return problem_of_model(*call.model);
}

/// Whether a service keeps nothing of what it answers at these paths.
inline bool keeps_nothing(std::string_view path) {
  if (path.starts_with("/v1/")) path.remove_prefix(3);
  for (const char* begin : {"/audio", "/completions", "/embeddings", "/images", "/models", "/moderations"}) {
    if (is_at_or_below(path, begin)) return true;
  }
  return false;
}

/// Whether the service keeps what it answers to a POST, or may keep it.
inline bool is_answer_kept(const JsonBody& body, std::string_view path, const ObjectIds& ids) {
  const auto has = [&body](std::string_view name) {
    const std::string* value = body.find(name);
    return value != nullptr && *value != "false" && *value != "null";
  };
  if (ids.if_asked || path.ends_with("/chat/completions")) return has("store") || has("audio");
  const std::string* store = body.find("store");
  return store == nullptr || *store != "false";
}

/// Notes what the call says of objects, beside what its body says of them.
inline void note_objects(Call& call, const ApiPath& path, const ClientOptions& client) {
  call.path_ids = path.ids();
  if (call.reads()) {
    std::map<std::string, std::string> query = query_of(call.path);
    for (const auto& [name, value] : call.query) query[name] = value;
    call.page_cursor = neighbour_of_page(query);
  }
  if (client.object_affinity_capacity == 0) return;
  call.ids = &path.object_ids();
  const std::string_view plain_path = split_query(call.path).first;
  const bool tells = !call.ids->makes.empty() || !call.ids->shows.empty();
  const bool is_kept = call.method == "POST" && is_answer_kept(call.body, plain_path, *call.ids);
  call.is_answer_kept = tells && (is_kept || call.reads()) && !keeps_nothing(plain_path);
  if (call.method != "DELETE" || call.path_ids.empty()) return;
  // What is below another object may only be taken out of its list, as a file out of a vector store.
  const bool is_whole = call.path_ids.size() == 1 || call.ids->has_parts;
  const std::string_view last = plain_path.substr(plain_path.rfind('/') + 1);
  if (is_whole && percent_decode(last) == call.path_ids.back()) call.deletes = call.path_ids.back();
}

/// The ids of objects that a call names in its body.
inline std::vector<std::string> ids_in_body(const Call& call) {
  std::vector<std::string> ids;
  if (call.ids->names.empty()) return ids;
  const IdFinder::Found note = [&ids](std::string id) { ids.push_back(std::move(id)); };
  call.body.each_member([&](std::string_view name, std::string_view json) {
    IdFinder::find_in_member(name, json, call.ids->names, note);
  });
  return ids;
}

/// Whether the body offers the model tools, which it may then call twice if two endpoints are asked.
inline bool has_tools(const JsonBody& body) {
  return body.find("tools") != nullptr || body.find("functions") != nullptr;
}

/// Whether the body asks for work in the background, which would go on at both endpoints.
inline bool begins_a_job(const JsonBody& body) {
  const std::string* background = body.find("background");
  return background != nullptr && *background == "true";
}

/// How many tokens a request is expected to take, before its answer says how many it took: one for each four
/// bytes of JSON, and what it sets as the most for the answer.
inline double expected_tokens(const JsonBody& body) {
  double most = 0.0;
  for (const char* limit : {"max_completion_tokens", "max_tokens", "max_output_tokens"}) {
    const std::string* text = body.find(limit);
    std::int64_t number = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), number);
    most = (std::max)(most, static_cast<double>(number));
  }
  return static_cast<double>(body.size()) / 4.0 + most;
}

/// Checks the request, merges the options and finds the model. If something is wrong, returns an error of
/// kind bad_request, and nothing is sent.
inline Result<NewCall> make_call(ApiRequest&& request, const ClientOptions& client,
                                 RequestOptions&& options) {
  std::string fault = problem_of_request(request, options);
  const NewCall made = std::make_shared<Call>();
  Call& call = *made;
  call.method = std::move(request.method);
  call.path = request.path.text();
  call.accept = std::move(request.accept);
  if (call.accept.empty()) call.accept = request.streams ? "text/event-stream" : "application/json";
  call.streams = request.streams;
  call.is_bytes = request.is_bytes;
  call.body = std::move(request.body);
  if (fault.empty()) {
    const bool has_extra = !options.extra_body.empty();
    if (has_extra && request.form) merge_form(*request.form, options.extra_body.value());
    if (has_extra && !request.form) call.body.merge(options.extra_body);
    fault = request.form ? take_form(*std::move(request.form), call) : finish_body(call);
    call.fallbacks = {.models = std::move(options.fallback_models),
                      .context_length = std::move(options.context_length_fallback),
                      .content_filter = std::move(options.content_filter_fallback)};
  }
  if (fault.empty()) fault = problem_of_fallbacks(call);
  if (Result<void> fine = check_characters(call.path); fault.empty() && !fine) {
    fault = "the path cannot be sent: " + fine.error().message;
  }
  if (!fault.empty()) return Error{.kind = ErrorKind::bad_request, .message = "not sent: " + fault};

  add_secrets(options.extra_headers, call.secrets);
  add_secrets(options.extra_query, call.secrets);
  add_secrets(query_of(call.path), call.secrets);
  call.headers = std::move(options.extra_headers);
  call.query = std::move(options.extra_query);
  call.objects = std::move(options.objects);
  note_objects(call, request.path, client);
  call.timeout = options.timeout.value_or(client.timeout);
  call.idle_timeout = client.idle_timeout.value_or(call.timeout);
  if (call.streams) call.timeout = shorter(call.timeout, client.first_token_timeout);
  call.deadline = options.deadline.value_or(client.deadline);
  call.max_retries = options.max_retries.value_or(client.max_retries);
  call.wait_for_rate_limits = options.wait_for_rate_limits.value_or(client.wait_for_rate_limits);
  call.stop_token = std::move(options.stop_token);
  call.should_stop = std::move(options.should_stop);
  call.endpoint = std::move(options.endpoint);
  call.session = std::move(options.session);
  call.expected_tokens = expected_tokens(call.body);
  call.may_hedge = request.may_hedge && client.hedge && !begins_a_job(call.body) &&
                   (client.hedge->with_tools || !has_tools(call.body));
  return made;
}

}  // namespace openailb::detail
