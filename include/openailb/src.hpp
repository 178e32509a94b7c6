#pragma once

/// \file
/// All that the other headers only declare where OPENAILB_COMPILED is defined. One translation unit of the
/// program includes it, unless the program links the library openailb::compiled, which has it in parts.

#ifndef OPENAILB_COMPILED
#error "openailb/src.hpp is for programs that define OPENAILB_COMPILED in all of their translation units"
#endif

#include <openailb/detail/src/units/async.hpp>
#include <openailb/detail/src/units/chat.hpp>
#include <openailb/detail/src/units/core.hpp>
#include <openailb/detail/src/units/files.hpp>
#include <openailb/detail/src/units/media.hpp>
#include <openailb/detail/src/units/models.hpp>
#include <openailb/detail/src/units/responses.hpp>
#include <openailb/detail/src/units/vector_stores.hpp>
