#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>

#include <string_view>

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
  /// Sends a part, of at most 64 MB, such as a file_slice(). Parts may be sent in any order and at the same
  /// time.
  Answer<UploadPart> add_part(std::string_view upload_id, const FileInput& data,
                              RequestOptions options = {}) const;
  /// Makes a file of the parts.
  Answer<Upload> complete(std::string_view upload_id, const UploadCompleteParams& params,
                          RequestOptions options = {}) const;
  Answer<Upload> cancel(std::string_view upload_id, RequestOptions options = {}) const;
  /// Does all of that with a file on disk, one part after the other. If it fails, the error names the upload,
  /// which can still be completed or canceled. The deadline, if the options have one, is for all of it.
  Answer<Upload> upload_file_chunked(const UploadFileChunkedParams& params,
                                     RequestOptions options = {}) const;
};

}  // namespace openailb
