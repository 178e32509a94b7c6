#pragma once

/// \file
/// The client with `client.moderations`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/moderations.hpp>
#include <openailb/types/moderations.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/moderations.hpp>
#else
extern template class openailb::Moderations<openailb::Blocking>;
extern template class openailb::Moderations<openailb::Async>;
#endif
