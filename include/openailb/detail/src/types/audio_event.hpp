#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/src/types/accumulate.hpp>
#include <openailb/detail/wire/base64.hpp>
#include <openailb/detail/wire/long_text.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/types/audio.hpp>
#include <openailb/types/audio_event.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace openailb {

namespace detail {

inline constexpr std::string_view transcript_done = "transcript.text.done";
inline constexpr std::string_view speech_done = "speech.audio.done";

inline TranscriptionSegment segment_of(const TranscriptionStreamEvent& event) {
  return {.id = event.id,
          .start = event.start,
          .end = event.end,
          .text = event.text,
          .speaker = event.speaker,
          .extra = event.extra};
}

}  // namespace detail

OPENAILB_INLINE Result<void> TranscriptionAccumulator::add(const TranscriptionStreamEvent& event) {
  nlohmann::json& logprobs = transcription_.logprobs;
  detail::append_to_long(transcription_.text, event.delta);
  if (event.type == "transcript.text.segment") {
    transcription_.segments.push_back(detail::segment_of(event));
  } else if (event.type == detail::transcript_done) {
    is_finished_ = true;
    detail::replace(transcription_.text, event.text);
    if (!event.logprobs.is_null()) logprobs = event.logprobs;
    if (!event.usage.is_null()) transcription_.usage = event.usage;
    detail::take_members(transcription_.extra, event.extra);
  } else if (event.logprobs.is_array()) {
    if (!logprobs.is_array()) logprobs = nlohmann::json::array();
    logprobs.insert(logprobs.end(), event.logprobs.begin(), event.logprobs.end());
  }
  return {};
}

OPENAILB_INLINE std::string SpeechStreamEvent::bytes() const {
  return detail::decode_base64(audio).value_or("");
}

OPENAILB_INLINE Result<void> SpeechAccumulator::add(const SpeechStreamEvent& event) {
  const std::optional<std::string> bytes = detail::decode_base64(event.audio);
  if (!bytes) return Error{.kind = ErrorKind::parse, .message = "the audio of an event is not base64"};
  detail::append_to_long(speech_.content, *bytes);
  is_finished_ = is_finished_ || event.type == detail::speech_done;
  return {};
}

}  // namespace openailb
