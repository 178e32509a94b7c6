#pragma once

namespace openailb::detail {

/// Stands before a function that need not be a template: `template <class = OnlyIfUsed>`. Then a program has
/// it only if it calls it, and openailb::compiled has it only once: see src/units/. g++ 12 below -O1 makes
/// code of every other coroutine, and of all that it calls, where nobody calls it.
struct OnlyIfUsed {};

}  // namespace openailb::detail
