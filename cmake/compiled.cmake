# openailb_compiled, which is openailb::compiled: the library compiled once. Whoever uses it compiles a file in little
# more time than one that is written by hand; see the README. It is compiled by the project that links it, unless
# OPENAILB_BUILD_COMPILED has built and installed it.
set(openailb_units core async chat files media models responses vector_stores)
list(TRANSFORM openailb_units REPLACE ".+" "${CMAKE_CURRENT_LIST_DIR}/units/\\0.cpp")
add_library(openailb_compiled STATIC EXCLUDE_FROM_ALL ${openailb_units})
# All units in one would take several GB.
set_target_properties(openailb_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
target_compile_definitions(openailb_compiled PUBLIC OPENAILB_COMPILED PRIVATE OPENAILB_COMPILES_UNIT)
target_link_libraries(openailb_compiled PUBLIC openailb::openailb)
# So that a program has only the functions that it calls.
target_compile_options(openailb_compiled PRIVATE
  $<$<CXX_COMPILER_ID:GNU,Clang>:-ffunction-sections$<SEMICOLON>-fdata-sections>)
target_link_options(openailb_compiled INTERFACE $<$<PLATFORM_ID:Linux>:LINKER:--gc-sections>)

# Its users need the types of nlohmann_json as it has them. So it carries the macros that change these, and the same
# again under names of our own, by which detail/wire/json_settings.hpp tells whether a file has changed them.
get_directory_property(openailb_flags COMPILE_OPTIONS)
string(REGEX MATCHALL "-D *(NLOHMANN_)?JSON_[A-Z_]+(=[0-9]+)?" openailb_flags
  "${CMAKE_CXX_FLAGS} ${openailb_flags}")
list(TRANSFORM openailb_flags REPLACE "^-D *" "")
target_compile_definitions(openailb_compiled PRIVATE ${openailb_flags})
string(CONCAT openailb_json_settings "$<FILTER:$<TARGET_PROPERTY:openailb_compiled,COMPILE_DEFINITIONS>,INCLUDE,"
  "^(JSON_DIAGNOSTICS|JSON_DIAGNOSTIC_POSITIONS|JSON_NOEXCEPTION|JSON_USE_LEGACY_DISCARDED_VALUE_COMPARISON"
  "|NLOHMANN_JSON_NAMESPACE_NO_VERSION)(=|$)>")
string(CONCAT openailb_json_settings "${openailb_json_settings}"
  "$<$<BOOL:${openailb_json_settings}>:;OPENAILB_$<JOIN:${openailb_json_settings},;OPENAILB_>>")
target_compile_definitions(openailb_compiled INTERFACE "$<BUILD_INTERFACE:${openailb_json_settings}>")
