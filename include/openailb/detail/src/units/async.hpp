#pragma once

/// \file
/// The asynchronous client.

#include <openailb/async_client.hpp>
#include <openailb/detail/src/async_client.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/awaiting.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/page.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/types/deleted.hpp>

namespace openailb {

template class BasicClient<Async>;
template class Future<JsonResponse>;
template class Future<BinaryResponse>;
template class Future<Downloaded>;
template class Future<Deleted>;

}  // namespace openailb
