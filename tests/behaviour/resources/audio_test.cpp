// client.audio: forms and texts, and audio as bytes.
#include "support/async.hpp"
#include "support/forms.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace openailb::audio_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// From OpenAI's documentation.
const json verbose = json::parse(R"({"task": "transcribe", "language": "english", "duration": 8.470000267,
  "text": "The beach was a popular spot on a hot summer day.",
  "segments": [{"id": 0, "seek": 0, "start": 0.0, "end": 3.319999933, "text": " The beach was a popular spot",
    "tokens": [50364, 440, 7534], "temperature": 0.0, "avg_logprob": -0.2860786, "compression_ratio": 1.2363,
    "no_speech_prob": 0.00985}],
  "words": [{"word": "The", "start": 0.0, "end": 0.23999}],
  "usage": {"type": "duration", "seconds": 9}})");
const json diarized = json::parse(R"({"task": "transcribe", "duration": 27.4, "text": "Agent: Thanks",
  "segments": [{"type": "transcript.text.segment", "id": "seg_001", "start": 0.0, "end": 4.7,
    "text": "Thanks for calling", "speaker": "agent"}]})");

const FileInput talk = file_from_bytes("talk.mp3", "ID3");

SimulatedAnswer text(std::string body, const char* type = "text/plain; charset=utf-8") {
  return {.headers = {{"content-type", type}}, .body = std::move(body)};
}
SimulatedAnswer bytes(std::string body) { return text(std::move(body), "audio/mpeg"); }

TEST(Transcriptions, Create) {
  Simulation simulation(
      {{answering(R"({"text":"Hello","logprobs":[{"token":"Hello"}],"usage":{"type":"tokens"}})")}});
  const auto said =
      simulation.client().audio.transcriptions.create({.model = "gpt-4o-transcribe", .file = talk});
  EXPECT_THAT(wire(simulation), ElementsAre("POST /v1/audio/transcriptions"));
  EXPECT_THAT(form(simulation.request(0)), ElementsAre("model=gpt-4o-transcribe", "file=talk.mp3 (ID3)"));
  EXPECT_EQ(said->text, "Hello");
  EXPECT_EQ(said->logprobs.at(0).at("token"), "Hello");
  EXPECT_EQ(said->usage.at("type"), "tokens");
  EXPECT_EQ(said->info.endpoint, "endpoint-0");
}

TEST(Transcriptions, CreateWithAllThatCanBeSet) {
  Simulation simulation({{answering(verbose.dump())}});
  const auto said = simulation.client().audio.transcriptions.create(
      {.model = "whisper-1",
       .file = talk,
       .chunking_strategy = {{"type", "server_vad"}, {"threshold", 0.5}},
       .include = {"logprobs"},
       .known_speaker_names = {"a", "b"},
       .known_speaker_references = {"data:audio/wav;base64,AA"},
       .language = "en",
       .prompt = "",
       .response_format = "verbose_json",
       .temperature = 0.25,
       .timestamp_granularities = {"word", "segment"}});
  EXPECT_THAT(form(simulation.request(0)),
              ElementsAre("model=whisper-1", "file=talk.mp3 (ID3)", "chunking_strategy[type]=server_vad",
                          "chunking_strategy[threshold]=0.5", "include[]=logprobs", "known_speaker_names[]=a",
                          "known_speaker_names[]=b", "known_speaker_references[]=data:audio/wav;base64,AA",
                          "language=en", "prompt=", "response_format=verbose_json", "temperature=0.25",
                          "timestamp_granularities[]=word", "timestamp_granularities[]=segment"));
  EXPECT_EQ(said->task, "transcribe");
  EXPECT_EQ(said->language, "english");
  EXPECT_DOUBLE_EQ(*said->duration, 8.470000267);
  EXPECT_EQ(said->text, "The beach was a popular spot on a hot summer day.");
  const TranscriptionSegment& segment = said->segments.at(0);
  EXPECT_EQ(segment.id, "0");
  EXPECT_EQ(segment.seek, 0);
  EXPECT_EQ(segment.start, 0.0);
  EXPECT_DOUBLE_EQ(segment.end, 3.319999933);
  EXPECT_EQ(segment.text, " The beach was a popular spot");
  EXPECT_THAT(segment.tokens, ElementsAre(50364, 440, 7534));
  EXPECT_EQ(segment.temperature, 0.0);
  EXPECT_DOUBLE_EQ(*segment.avg_logprob, -0.2860786);
  EXPECT_DOUBLE_EQ(*segment.compression_ratio, 1.2363);
  EXPECT_DOUBLE_EQ(*segment.no_speech_prob, 0.00985);
  EXPECT_EQ(said->words.at(0).word, "The");
  EXPECT_EQ(said->words[0].start, 0.0);
  EXPECT_DOUBLE_EQ(said->words[0].end, 0.23999);
  EXPECT_TRUE(said->extra.is_null());
}

