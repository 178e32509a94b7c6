#pragma once

/// \file
/// The client with `client.models`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/models.hpp>
#include <openailb/types/models.hpp>
#include <openailb/values/page.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/models.hpp>
#else
extern template class openailb::Models<openailb::Blocking>;
extern template class openailb::Models<openailb::Async>;
#endif
