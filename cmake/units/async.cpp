#include <openailb/detail/src/units/async.hpp>
