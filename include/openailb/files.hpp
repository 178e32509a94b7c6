#pragma once

/// \file
/// The client with `client.files`.

#include <openailb/binary_response.hpp>
#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/file.hpp>
#include <openailb/page.hpp>
#include <openailb/resources/files.hpp>
#include <openailb/types/deleted.hpp>
#include <openailb/types/files.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/files.hpp>
#else
extern template class openailb::Files<openailb::Blocking>;
extern template class openailb::Files<openailb::Async>;
#endif