TEST(Transcriptions, TellWhoSpoke) {
  Simulation simulation({{answering(diarized.dump())}});
  const auto said = simulation.client().audio.transcriptions.create(
      {.model = "m", .file = talk, .chunking_strategy = "auto", .response_format = "diarized_json"});
  EXPECT_THAT(form(simulation.request(0)),
              ElementsAre("model=m", "file=talk.mp3 (ID3)", "chunking_strategy=auto",
                          "response_format=diarized_json"));
  EXPECT_EQ(said->segments.at(0).id, "seg_001");
  EXPECT_EQ(said->segments[0].speaker, "agent");
  EXPECT_EQ(said->segments[0].extra, json({{"type", "transcript.text.segment"}}));
}

TEST(Transcriptions, AreTextWhereTextIsAskedFor) {
  const std::string subtitles = "1\n00:00:00,000 --> 00:00:03,320\nThe beach\n\n";
  for (const char* format : {"text", "srt", "vtt"}) {
    for (const std::string& body : {subtitles, std::string(), std::string("null")}) {
      Simulation simulation({{text(body)}});
      const Client client = simulation.client();
      EXPECT_EQ(
          client.audio.transcriptions.create({.model = "whisper-1", .file = talk, .response_format = format})
              ->text,
          body);
      EXPECT_EQ(
          client.audio.translations.create({.model = "whisper-1", .file = talk, .response_format = format})
              ->text,
          body);
    }
  }
}

TEST(Transcriptions, OfServersThatKnowOnlyJsonAreRead) {
  Simulation simulation({{text(R"({"text":"Hello"})", "application/json")}});
  EXPECT_EQ(simulation.client()
                .audio.transcriptions.create({.model = "m", .file = talk, .response_format = "text"})
                ->text,
            "Hello");
}

TEST(Transcriptions, ThatAreNonsenseFailOver) {
  const std::vector<SimulatedAnswer> nonsense{text("<html><title>Sign in</title></html>"),
                                              text(R"({"error":{"message":"boom"}})", "application/json"),
                                              text("{}", "application/json")};
  for (const SimulatedAnswer& one : nonsense) {
    for (const char* format : {"text", "json", "verbose_json"}) {
      Simulation simulation({{one}, {text(R"({"text":"Hello"})", "application/json")}});
      const auto said = simulation.client().audio.transcriptions.create(
          {.model = "m", .file = talk, .response_format = format});
      EXPECT_EQ(said->info.endpoint, "endpoint-1") << one.body << format;
    }
  }
  Simulation simulation({{bytes(std::string("ID3\0", 4))}});
  const Error error = simulation.client()
                          .audio.transcriptions.create({.model = "m", .file = talk}, {.max_retries = 0})
                          .error();
  EXPECT_EQ(error.kind, ErrorKind::parse);
  EXPECT_THAT(error.message, HasSubstr("something that is not JSON"));
}

TEST(Transcriptions, ThatCannotBeSentAreNot) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  EXPECT_EQ(client.audio.transcriptions.create({.file = talk}).error().message, "not sent: model is empty");
  EXPECT_EQ(client.audio.transcriptions.create({.model = "m"}).error().message, "not sent: file is missing");
  EXPECT_EQ(client.audio.translations.create({.model = "m", .file = openailb::file("/")}).error().message,
            "not sent: the file / is a directory");
  EXPECT_EQ(client.audio.transcriptions
                .create({.model = "m", .file = talk, .temperature = std::numeric_limits<double>::infinity()})
                .error()
                .message,
            "not sent: temperature is not a finite number");
  EXPECT_EQ(
      client.audio.transcriptions.create({.model = "m", .file = talk}, {.extra_body = {{"stream", true}}})
          .error()
          .message,
      "not sent: \"stream\": true needs the stream() method");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Transcriptions, HaveEachEndpointsModel) {
  Simulation simulation({{failing(500)}, {answering(R"({"text":"Hello"})")}});
  simulation.endpoints[1].model_map = {{"whisper-1", "whisper-large-v3"}};
  ASSERT_TRUE(simulation.client().audio.transcriptions.create({.model = "whisper-1", .file = talk}));
  EXPECT_EQ(form(simulation.request(0)).at(0), "model=whisper-1");
  EXPECT_EQ(form(simulation.request(1)).at(0), "model=whisper-large-v3");
}

