#pragma once

/// \file
/// Macros change what nlohmann_json's types are. A file in which one of them differs from what the library
/// openailb::compiled was compiled with is refused here; a linker would list half of the library, or say
/// nothing. OPENAILB_JSON_DIAGNOSTICS and so on say what the library has. The target openailb::compiled
/// defines them where that is not nlohmann_json's default.

// clang-format off
#if defined(OPENAILB_COMPILED) && !defined(OPENAILB_COMPILES_UNIT)
#if JSON_DIAGNOSTICS != OPENAILB_JSON_DIAGNOSTICS
#error "this file and the compiled openailb differ in nlohmann_json's JSON_DIAGNOSTICS: set it alike for both (and without CMake define OPENAILB_JSON_DIAGNOSTICS as well)"
#endif
#if JSON_DIAGNOSTIC_POSITIONS != OPENAILB_JSON_DIAGNOSTIC_POSITIONS
#error "this file and the compiled openailb differ in nlohmann_json's JSON_DIAGNOSTIC_POSITIONS: set it alike for both (and without CMake define OPENAILB_JSON_DIAGNOSTIC_POSITIONS as well)"
#endif
#if JSON_USE_LEGACY_DISCARDED_VALUE_COMPARISON != OPENAILB_JSON_USE_LEGACY_DISCARDED_VALUE_COMPARISON
#error "this file and the compiled openailb differ in nlohmann_json's JSON_USE_LEGACY_DISCARDED_VALUE_COMPARISON: set it alike for both (and without CMake define OPENAILB_JSON_USE_LEGACY_DISCARDED_VALUE_COMPARISON as well)"
#endif
#if NLOHMANN_JSON_NAMESPACE_NO_VERSION != OPENAILB_NLOHMANN_JSON_NAMESPACE_NO_VERSION
#error "this file and the compiled openailb differ in nlohmann_json's NLOHMANN_JSON_NAMESPACE_NO_VERSION: set it alike for both (and without CMake define OPENAILB_NLOHMANN_JSON_NAMESPACE_NO_VERSION as well)"
#endif
#if defined(JSON_NOEXCEPTION) != defined(OPENAILB_JSON_NOEXCEPTION)
#error "this file and the compiled openailb differ in nlohmann_json's JSON_NOEXCEPTION: set it alike for both (and without CMake define OPENAILB_JSON_NOEXCEPTION as well)"
#endif
#endif

#include <nlohmann/json.hpp>  // after that: it forgets some of them

#if defined(OPENAILB_JSON_VERSION) && \
    OPENAILB_JSON_VERSION != NLOHMANN_JSON_VERSION_MAJOR * 10000 + NLOHMANN_JSON_VERSION_MINOR * 100 + NLOHMANN_JSON_VERSION_PATCH
#error "this file and the compiled openailb have different versions of nlohmann_json: build openailb again with this one"
#endif
// clang-format on
