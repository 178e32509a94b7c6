#pragma once

/// \file
/// The client with `client.files`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/files.hpp>
#include <openailb/types/deleted.hpp>
#include <openailb/types/files.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/page.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/files.hpp>
#else
extern template class openailb::Files<openailb::Blocking>;
extern template class openailb::Files<openailb::Async>;
#endif
