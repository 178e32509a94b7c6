#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/poll.hpp>

#include <utility>

namespace openailb {

struct Deleted;
struct FileInput;
struct VectorStore;
struct VectorStoreCreateParams;
struct VectorStoreFile;
struct VectorStoreFileBatch;
struct VectorStoreFileBatchCreateParams;
struct VectorStoreFileContentPage;
struct VectorStoreFileCreateParams;
struct VectorStoreFileListParams;
struct VectorStoreFileUpdateParams;
struct VectorStoreListParams;
struct VectorStoreSearchParams;
struct VectorStoreSearchResultsPage;
struct VectorStoreUpdateParams;
template <class T, class Execution>
class Page;

/// `client.vector_stores.files`.
template <class Execution>
class VectorStoreFiles : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Adds an uploaded file to a store. It is "in_progress" until it can be found.
  Answer<VectorStoreFile> create(TextView store_id, const VectorStoreFileCreateParams& params,
                                 RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<VectorStoreFile> create(TextView store_id, Body&& body, RequestOptions options = {}) const {
    return create_from(store_id, JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// A file, as it stands. One that could not be added is an answer too: its `last_error` says why.
  Answer<VectorStoreFile> retrieve(TextView store_id, TextView file_id, RequestOptions options = {}) const;
  /// Uploads a file to where the store is kept, adds it, and waits for that as wait() does. If the options
  /// have a deadline, it is for all of that.
  Answer<VectorStoreFile> upload_and_poll(TextView store_id, const FileInput& file,
                                          PollOptions<VectorStoreFile> poll = {},
                                          RequestOptions options = {}) const;
  /// Waits until a file has been added to the store or will not be, whatever came of it; see Batches::wait.
  Answer<VectorStoreFile> wait(TextView store_id, TextView file_id, PollOptions<VectorStoreFile> poll = {},
                               RequestOptions options = {}) const;
  /// Changes the attributes of a file.
  Answer<VectorStoreFile> update(TextView store_id, TextView file_id,
                                 const VectorStoreFileUpdateParams& params,
                                 RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<VectorStoreFile> update(TextView store_id, TextView file_id, Body&& body,
                                 RequestOptions options = {}) const {
    return update_from(store_id, file_id, JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// Lists the files of a store, page by page.
  Answer<Page<VectorStoreFile, Execution>> list(TextView store_id, RequestOptions options = {}) const;
  Answer<Page<VectorStoreFile, Execution>> list(TextView store_id, const VectorStoreFileListParams& params,
                                                RequestOptions options = {}) const;
  /// The text that was read out of a file.
  Answer<VectorStoreFileContentPage> content(TextView store_id, TextView file_id,
                                             RequestOptions options = {}) const;
  /// Takes a file out of a store. The uploaded file stays; see `client.files.del`.
  Answer<Deleted> del(TextView store_id, TextView file_id, RequestOptions options = {}) const;

 private:
  Answer<VectorStoreFile> create_from(TextView store_id, const JsonDocument& body,
                                      RequestOptions options) const;
  Answer<VectorStoreFile> update_from(TextView store_id, TextView file_id, const JsonDocument& body,
                                      RequestOptions options) const;
};

/// `client.vector_stores.file_batches`.
template <class Execution>
class VectorStoreFileBatches : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Adds uploaded files to a store.
  Answer<VectorStoreFileBatch> create(TextView store_id, const VectorStoreFileBatchCreateParams& params,
                                      RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<VectorStoreFileBatch> create(TextView store_id, Body&& body, RequestOptions options = {}) const {
    return create_from(store_id, JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// How far they are.
  Answer<VectorStoreFileBatch> retrieve(TextView store_id, TextView batch_id,
                                        RequestOptions options = {}) const;
  /// Waits until all have been added or will not be, whatever came of it; see Batches::wait.
  Answer<VectorStoreFileBatch> wait(TextView store_id, TextView batch_id,
                                    PollOptions<VectorStoreFileBatch> poll = {},
                                    RequestOptions options = {}) const;
  /// Stops adding those that have not been added yet.
  Answer<VectorStoreFileBatch> cancel(TextView store_id, TextView batch_id,
                                      RequestOptions options = {}) const;
  /// Lists the files of a batch, page by page.
  Answer<Page<VectorStoreFile, Execution>> list_files(TextView store_id, TextView batch_id,
                                                      RequestOptions options = {}) const;
  Answer<Page<VectorStoreFile, Execution>> list_files(TextView store_id, TextView batch_id,
                                                      const VectorStoreFileListParams& params,
                                                      RequestOptions options = {}) const;

 private:
  Answer<VectorStoreFileBatch> create_from(TextView store_id, const JsonDocument& body,
                                           RequestOptions options) const;
};

/// `client.vector_stores`, for programs that include openailb/vector_stores.hpp.
template <class Execution>
class VectorStores : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Makes a store. Files that it is made of are "in_progress" until they can be found.
  Answer<VectorStore> create(const VectorStoreCreateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<VectorStore> create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// A store, as it stands.
  Answer<VectorStore> retrieve(TextView store_id, RequestOptions options = {}) const;
  Answer<VectorStore> update(TextView store_id, const VectorStoreUpdateParams& params,
                             RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<VectorStore> update(TextView store_id, Body&& body, RequestOptions options = {}) const {
    return update_from(store_id, JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// Lists stores, page by page.
  Answer<Page<VectorStore, Execution>> list(RequestOptions options = {}) const;
  Answer<Page<VectorStore, Execution>> list(const VectorStoreListParams& params,
                                            RequestOptions options = {}) const;
  /// Deletes a store. The uploaded files stay; see `client.files.del`.
  Answer<Deleted> del(TextView store_id, RequestOptions options = {}) const;
  /// Finds the pieces of files that have to do with a text. That there are none is an answer too.
  Answer<VectorStoreSearchResultsPage> search(TextView store_id, const VectorStoreSearchParams& params,
                                              RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<VectorStoreSearchResultsPage> search(TextView store_id, Body&& body,
                                              RequestOptions options = {}) const {
    return search_from(store_id, JsonDocument(std::forward<Body>(body)), std::move(options));
  }

  VectorStoreFiles<Execution> files{Base::core()};
  VectorStoreFileBatches<Execution> file_batches{Base::core()};

 private:
  Answer<VectorStore> create_from(const JsonDocument& body, RequestOptions options) const;
  Answer<VectorStore> update_from(TextView store_id, const JsonDocument& body, RequestOptions options) const;
  Answer<VectorStoreSearchResultsPage> search_from(TextView store_id, const JsonDocument& body,
                                                   RequestOptions options) const;
};

}  // namespace openailb
