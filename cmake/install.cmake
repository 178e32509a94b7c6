# What `cmake --install` lays down: the headers, a CMake package and a pkg-config file.
# Every path in it is relative to where it stands, and nothing of it depends on the architecture but the library of
# OPENAILB_BUILD_COMPILED.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/openailb)
set(fits_all ARCH_INDEPENDENT)
if(OPENAILB_BUILD_COMPILED)
  set(fits_all "")
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(TARGETS openailb EXPORT openailb-targets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(OPENAILB_BUILD_COMPILED)
  set_target_properties(openailb_compiled PROPERTIES EXPORT_NAME compiled)
  install(TARGETS openailb_compiled EXPORT openailb-targets)
  # An imported target has no definitions of its own to look up, so these are written down.
  string(REGEX REPLACE "^([0-9]+)\\.([0-9]+)\\.([0-9]+).*" "\\1 * 10000 + \\2 * 100 + \\3" json_version
    "${nlohmann_json_VERSION}")
  if(json_version)
    math(EXPR json_version "${json_version}")
    set(json_version OPENAILB_JSON_VERSION=${json_version})
  endif()
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/openailb-built-with.cmake
    CONTENT "target_compile_definitions(openailb::compiled INTERFACE ${json_version} \"${openailb_json_settings}\")\n")
  install(FILES ${PROJECT_BINARY_DIR}/openailb-built-with.cmake DESTINATION ${package_dir})
else()
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/compiled.cmake DESTINATION ${package_dir})
  install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/units DESTINATION ${package_dir})
endif()
install(EXPORT openailb-targets NAMESPACE openailb:: DESTINATION ${package_dir})
export(EXPORT openailb-targets NAMESPACE openailb:: FILE ${PROJECT_BINARY_DIR}/openailb-targets.cmake)

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/openailb-config.cmake.in ${PROJECT_BINARY_DIR}/openailb-config.cmake
  INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/openailb-config-version.cmake
  COMPATIBILITY SameMinorVersion ${fits_all})
install(FILES
  ${PROJECT_BINARY_DIR}/openailb-config.cmake
  ${PROJECT_BINARY_DIR}/openailb-config-version.cmake
  DESTINATION ${package_dir})

configure_file(${CMAKE_CURRENT_LIST_DIR}/openailb.pc.in ${PROJECT_BINARY_DIR}/openailb.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/openailb.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)
