#pragma once

/// \file
/// Functions that a public header only declares are defined in detail/src/. In a header-only program they are
/// inline, for every translation unit has them. With openailb::compiled only the library has them, and there
/// they are not: a compiler leaves out inline functions that nobody calls.

#ifdef OPENAILB_COMPILED
#define OPENAILB_INLINE
#else
#define OPENAILB_INLINE inline
#endif
