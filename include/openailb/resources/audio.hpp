#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/byte_sink.hpp>
#include <openailb/values/json.hpp>

#include <memory>
#include <utility>

namespace openailb {

struct TranscriptionCreateParams;
struct TranslationCreateParams;
struct SpeechCreateParams;
struct SpeechStreamEvent;
struct Transcription;
struct TranscriptionStreamEvent;

/// `client.audio.transcriptions`.
template <class Execution>
class Transcriptions : public Resource<Execution> {
  using Base = Resource<Execution>;

 public:
  using Base::Base;

  /// Writes speech down, in its own language.
  auto create(const TranscriptionCreateParams& params, RequestOptions options = {}) const ->
      typename Base::template Answer<Transcription>;
  /// The same, as a stream of events while it is written. Returns when the first words have come, or with an
  /// error. Until then, the call retries on another endpoint if one fails. "whisper-1" has no streams.
  auto stream(const TranscriptionCreateParams& params, RequestOptions options = {}) const ->
      typename Base::template ChunkStream<TranscriptionStreamEvent>;
};

/// `client.audio.translations`.
template <class Execution>
class Translations : public Resource<Execution> {
  using Base = Resource<Execution>;

 public:
  using Base::Base;

  /// Writes speech down in English.
  auto create(const TranslationCreateParams& params, RequestOptions options = {}) const ->
      typename Base::template Answer<Transcription>;
};

/// `client.audio.speech`.
template <class Execution>
class Speech : public Resource<Execution> {
  using Base = Resource<Execution>;

 public:
  using Base::Base;

  /// Speaks a text. The answer is the bytes of the audio.
  auto create(const SpeechCreateParams& params, RequestOptions options = {}) const ->
      typename Base::template Answer<BinaryResponse>;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  auto create(Body&& body, RequestOptions options = {}) const ->
      typename Base::template Answer<BinaryResponse> {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// The same, into a stream or a function while they come; see Client::download.
  auto create(const SpeechCreateParams& params, ByteSink into, RequestOptions options = {}) const ->
      typename Base::template Answer<Downloaded>;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  auto create(Body&& body, ByteSink into, RequestOptions options = {}) const ->
      typename Base::template Answer<Downloaded> {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(into), std::move(options));
  }
  /// The same, as a stream of events, whose last one says what it cost. Sets `stream_format`. Returns when
  /// the first audio has come, or with an error. Until then, the call retries on another endpoint if one
  /// fails.
  auto stream(SpeechCreateParams params, RequestOptions options = {}) const ->
      typename Base::template ChunkStream<SpeechStreamEvent>;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  auto stream(Body&& body, RequestOptions options = {}) const ->
      typename Base::template ChunkStream<SpeechStreamEvent> {
    return stream_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }

 private:
  auto create_from(const JsonDocument& body, RequestOptions options) const ->
      typename Base::template Answer<BinaryResponse>;
  auto create_from(const JsonDocument& body, ByteSink into, RequestOptions options) const ->
      typename Base::template Answer<Downloaded>;
  auto stream_from(const JsonDocument& body, RequestOptions options) const ->
      typename Base::template ChunkStream<SpeechStreamEvent>;
};

/// `client.audio`, for programs that include openailb/audio.hpp.
template <class Execution>
class Audio {
 public:
  explicit Audio(const std::shared_ptr<detail::Core<Execution>>& core)
      : transcriptions(core), translations(core), speech(core) {}

  Transcriptions<Execution> transcriptions;
  Translations<Execution> translations;
  Speech<Execution> speech;
};

}  // namespace openailb
