#pragma once

/// \file
/// The asynchronous client.

#include <openailb/async_client.hpp>
#include <openailb/detail/src/any_async_stream.hpp>
#include <openailb/detail/src/any_future.hpp>
#include <openailb/detail/src/async_client.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/units/call_path.hpp>
#include <openailb/detail/src/units/json.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/types/deleted.hpp>

#include <functional>
#include <memory>

namespace openailb {

namespace detail {

template std::shared_ptr<PendingAnswer> Core<Async>::run_any<>(Result<NewCall>, const MakeTask&) const;
template AnyAsyncStream Core<Async>::open<>(const StreamKind&, Result<NewCall>) const;
template bool AnyAsyncStream::ask<>();
template std::shared_ptr<PendingAnswer> AnyAsyncStream::read_all<>(
    std::function<bool(const ChunkReader&)>) &&;

}  // namespace detail

template class BasicClient<Async>;
template class Future<JsonResponse>;
template class Future<BinaryResponse>;
template class Future<Downloaded>;
template class Future<Deleted>;

}  // namespace openailb
