#pragma once

/// \file
/// `client.audio` and `client.images`.

#include <openailb/async_client.hpp>
#include <openailb/audio.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/resources/audio.hpp>
#include <openailb/detail/src/resources/images.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/audio_event.hpp>
#include <openailb/detail/src/types/image_event.hpp>
#include <openailb/detail/src/units/json.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/execution.hpp>
#include <openailb/images.hpp>

namespace openailb {

template class Transcriptions<Blocking>;
template class Transcriptions<Async>;
template class Translations<Blocking>;
template class Translations<Async>;
template class Speech<Blocking>;
template class Speech<Async>;
template class Stream<TranscriptionStreamEvent>;
template class Stream<SpeechStreamEvent>;
template class AsyncStream<TranscriptionStreamEvent>;
template class AsyncStream<SpeechStreamEvent>;
template class Future<Transcription>;

template class Images<Blocking>;
template class Images<Async>;
template class Stream<ImageStreamEvent>;
template class AsyncStream<ImageStreamEvent>;
template class Future<ImagesResponse>;

}  // namespace openailb
