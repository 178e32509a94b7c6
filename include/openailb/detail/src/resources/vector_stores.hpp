#pragma once

#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/call_sequence.hpp>
#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/call/poll_call.hpp>
#include <openailb/detail/call/unary_call.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/vector_stores.hpp>
#include <openailb/result.hpp>
#include <openailb/types/deleted.hpp>
#include <openailb/types/files.hpp>
#include <openailb/types/vector_store_files.hpp>
#include <openailb/types/vector_stores.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/page.hpp>
#include <openailb/values/poll.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

inline ApiPath vector_store_path(TextView store_id) { return ApiPath("/vector_stores") / store_id; }
inline ApiPath vector_store_files_path(TextView store_id) { return vector_store_path(store_id) / "files"; }
inline ApiPath vector_store_file_batches_path(TextView store_id) {
  return vector_store_path(store_id) / "file_batches";
}

/// Reads a list that OpenAI's documentation calls `content`, and its specification `data`.
inline Result<AnswerPtr> decode_file_content(HttpResponse& response, bool& delivered) {
  ScannedJson document;
  if (std::optional<Error> wrong = read_document(response, document)) return *std::move(wrong);
  const JsonNode* content = find_member(document.root(), "content");
  const bool is_documented = content != nullptr && content->type == JsonType::array;
  if (!is_documented) return decode_list<VectorStoreFileContentPage>(response, delivered);
  return read_object(document, unread<VectorStoreFileContentPage>());
}

/// Whether a file has been added to its store, or will not be.
inline bool is_added(const VectorStoreFile& file) { return file.status != "in_progress"; }

inline ApiRequest upload_for_store(const FileInput& file) {
  return {.path = "/files", .form = form_of(FileCreateParams{.file = file, .purpose = "assistants"})};
}

/// Finds where a store is kept, which is what `look` does, uploads a file to there and adds it to the store.
template <class = OnlyIfUsed>
Task<Result<AnswerPtr>> upload_to_store(EventLoop& loop, std::shared_ptr<Balancer> balancer,
                                        std::shared_ptr<const Call> look, std::string store_id,
                                        FileInput file, Polling polling, RequestOptions options,
                                        InvokeUser ask) {
  CallSequence calls(loop, balancer, options, *look);
  Task<Result<AnswerPtr>> looking = unary_call(loop, balancer, std::move(look), decode_object<VectorStore>);
  Result<AnswerPtr> store = co_await looking;
  if (!store) co_return std::move(store).error();
  calls.stay_at((*store)->info().endpoint);

  Task<Result<AnswerPtr>> uploading = calls.ask(upload_for_store(file), decode_object<FileObject>);
  Result<AnswerPtr> uploaded = co_await uploading;
  if (!uploaded) co_return std::move(uploaded).error();
  const std::string file_id = value_of<FileObject>(**uploaded).id;
  const auto failed = [&](Error error) {
    error.message += " (the file has been uploaded as " + one_line(file_id) + ')';
    return error;
  };
  ApiRequest add{.path = vector_store_files_path(store_id),
                 .body = VectorStoreFileCreateParams{.file_id = file_id}};
  Task<Result<AnswerPtr>> adding = calls.ask(std::move(add), decode_json<VectorStoreFile>);
  Result<AnswerPtr> added = co_await adding;
  if (!added) co_return failed(std::move(added).error());

  ApiRequest again{.method = "GET", .path = vector_store_files_path(store_id) / file_id};
  Result<NewCall> look_again = calls.next(std::move(again));
  if (!look_again) co_return failed(std::move(look_again).error());
  if (!options.deadline) (*look_again)->deadline = {};
  Task<Result<AnswerPtr>> waiting = poll_call(loop, balancer, *std::move(look_again),
                                              decode_object<VectorStoreFile>, std::move(polling), ask);
  Result<AnswerPtr> over = co_await waiting;
  if (!over) co_return failed(std::move(over).error());
  co_return over;
}

}  // namespace detail

template <class Execution>
auto VectorStores<Execution>::create(const VectorStoreCreateParams& params, RequestOptions options) const
    -> Answer<VectorStore> {
  return Base::template post_unhedged<VectorStore>("/vector_stores", params, std::move(options));
}

template <class Execution>
auto VectorStores<Execution>::create_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<VectorStore> {
  return Base::template post_unhedged<VectorStore>("/vector_stores", body, std::move(options));
}

template <class Execution>
auto VectorStores<Execution>::retrieve(TextView store_id, RequestOptions options) const
    -> Answer<VectorStore> {
  return Base::template get<VectorStore>(detail::vector_store_path(store_id), std::move(options),
                                         detail::decode_object<VectorStore>);
}

