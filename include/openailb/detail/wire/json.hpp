#pragma once

/// \file
/// Structs to JSON and back, by the table of fields that each of them has.

#include <openailb/detail/wire/json_reader.hpp>
#include <openailb/detail/wire/json_tables.hpp>
#include <openailb/detail/wire/json_writer.hpp>
