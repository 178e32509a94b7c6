#include <openailb/detail/src/units/core.hpp>
