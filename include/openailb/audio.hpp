#pragma once

/// \file
/// The client with `client.audio`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/audio.hpp>
#include <openailb/stream.hpp>
#include <openailb/types/audio.hpp>
#include <openailb/types/audio_event.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/file.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/audio.hpp>
#else
extern template class openailb::Transcriptions<openailb::Blocking>;
extern template class openailb::Transcriptions<openailb::Async>;
extern template class openailb::Translations<openailb::Blocking>;
extern template class openailb::Translations<openailb::Async>;
extern template class openailb::Speech<openailb::Blocking>;
extern template class openailb::Speech<openailb::Async>;
extern template class openailb::Stream<openailb::TranscriptionStreamEvent>;
extern template class openailb::Stream<openailb::SpeechStreamEvent>;
#endif
