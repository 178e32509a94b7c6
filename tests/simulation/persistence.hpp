#pragma once

namespace openailb::simulation {

/// Prints the table of tests/README.md that shows how long a call goes on while all of its endpoints are in
/// the same trouble. False when more endpoints do worse than one.
bool print_persistence();

}  // namespace openailb::simulation
