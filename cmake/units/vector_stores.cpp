#include <openailb/detail/src/units/vector_stores.hpp>
