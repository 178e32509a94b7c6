#include <openailb/detail/src/units/models.hpp>
