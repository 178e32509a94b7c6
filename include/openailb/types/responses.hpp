#pragma once

// The params and results of responses, and their JSON.
#include <openailb/types/deleted.hpp>
#include <openailb/types/response.hpp>
#include <openailb/types/response_event.hpp>
#include <openailb/types/response_item.hpp>
#include <openailb/types/response_params.hpp>
