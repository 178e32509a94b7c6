#pragma once

/// \file
/// The client with `client.batches`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/batches.hpp>
#include <openailb/types/batches.hpp>
#include <openailb/values/page.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/batches.hpp>
#else
extern template class openailb::Batches<openailb::Blocking>;
extern template class openailb::Batches<openailb::Async>;
#endif
