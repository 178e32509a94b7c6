// The one translation unit of openailb::compiled.
#include <openailb/src.hpp>
