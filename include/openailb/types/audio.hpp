#pragma once

#include <openailb/values/braces.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// Speech that is to be written down, in its own language.
struct TranscriptionCreateParams {
  OnlyByName only_by_name{};
  Text model{};                                ///< "whisper-1", "gpt-4o-transcribe", ...
  FileInput file{};                            ///< `openailb::file("talk.mp3")`
  nlohmann::ordered_json chunking_strategy{};  ///< "auto", or {"type": "server_vad", ...}
  TextList include{};                          ///< "logprobs"
  TextList known_speaker_names{};
  TextList known_speaker_references{};  ///< data: URLs of what they sound like
  std::optional<Text> language{};       ///< ISO 639-1, such as "en"
  std::optional<Text> prompt{};         ///< guides the style, or continues earlier audio
  /// "json" (the default), "verbose_json", "diarized_json", "text", "srt" or "vtt"
  std::optional<Text> response_format{};
  std::optional<double> temperature{};
  TextList timestamp_granularities{};  ///< "word", "segment"; needs "verbose_json"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("model", self.model);
    field.required("file", self.file);
    field("chunking_strategy", self.chunking_strategy);
    field("include", self.include);
    field("known_speaker_names", self.known_speaker_names);
    field("known_speaker_references", self.known_speaker_references);
    field("language", self.language);
    field("prompt", self.prompt);
    field("response_format", self.response_format);
    field("temperature", self.temperature);
    field("timestamp_granularities", self.timestamp_granularities);
  }
};

/// Speech that is to be written down in English.
struct TranslationCreateParams {
  OnlyByName only_by_name{};
  Text model{};                           ///< "whisper-1"
  FileInput file{};                       ///< `openailb::file("talk.mp3")`
  std::optional<Text> prompt{};           ///< in English
  std::optional<Text> response_format{};  ///< "json" (the default), "verbose_json", "text", "srt", "vtt"
  std::optional<double> temperature{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("model", self.model);
    field.required("file", self.file);
    field("prompt", self.prompt);
    field("response_format", self.response_format);
    field("temperature", self.temperature);
  }
};

/// A word, with its times in seconds.
struct TranscriptionWord {
  std::string word{};
  double start{};
  double end{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("word", self.word);
    field("start", self.start);
    field("end", self.end);
    field.rest(self.extra);
  }
};

/// A stretch of speech, with its times in seconds.
struct TranscriptionSegment {
  std::string id{};  ///< "0" of "verbose_json", "seg_001" of "diarized_json"
  double start{};
  double end{};
  std::string text{};
  std::string speaker{};  ///< of "diarized_json"
  std::optional<double> avg_logprob{};
  std::optional<double> compression_ratio{};
  std::optional<double> no_speech_prob{};
  std::optional<std::int64_t> seek{};
  std::optional<double> temperature{};
  std::vector<std::int64_t> tokens{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("start", self.start);
    field("end", self.end);
    field("text", self.text);
    field("speaker", self.speaker);
    field("avg_logprob", self.avg_logprob);
    field("compression_ratio", self.compression_ratio);
    field("no_speech_prob", self.no_speech_prob);
    field("seek", self.seek);
    field("temperature", self.temperature);
    field("tokens", self.tokens);
    field.rest(self.extra);
  }
};

/// What was said. Of the formats "text", "srt" and "vtt" there is only `text`, which is then the whole
/// answer.
struct Transcription {
  std::string text{};
  std::optional<double> duration{};  ///< in seconds
  std::string language{};            ///< such as "english"
  nlohmann::json logprobs{};         ///< if they were asked for
  std::vector<TranscriptionSegment> segments{};
  std::string task{};  ///< "transcribe" or "translate"
  nlohmann::json usage{};
  std::vector<TranscriptionWord> words{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("text", self.text);
    field("duration", self.duration);
    field("language", self.language);
    field("logprobs", self.logprobs);
    field("segments", self.segments);
    field("task", self.task);
    field("usage", self.usage);
    field("words", self.words);
    field.rest(self.extra);
  }
};

/// What was said, in English.
using Translation = Transcription;

/// Text that is to be spoken.
struct SpeechCreateParams {
  OnlyByName only_by_name{};
  Text model{};                           ///< "tts-1", "gpt-4o-mini-tts", ...
  Text input{};                           ///< the text
  nlohmann::ordered_json voice{};         ///< a name such as "alloy", or {"id": ...} for your own
  std::optional<Text> instructions{};     ///< how it is to sound
  std::optional<Text> response_format{};  ///< "mp3" (the default), "opus", "aac", "flac", "wav" or "pcm"
  std::optional<double> speed{};          ///< 0.25 to 4
  std::optional<Text> stream_format{};    ///< "audio", or "sse" for events; stream() sets it

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("model", self.model);
    field.required("input", self.input);
    field.required("voice", self.voice);
    field("instructions", self.instructions);
    field("response_format", self.response_format);
    field("speed", self.speed);
    field("stream_format", self.stream_format);
  }
};

}  // namespace openailb
