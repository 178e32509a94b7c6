#pragma once

#include <openailb/result.hpp>
#include <openailb/types/audio.hpp>
#include <openailb/values/binary_response.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

namespace openailb {

/// One event of speech that is written down. An event "error" is not among them: it ends the stream with an
/// error.
struct TranscriptionStreamEvent {
  using Completion = Transcription;  ///< what the events of a stream add up to

  std::string type{};   ///< "transcript.text.delta", "transcript.text.segment" or "transcript.text.done"
  std::string delta{};  ///< of "....delta": what is new of the text
  std::string text{};   ///< of "....segment": its text; of "....done": the whole text
  std::string id{};     ///< of "....segment", like the three that follow
  double start{};       ///< in seconds
  double end{};         ///< in seconds
  std::string speaker{};
  std::string segment_id{};   ///< of "....delta": the segment that it belongs to, if speakers are told apart
  nlohmann::json logprobs{};  ///< how likely each token was, if it was asked for
  nlohmann::json usage{};     ///< of "....done"
  nlohmann::json extra{};     ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field("delta", self.delta);
    field("text", self.text);
    field("id", self.id);
    field("start", self.start);
    field("end", self.end);
    field("speaker", self.speaker);
    field("segment_id", self.segment_id);
    field("logprobs", self.logprobs);
    field("usage", self.usage);
    field.rest(self.extra);
  }
};

/// Puts the events of a stream together into the answer that would have come without streaming.
class TranscriptionAccumulator {
 public:
  /// Adds an event.
  Result<void> add(const TranscriptionStreamEvent& event);

  /// What has accumulated so far.
  const Transcription& completion() const& { return transcription_; }
  Transcription completion() && { return std::move(transcription_); }

  /// Whether the event has come that ends a stream.
  bool finished() const { return is_finished_; }

 private:
  Transcription transcription_;
  bool is_finished_{};
};

/// One event of text that is spoken. An event "error" is not among them: it ends the stream with an error.
struct SpeechStreamEvent {
  using Completion = BinaryResponse;  ///< the audio of all events of a stream

  std::string type{};      ///< "speech.audio.delta" or "speech.audio.done"
  std::string audio{};     ///< of "....delta": what is new of the audio, in base64
  nlohmann::json usage{};  ///< of "....done": what it cost
  nlohmann::json extra{};  ///< members that have no name here

  /// What is new of the audio.
  std::string bytes() const;

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field("audio", self.audio);
    field("usage", self.usage);
    field.rest(self.extra);
  }
};

/// Puts the audio of a stream's events together.
class SpeechAccumulator {
 public:
  /// Adds an event. Audio that is not base64 is an error of kind parse, and nothing is added.
  Result<void> add(const SpeechStreamEvent& event);

  /// What has accumulated so far.
  const BinaryResponse& completion() const& { return speech_; }
  BinaryResponse completion() && { return std::move(speech_); }

  /// Whether the event has come that ends a stream.
  bool finished() const { return is_finished_; }

 private:
  BinaryResponse speech_;
  bool is_finished_{};
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/audio_event.hpp>
#endif
