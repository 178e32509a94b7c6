#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/byte_sink.hpp>

namespace openailb {

struct FileCreateParams;
struct FileListParams;
struct FileObject;
struct Deleted;
template <class T, class Execution>
class Page;

/// `client.files`, for programs that include openailb/files.hpp.
template <class Execution>
class Files : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Uploads a file. Where it is missing, empty or unreadable, nothing is sent.
  Answer<FileObject> create(const FileCreateParams& params, RequestOptions options = {}) const;
  /// Lists files, page by page.
  Answer<Page<FileObject, Execution>> list(RequestOptions options = {}) const;
  Answer<Page<FileObject, Execution>> list(const FileListParams& params, RequestOptions options = {}) const;
  /// What is known of a file.
  Answer<FileObject> retrieve(TextView id, RequestOptions options = {}) const;
  Answer<Deleted> del(TextView id, RequestOptions options = {}) const;
  /// The bytes of a file.
  Answer<BinaryResponse> content(TextView id, RequestOptions options = {}) const;
  /// The same, into a stream or a function while they come; see Client::download.
  Answer<Downloaded> content(TextView id, ByteSink into, RequestOptions options = {}) const;
};

}  // namespace openailb
