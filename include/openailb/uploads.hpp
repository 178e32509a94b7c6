#pragma once

/// \file
/// The client with `client.uploads`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/uploads.hpp>
#include <openailb/types/uploads.hpp>
#include <openailb/values/file.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/uploads.hpp>
#else
extern template class openailb::Uploads<openailb::Blocking>;
extern template class openailb::Uploads<openailb::Async>;
#endif
