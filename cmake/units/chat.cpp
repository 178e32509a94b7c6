#include <openailb/detail/src/units/chat.hpp>
