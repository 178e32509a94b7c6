# What `cmake --install` lays down: the headers, a CMake package and a pkg-config file.
# Nothing of it depends on the architecture, and every path in it is relative to where it stands.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/openailb)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(TARGETS openailb EXPORT openailb-targets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT openailb-targets NAMESPACE openailb:: DESTINATION ${package_dir})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/openailb-config.cmake.in ${PROJECT_BINARY_DIR}/openailb-config.cmake
  INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/openailb-config-version.cmake
  COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT)
install(FILES
  ${CMAKE_CURRENT_LIST_DIR}/compiled.cmake
  ${CMAKE_CURRENT_LIST_DIR}/openailb.cpp
  ${PROJECT_BINARY_DIR}/openailb-config.cmake
  ${PROJECT_BINARY_DIR}/openailb-config-version.cmake
  DESTINATION ${package_dir})

configure_file(${CMAKE_CURRENT_LIST_DIR}/openailb.pc.in ${PROJECT_BINARY_DIR}/openailb.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/openailb.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)