template <class Execution>
auto VectorStores<Execution>::update(TextView store_id, const VectorStoreUpdateParams& params,
                                     RequestOptions options) const -> Answer<VectorStore> {
  return Base::template post_unhedged<VectorStore>(detail::vector_store_path(store_id), params,
                                                   std::move(options));
}

template <class Execution>
auto VectorStores<Execution>::update_from(TextView store_id, const JsonDocument& body,
                                          RequestOptions options) const -> Answer<VectorStore> {
  return Base::template post_unhedged<VectorStore>(detail::vector_store_path(store_id), body,
                                                   std::move(options));
}

template <class Execution>
auto VectorStores<Execution>::list(RequestOptions options) const -> Answer<Page<VectorStore, Execution>> {
  return list(VectorStoreListParams{}, std::move(options));
}

template <class Execution>
auto VectorStores<Execution>::list(const VectorStoreListParams& params, RequestOptions options) const
    -> Answer<Page<VectorStore, Execution>> {
  return detail::ask_for_page<VectorStore>(Base::core(), detail::ApiPath("/vector_stores").with(params),
                                           options);
}

template <class Execution>
auto VectorStores<Execution>::del(TextView store_id, RequestOptions options) const -> Answer<Deleted> {
  return Base::template del<Deleted>(detail::vector_store_path(store_id), std::move(options),
                                     detail::decode_deleted<Deleted>);
}

template <class Execution>
auto VectorStores<Execution>::search(TextView store_id, const VectorStoreSearchParams& params,
                                     RequestOptions options) const -> Answer<VectorStoreSearchResultsPage> {
  return Base::template post_unhedged<VectorStoreSearchResultsPage>(
      detail::vector_store_path(store_id) / "search", params, std::move(options),
      detail::decode_list<VectorStoreSearchResultsPage>);
}

template <class Execution>
auto VectorStores<Execution>::search_from(TextView store_id, const JsonDocument& body,
                                          RequestOptions options) const
    -> Answer<VectorStoreSearchResultsPage> {
  return Base::template post_unhedged<VectorStoreSearchResultsPage>(
      detail::vector_store_path(store_id) / "search", body, std::move(options),
      detail::decode_list<VectorStoreSearchResultsPage>);
}

template <class Execution>
auto VectorStoreFiles<Execution>::create(TextView store_id, const VectorStoreFileCreateParams& params,
                                         RequestOptions options) const -> Answer<VectorStoreFile> {
  return Base::template post_unhedged<VectorStoreFile>(detail::vector_store_files_path(store_id), params,
                                                       std::move(options));
}

template <class Execution>
auto VectorStoreFiles<Execution>::create_from(TextView store_id, const JsonDocument& body,
                                              RequestOptions options) const -> Answer<VectorStoreFile> {
  return Base::template post_unhedged<VectorStoreFile>(detail::vector_store_files_path(store_id), body,
                                                       std::move(options));
}

template <class Execution>
auto VectorStoreFiles<Execution>::retrieve(TextView store_id, TextView file_id, RequestOptions options) const
    -> Answer<VectorStoreFile> {
  return Base::template get<VectorStoreFile>(detail::vector_store_files_path(store_id) / file_id,
                                             std::move(options), detail::decode_object<VectorStoreFile>);
}

template <class Execution>
auto VectorStoreFiles<Execution>::upload_and_poll(TextView store_id, const FileInput& file,
                                                  PollOptions<VectorStoreFile> poll,
                                                  RequestOptions options) const -> Answer<VectorStoreFile> {
  detail::ApiRequest look{.method = "GET", .path = detail::vector_store_path(store_id)};
  Result<detail::NewCall> call = Base::make_call(std::move(look), RequestOptions(options));
  const Result<detail::NewCall> upload =
      Base::make_call(detail::upload_for_store(file), RequestOptions(options));
  if (call && !upload) call = upload.error();
  const auto polling = detail::polling_of<VectorStoreFile>(std::move(poll), detail::is_added);
  if (call && !polling) call = polling.error();
  return Base::core()->template run_call<VectorStoreFile>(
      std::move(call),
      [&](EventLoop& loop, std::shared_ptr<const detail::Call> first, detail::InvokeUser ask) {
        return detail::upload_to_store(loop, Base::core()->balancer(), std::move(first),
                                       std::string(store_id), file, *polling, options, ask);
      });
}

template <class Execution>
auto VectorStoreFiles<Execution>::wait(TextView store_id, TextView file_id, PollOptions<VectorStoreFile> poll,
                                       RequestOptions options) const -> Answer<VectorStoreFile> {
  return Base::template poll<VectorStoreFile>(detail::vector_store_files_path(store_id) / file_id,
                                              detail::is_added, std::move(poll), std::move(options));
}

template <class Execution>
auto VectorStoreFiles<Execution>::update(TextView store_id, TextView file_id,
                                         const VectorStoreFileUpdateParams& params,
                                         RequestOptions options) const -> Answer<VectorStoreFile> {
  return Base::template post_unhedged<VectorStoreFile>(detail::vector_store_files_path(store_id) / file_id,
                                                       params, std::move(options));
}

