# A library of the user's that links openailb in both ways, and that the user's project exports. Nobody builds it here,
# since that would compile all of openailb; that it can be exported shows when the project is generated.
add_library(user STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/consumer.cpp)
target_link_libraries(user PUBLIC openailb::openailb PRIVATE openailb::compiled)
install(TARGETS user EXPORT user-targets ARCHIVE DESTINATION lib)
install(EXPORT user-targets DESTINATION lib/cmake/user)
export(EXPORT user-targets)
