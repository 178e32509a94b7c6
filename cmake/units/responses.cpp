#include <openailb/detail/src/units/responses.hpp>
