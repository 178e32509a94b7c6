# What the project's own programs (tests, examples, benchmarks, fuzzers) need, and a user of the library does not.
find_package(OpenSSL REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)  # servers on loopback

add_library(openailb_warnings INTERFACE)
target_compile_options(openailb_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