template <class Execution>
auto VectorStoreFiles<Execution>::update_from(TextView store_id, TextView file_id, const JsonDocument& body,
                                              RequestOptions options) const -> Answer<VectorStoreFile> {
  return Base::template post_unhedged<VectorStoreFile>(detail::vector_store_files_path(store_id) / file_id,
                                                       body, std::move(options));
}

template <class Execution>
auto VectorStoreFiles<Execution>::list(TextView store_id, RequestOptions options) const
    -> Answer<Page<VectorStoreFile, Execution>> {
  return list(store_id, VectorStoreFileListParams{}, std::move(options));
}

template <class Execution>
auto VectorStoreFiles<Execution>::list(TextView store_id, const VectorStoreFileListParams& params,
                                       RequestOptions options) const
    -> Answer<Page<VectorStoreFile, Execution>> {
  return detail::ask_for_page<VectorStoreFile>(
      Base::core(), detail::vector_store_files_path(store_id).with(params), options);
}

template <class Execution>
auto VectorStoreFiles<Execution>::content(TextView store_id, TextView file_id, RequestOptions options) const
    -> Answer<VectorStoreFileContentPage> {
  return Base::template get<VectorStoreFileContentPage>(
      detail::vector_store_files_path(store_id) / file_id / "content", std::move(options),
      detail::decode_file_content);
}

template <class Execution>
auto VectorStoreFiles<Execution>::del(TextView store_id, TextView file_id, RequestOptions options) const
    -> Answer<Deleted> {
  return Base::template del<Deleted>(detail::vector_store_files_path(store_id) / file_id, std::move(options),
                                     detail::decode_deleted<Deleted>);
}

template <class Execution>
auto VectorStoreFileBatches<Execution>::create(TextView store_id,
                                               const VectorStoreFileBatchCreateParams& params,
                                               RequestOptions options) const -> Answer<VectorStoreFileBatch> {
  return Base::template post_unhedged<VectorStoreFileBatch>(detail::vector_store_file_batches_path(store_id),
                                                            params, std::move(options));
}

template <class Execution>
auto VectorStoreFileBatches<Execution>::create_from(TextView store_id, const JsonDocument& body,
                                                    RequestOptions options) const
    -> Answer<VectorStoreFileBatch> {
  return Base::template post_unhedged<VectorStoreFileBatch>(detail::vector_store_file_batches_path(store_id),
                                                            body, std::move(options));
}

template <class Execution>
auto VectorStoreFileBatches<Execution>::retrieve(TextView store_id, TextView batch_id,
                                                 RequestOptions options) const
    -> Answer<VectorStoreFileBatch> {
  return Base::template get<VectorStoreFileBatch>(detail::vector_store_file_batches_path(store_id) / batch_id,
                                                  std::move(options),
                                                  detail::decode_object<VectorStoreFileBatch>);
}

template <class Execution>
auto VectorStoreFileBatches<Execution>::wait(TextView store_id, TextView batch_id,
                                             PollOptions<VectorStoreFileBatch> poll,
                                             RequestOptions options) const -> Answer<VectorStoreFileBatch> {
  const auto is_over = [](const VectorStoreFileBatch& batch) { return batch.status != "in_progress"; };
  return Base::template poll<VectorStoreFileBatch>(
      detail::vector_store_file_batches_path(store_id) / batch_id, is_over, std::move(poll),
      std::move(options));
}

template <class Execution>
auto VectorStoreFileBatches<Execution>::cancel(TextView store_id, TextView batch_id,
                                               RequestOptions options) const -> Answer<VectorStoreFileBatch> {
  return Base::template send<VectorStoreFileBatch>(
      {.path = detail::vector_store_file_batches_path(store_id) / batch_id / "cancel"}, std::move(options),
      detail::decode_object<VectorStoreFileBatch>);
}

template <class Execution>
auto VectorStoreFileBatches<Execution>::list_files(TextView store_id, TextView batch_id,
                                                   RequestOptions options) const
    -> Answer<Page<VectorStoreFile, Execution>> {
  return list_files(store_id, batch_id, VectorStoreFileListParams{}, std::move(options));
}

template <class Execution>
auto VectorStoreFileBatches<Execution>::list_files(TextView store_id, TextView batch_id,
                                                   const VectorStoreFileListParams& params,
                                                   RequestOptions options) const
    -> Answer<Page<VectorStoreFile, Execution>> {
  detail::ApiPath path = detail::vector_store_file_batches_path(store_id) / batch_id / "files";
  return detail::ask_for_page<VectorStoreFile>(Base::core(), std::move(path).with(params), options);
}

}  // namespace openailb
