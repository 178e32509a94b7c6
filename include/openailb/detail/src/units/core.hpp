#pragma once

/// \file
/// What every call goes through, the blocking client, and the breaker by itself.

#include <openailb/circuit_breaker.hpp>
#include <openailb/client.hpp>
#include <openailb/detail/src/circuit_breaker.hpp>
#include <openailb/detail/src/client.hpp>
#include <openailb/detail/src/endpoints.hpp>
#include <openailb/detail/src/execution.hpp>
#include <openailb/detail/src/headers.hpp>
#include <openailb/detail/src/json.hpp>
#include <openailb/detail/src/response_headers.hpp>
#include <openailb/endpoints.hpp>
#include <openailb/headers.hpp>
#include <openailb/json.hpp>
#include <openailb/response_headers.hpp>

namespace openailb {

template class BasicClient<Blocking>;

}  // namespace openailb
