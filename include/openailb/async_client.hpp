#pragma once

#include <openailb/async_stream.hpp>
#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/future.hpp>

namespace openailb {

/// The client for many calls at once. `create(params)` returns at once with a Future, `stream(params)` with
/// an AsyncStream. It has one thread for all its calls, from its constructor until its last copy, or resource
/// of a copy, is gone. Then the calls that are still under way end as canceled; the destructor waits for
/// that, except on the thread itself.
using AsyncClient = BasicClient<Async>;

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/async_client.hpp>
#else
extern template class openailb::Future<openailb::JsonResponse>;
extern template class openailb::Future<openailb::BinaryResponse>;
extern template class openailb::Future<openailb::Downloaded>;
extern template class openailb::BasicClient<openailb::Async>;
#endif
