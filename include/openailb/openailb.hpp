#pragma once

/// \file
/// Everything of openailb but the add-ons.

#include <openailb/circuit_breaker.hpp>
#include <openailb/client.hpp>
#include <openailb/endpoint_status.hpp>
#include <openailb/error.hpp>
#include <openailb/json_response.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/stream.hpp>
#include <openailb/types/chat.hpp>
#include <openailb/version.hpp>
