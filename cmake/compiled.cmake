# openailb::compiled: the library compiled once, by the project that links it. Its users then compile three to four
# times faster than header-only; see the README.
if(NOT TARGET openailb_compiled)
  add_library(openailb_compiled STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/openailb.cpp)
  add_library(openailb::compiled ALIAS openailb_compiled)
  set_target_properties(openailb_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_compile_definitions(openailb_compiled PUBLIC OPENAILB_COMPILED)
  target_link_libraries(openailb_compiled PUBLIC openailb::openailb)
endif()
