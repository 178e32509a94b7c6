#pragma once

/// \file
/// The client with `client.images`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/images.hpp>
#include <openailb/stream.hpp>
#include <openailb/types/image_event.hpp>
#include <openailb/types/images.hpp>
#include <openailb/values/file.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/images.hpp>
#else
extern template class openailb::Images<openailb::Blocking>;
extern template class openailb::Images<openailb::Async>;
extern template class openailb::Stream<openailb::ImageStreamEvent>;
#endif
