#pragma once

/// \file
/// All of openailb except the headers in openailb/testing/.

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "openailb needs C++20: compile with -std=c++20 or newer"
#else

#include <openailb/async_client.hpp>
#include <openailb/async_stream.hpp>
#include <openailb/audio.hpp>
#include <openailb/batches.hpp>
#include <openailb/chat.hpp>
#include <openailb/circuit_breaker.hpp>
#include <openailb/client.hpp>
#include <openailb/completions.hpp>
#include <openailb/conversations.hpp>
#include <openailb/embeddings.hpp>
#include <openailb/endpoint_scorer.hpp>
#include <openailb/endpoints.hpp>
#include <openailb/error.hpp>
#include <openailb/event.hpp>
#include <openailb/files.hpp>
#include <openailb/for_each.hpp>
#include <openailb/future.hpp>
#include <openailb/images.hpp>
#include <openailb/models.hpp>
#include <openailb/moderations.hpp>
#include <openailb/options.hpp>
#include <openailb/responses.hpp>
#include <openailb/result.hpp>
#include <openailb/stream.hpp>
#include <openailb/uploads.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/byte_sink.hpp>
#include <openailb/values/endpoint_status.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/page.hpp>
#include <openailb/vector_stores.hpp>
#include <openailb/version.hpp>

#endif
