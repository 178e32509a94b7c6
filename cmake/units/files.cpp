#include <openailb/detail/src/units/files.hpp>
