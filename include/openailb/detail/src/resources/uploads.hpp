#pragma once

#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/call_sequence.hpp>
#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/call/unary_call.hpp>
#include <openailb/detail/net/part_files.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/uploads.hpp>
#include <openailb/result.hpp>
#include <openailb/types/uploads.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/json.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

inline ApiRequest upload_part_request(TextView upload_id, const FileInput& data) {
  Form form{.parts = {{.name = "data", .file = data}}};
  if (data.empty()) form.fault = "data is missing";
  return {.path = ApiPath("/uploads") / upload_id / "parts", .form = std::move(form)};
}

inline ApiRequest upload_complete_request(TextView upload_id, JsonBody body) {
  return {
      .path = ApiPath("/uploads") / upload_id / "complete", .body = std::move(body), .needs_object = true};
}

/// What begins the upload of a file on disk.
inline Result<UploadCreateParams> upload_of(const UploadFileChunkedParams& file) {
  if (file.part_size <= 0) {
    return Error{.kind = ErrorKind::bad_request, .message = "not sent: part_size must be more than zero"};
  }
  std::ifstream stream;
  Result<std::uintmax_t> size = open_file(file.path, stream);
  if (!size) return std::move(size).error();
  const bool named = !file.filename.empty();
  return UploadCreateParams{
      .bytes = static_cast<std::int64_t>(*size),
      .filename = named ? file.filename : Text(std::filesystem::path(file.path).filename().string()),
      .mime_type = file.mime_type,
      .purpose = file.purpose,
      .expires_after = file.expires_after};
}

/// Uploads a file of this size on disk. `begin` is the first call.
template <class = OnlyIfUsed>
Task<Result<AnswerPtr>> upload_in_parts(EventLoop& loop, std::shared_ptr<Balancer> balancer,
                                        std::shared_ptr<const Call> begin, UploadFileChunkedParams file,
                                        std::int64_t size, RequestOptions options) {
  CallSequence calls(loop, balancer, std::move(options), *begin);
  Task<Result<AnswerPtr>> beginning = unary_call(loop, balancer, std::move(begin), decode_json<Upload>);
  Result<AnswerPtr> upload = co_await beginning;
  if (!upload) co_return std::move(upload).error();

  calls.stay_at((*upload)->info().endpoint);
  const std::string id = value_of<Upload>(**upload).id;
  const auto failed = [&](Error error) {
    error.message += " (in the upload " + one_line(id) + ", which is not complete)";
    return error;
  };
  UploadCompleteParams whole{.md5 = file.md5};
  for (std::int64_t offset = 0; offset < size; offset += file.part_size) {
    ApiRequest request = upload_part_request(id, file_slice(file.path, offset, file.part_size));
    Task<Result<AnswerPtr>> sending = calls.ask(std::move(request), decode_object<UploadPart>);
    Result<AnswerPtr> part = co_await sending;
    if (!part) co_return failed(std::move(part).error());
    whole.part_ids.push_back(std::move(value_of<UploadPart>(**part).id));
  }
  Task<Result<AnswerPtr>> ending = calls.ask(upload_complete_request(id, whole), decode_json<Upload>);
  Result<AnswerPtr> completed = co_await ending;
  if (!completed) co_return failed(std::move(completed).error());
  co_return completed;
}

}  // namespace detail

template <class Execution>
auto Uploads<Execution>::create(const UploadCreateParams& params, RequestOptions options) const
    -> Answer<Upload> {
  return Base::template post_unhedged<Upload>("/uploads", params, std::move(options));
}

template <class Execution>
auto Uploads<Execution>::create_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<Upload> {
  return Base::template post_unhedged<Upload>("/uploads", body, std::move(options));
}

template <class Execution>
auto Uploads<Execution>::add_part(TextView upload_id, const FileInput& data, RequestOptions options) const
    -> Answer<UploadPart> {
  return Base::template send<UploadPart>(detail::upload_part_request(upload_id, data), std::move(options),
                                         detail::decode_object<UploadPart>);
}

template <class Execution>
auto Uploads<Execution>::complete(TextView upload_id, const UploadCompleteParams& params,
                                  RequestOptions options) const -> Answer<Upload> {
  return Base::template send<Upload>(detail::upload_complete_request(upload_id, params), std::move(options),
                                     detail::decode_json<Upload>);
}

template <class Execution>
auto Uploads<Execution>::complete_from(TextView upload_id, const JsonDocument& body,
                                       RequestOptions options) const -> Answer<Upload> {
  return Base::template send<Upload>(detail::upload_complete_request(upload_id, body), std::move(options),
                                     detail::decode_json<Upload>);
}

template <class Execution>
auto Uploads<Execution>::upload_file_chunked(const UploadFileChunkedParams& params,
                                             RequestOptions options) const -> Answer<Upload> {
  const Result<UploadCreateParams> upload = detail::upload_of(params);
  Result<detail::NewCall> call = upload.and_then([&](const UploadCreateParams& body) {
    return Base::make_call({.path = "/uploads", .body = body}, RequestOptions(options));
  });
  return Base::core()->template run_call<Upload>(
      std::move(call), [&](EventLoop& loop, std::shared_ptr<const detail::Call> begin, detail::InvokeUser) {
        return detail::upload_in_parts(loop, Base::core()->balancer(), std::move(begin), params,
                                       upload->bytes, options);
      });
}

template <class Execution>
auto Uploads<Execution>::cancel(TextView upload_id, RequestOptions options) const -> Answer<Upload> {
  return Base::template send<Upload>({.path = detail::ApiPath("/uploads") / upload_id / "cancel"},
                                     std::move(options), detail::decode_object<Upload>);
}

}  // namespace openailb
