#pragma once

#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/src/types/audio_event.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/types/audio_event.hpp>

#include <string_view>

namespace openailb::detail {

/// How the events of a transcription are put together, which of them is the commit point, and which the end.
template <>
struct StreamTraits<TranscriptionStreamEvent> : StreamRules {
  using Accumulator = TranscriptionAccumulator;

  static constexpr bool ends_with_done = false;
  static constexpr std::string_view end = transcript_done;

  static bool is_last(const TranscriptionStreamEvent& event, const Accumulator&, const Call&) {
    return event.type == transcript_done;
  }

  /// The first words are the commit point; of silence there are none, and it is the end.
  static bool commits(JsonNode& event) {
    return tells(&event, "delta") || tells(&event, "text") || type_of(&event) == transcript_done;
  }

  /// What is new of the text; see StreamTraits.
  static void each_changing_text(JsonNode& json, TranscriptionStreamEvent& event, const NoteText& take) {
    take(find_member(json, "delta"), event.delta);
  }
};

/// How the events of speech are put together, which of them is the commit point, and which the end.
template <>
struct StreamTraits<SpeechStreamEvent> : StreamRules {
  using Accumulator = SpeechAccumulator;

  static constexpr bool ends_with_done = false;
  static constexpr std::string_view end = speech_done;

  static bool is_last(const SpeechStreamEvent& event, const Accumulator&, const Call&) {
    return event.type == speech_done;
  }

  /// The first audio is the commit point.
  static bool commits(JsonNode& event) { return tells(&event, "audio"); }

  /// The audio; see StreamTraits.
  static void each_changing_text(JsonNode& json, SpeechStreamEvent& event, const NoteText& take) {
    take(find_member(json, "audio"), event.audio);
  }
};

}  // namespace openailb::detail
