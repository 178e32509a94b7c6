#pragma once

/// \file
/// `client.files`, `client.uploads` and `client.batches`.

#include <openailb/async_client.hpp>
#include <openailb/batches.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/resources/batches.hpp>
#include <openailb/detail/src/resources/files.hpp>
#include <openailb/detail/src/resources/uploads.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/units/call_path.hpp>
#include <openailb/detail/src/units/json.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/execution.hpp>
#include <openailb/files.hpp>
#include <openailb/uploads.hpp>

namespace openailb {

template class Batches<Blocking>;
template class Batches<Async>;
template class Page<Batch, Blocking>;
template class Page<Batch, Async>;
template class Future<Batch>;
template class Future<Page<Batch, Async>>;

template class Files<Blocking>;
template class Files<Async>;
template class Page<FileObject, Blocking>;
template class Page<FileObject, Async>;
template class Future<FileObject>;
template class Future<Page<FileObject, Async>>;

template class Uploads<Blocking>;
template class Uploads<Async>;
template class Future<Upload>;
template class Future<UploadPart>;

}  // namespace openailb
