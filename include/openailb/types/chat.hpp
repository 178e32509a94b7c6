#pragma once

// The params and results of chat completions, and their JSON.
#include <openailb/types/chat_accumulator.hpp>
#include <openailb/types/chat_chunk.hpp>
#include <openailb/types/chat_completion.hpp>
#include <openailb/types/chat_message.hpp>
#include <openailb/types/chat_params.hpp>
#include <openailb/types/chat_stored.hpp>
#include <openailb/types/deleted.hpp>
#include <openailb/values/response_info.hpp>
