#include <openailb/detail/src/units/media.hpp>
