#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/audio_stream.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/error.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/audio.hpp>
#include <openailb/result.hpp>
#include <openailb/types/audio.hpp>
#include <openailb/types/audio_event.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/byte_sink.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/json.hpp>

#include <optional>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

inline bool is_json_type(const HttpResponse& response) {
  const std::string type = media_type(response.headers);
  return type.ends_with("/json") || type.ends_with("+json");
}

/// Reads what was said from JSON. Without a text it is an error of kind parse.
inline Result<AnswerPtr> decode_transcription(HttpResponse& response, bool&) {
  ScannedJson document;
  if (std::optional<Error> wrong = read_document(response, document)) return *std::move(wrong);
  if (find_member(document.root(), "text") != nullptr) return read_object(document, unread<Transcription>());
  return Error{.kind = ErrorKind::parse, .message = "answered without a text: " + response.body};
}

/// Reads what was said from an answer in one of the formats that are plain text. Some servers know no such
/// formats, and send JSON all the same.
inline Result<AnswerPtr> decode_transcript(HttpResponse& response, bool& delivered) {
  if (is_json_type(response)) return decode_transcription(response, delivered);
  if (is_html(response.body)) return not_json(response);
  return answer_of(Transcription{.text = std::move(response.body)});
}

/// How to read an answer in this format.
inline auto transcription_decoder(const std::optional<std::string>& format) {
  const bool is_text = format == "text" || format == "srt" || format == "vtt";
  return is_text ? decode_transcript : decode_transcription;
}

inline ApiRequest speech_request(JsonBody body) {
  return {.path = "/audio/speech",
          .body = std::move(body),
          .needs_object = true,
          .accept = "*/*",
          .may_hedge = true};
}

/// Reads audio, which is never JSON or a page.
inline Result<AnswerPtr> decode_audio(HttpResponse& response, bool& delivered) {
  ScannedJson document;
  std::optional<Error> wrong;
  if (is_json_type(response)) wrong = read_document(response, document);
  if (wrong) return *std::move(wrong);
  const bool is_audio = !response.body.empty() && !is_json_type(response) && !is_html(response.body);
  if (is_audio) return decode_bytes(response, delivered);
  return Error{.kind = ErrorKind::parse, .message = "answered with something that is no audio"};
}

}  // namespace detail

template <class Execution>
auto Transcriptions<Execution>::create(const TranscriptionCreateParams& params, RequestOptions options) const
    -> typename Base::template Answer<Transcription> {
  return Base::template post_form<Transcription>("/audio/transcriptions", detail::form_of(params),
                                                 std::move(options),
                                                 detail::transcription_decoder(params.response_format));
}

template <class Execution>
auto Transcriptions<Execution>::stream(const TranscriptionCreateParams& params, RequestOptions options) const
    -> typename Base::template ChunkStream<TranscriptionStreamEvent> {
  return Base::template stream_form<TranscriptionStreamEvent>("/audio/transcriptions",
                                                              detail::form_of(params), std::move(options));
}

template <class Execution>
auto Translations<Execution>::create(const TranslationCreateParams& params, RequestOptions options) const ->
    typename Base::template Answer<Transcription> {
  return Base::template post_form<Transcription>("/audio/translations", detail::form_of(params),
                                                 std::move(options),
                                                 detail::transcription_decoder(params.response_format));
}

template <class Execution>
auto Speech<Execution>::create(const SpeechCreateParams& params, RequestOptions options) const ->
    typename Base::template Answer<BinaryResponse> {
  return Base::template send<BinaryResponse>(detail::speech_request(params), std::move(options),
                                             detail::decode_audio);
}

template <class Execution>
auto Speech<Execution>::create_from(const JsonDocument& body, RequestOptions options) const ->
    typename Base::template Answer<BinaryResponse> {
  return Base::template send<BinaryResponse>(detail::speech_request(body), std::move(options),
                                             detail::decode_audio);
}

template <class Execution>
auto Speech<Execution>::create(const SpeechCreateParams& params, ByteSink into, RequestOptions options) const
    -> typename Base::template Answer<Downloaded> {
  return Base::receive(detail::speech_request(params), std::move(into), std::move(options),
                       detail::decode_audio);
}

template <class Execution>
auto Speech<Execution>::create_from(const JsonDocument& body, ByteSink into, RequestOptions options) const ->
    typename Base::template Answer<Downloaded> {
  return Base::receive(detail::speech_request(body), std::move(into), std::move(options),
                       detail::decode_audio);
}

template <class Execution>
auto Speech<Execution>::stream(SpeechCreateParams params, RequestOptions options) const ->
    typename Base::template ChunkStream<SpeechStreamEvent> {
  params.stream_format = "sse";
  return Base::template stream<SpeechStreamEvent>("/audio/speech", params, std::move(options));
}

template <class Execution>
auto Speech<Execution>::stream_from(const JsonDocument& body, RequestOptions options) const ->
    typename Base::template ChunkStream<SpeechStreamEvent> {
  detail::JsonBody events = body;
  if (events.is_object()) events.set({.name = "stream_format", .json = R"("sse")"});
  return Base::template stream<SpeechStreamEvent>("/audio/speech", std::move(events), std::move(options));
}

}  // namespace openailb