TEST(Transcriptions, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(verbose, {"text"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().audio.transcriptions.create({.model = "m", .file = talk})->text,
              "The beach was a popular spot on a hot summer day.")
        << other;
  }
  for (const json& other : variations(verbose["segments"][0], {"text"})) {
    json answer = verbose;
    answer["segments"][0] = other;
    Simulation simulation({{answering(answer.dump())}});
    const auto said = simulation.client().audio.transcriptions.create({.model = "m", .file = talk});
    EXPECT_EQ(said->segments.at(0).text, " The beach was a popular spot") << other;
  }
}

TEST(Translations, Create) {
  Simulation simulation({{answering(R"({"text":"Hello, my name is Wolfgang"})")}});
  const auto said = simulation.client().audio.translations.create(
      {.model = "whisper-1", .file = talk, .prompt = "p", .response_format = "json", .temperature = 1});
  EXPECT_THAT(wire(simulation), ElementsAre("POST /v1/audio/translations"));
  EXPECT_THAT(form(simulation.request(0)), ElementsAre("model=whisper-1", "file=talk.mp3 (ID3)", "prompt=p",
                                                       "response_format=json", "temperature=1.0"));
  EXPECT_EQ(said->text, "Hello, my name is Wolfgang");
}

TEST(Speech, Create) {
  const std::string audio("ID3\x04\0\xff", 6);
  Simulation simulation({{bytes(audio)}});
  const Client client = simulation.client();
  const auto spoken = client.audio.speech.create({.model = "gpt-4o-mini-tts",
                                                  .input = "The quick brown fox",
                                                  .voice = "alloy",
                                                  .instructions = "cheerful",
                                                  .response_format = "mp3",
                                                  .speed = 1.25,
                                                  .stream_format = "audio"});
  ASSERT_TRUE(client.audio.speech.create({.model = "m", .input = "x", .voice = {{"id", "voice_1"}}}));
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/audio/speech {"model":"gpt-4o-mini-tts","input":"The quick brown fox",)"
                          R"("voice":"alloy","instructions":"cheerful","response_format":"mp3","speed":1.25,)"
                          R"("stream_format":"audio"})",
                          R"(POST /v1/audio/speech {"model":"m","input":"x","voice":{"id":"voice_1"}})"));
  EXPECT_EQ(spoken->content, audio);
  EXPECT_EQ(spoken->info.endpoint, "endpoint-0");
  EXPECT_EQ(header(simulation.request(0).headers, "accept"), "*/*");
}

TEST(Speech, ThatIsNoAudioFailsOver) {
  const std::vector<SimulatedAnswer> nonsense{
      bytes(""), text("<!doctype html><title>Sign in</title>", "text/html"),
      text(R"({"error":{"message":"boom"}})", "application/json"), text("{}", "application/json")};
  for (const SimulatedAnswer& one : nonsense) {
    Simulation simulation({{one}, {bytes("ID3")}});
    const auto spoken = simulation.client().audio.speech.create({.model = "m", .input = "x", .voice = "v"});
    EXPECT_EQ(spoken->info.endpoint, "endpoint-1") << one.body;
  }
}

TEST(Audio, IsTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{bytes("ID3")}});
  const AsyncClient client = simulation.client();
  auto spoken = client.audio.speech.create({.model = "m", .input = "x", .voice = "v"});
  EXPECT_EQ(spoken.get()->content, "ID3");
  auto said = client.audio.transcriptions.create({.model = "m", .file = talk, .response_format = "text"});
  EXPECT_EQ(said.get()->text, "ID3");
}

}  // namespace
}  // namespace openailb::audio_test
