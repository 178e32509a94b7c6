#pragma once

#ifndef OPENAILB_COMPILED
/// `inline`, before a function that a public header only declares and that is defined here, in detail/src/.
/// In a header-only program every translation unit has such functions, so they must be inline. With
/// openailb::compiled only the library has them, and there they must not: a compiler leaves out inline
/// functions that nobody calls.
#define OPENAILB_INLINE inline
#else
#define OPENAILB_INLINE
#endif
