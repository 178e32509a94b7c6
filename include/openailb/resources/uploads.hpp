#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>

#include <utility>

namespace openailb {

struct FileInput;
struct UploadCreateParams;
struct UploadCompleteParams;
struct UploadFileChunkedParams;
struct Upload;
struct UploadPart;

/// `client.uploads`, for programs that include openailb/uploads.hpp: a large file in parts.
template <class Execution>
class Uploads : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Begins an upload.
  Answer<Upload> create(const UploadCreateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<Upload> create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// Sends a part, of at most 64 MB, such as a file_slice(). Parts may be sent in any order and at the same
  /// time.
  Answer<UploadPart> add_part(TextView upload_id, const FileInput& data, RequestOptions options = {}) const;
  /// Makes a file of the parts.
  Answer<Upload> complete(TextView upload_id, const UploadCompleteParams& params,
                          RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<Upload> complete(TextView upload_id, Body&& body, RequestOptions options = {}) const {
    return complete_from(upload_id, JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  Answer<Upload> cancel(TextView upload_id, RequestOptions options = {}) const;
  /// Does all of that with a file on disk, one part after the other. If it fails, the error names the upload,
  /// which can still be completed or canceled. The deadline, if the options have one, is for all of it.
  Answer<Upload> upload_file_chunked(const UploadFileChunkedParams& params,
                                     RequestOptions options = {}) const;

 private:
  Answer<Upload> create_from(const JsonDocument& body, RequestOptions options) const;
  Answer<Upload> complete_from(TextView upload_id, const JsonDocument& body, RequestOptions options) const;
};

}  // namespace openailb
