// Streams of client.audio: their events, what these add up to, where they commit and how they end.
#include "support/async.hpp"
#include "support/forms.hpp"
#include "support/resources.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::audio_stream_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const FileInput talk = file_from_bytes("talk.mp3", "ID3");

std::string text(const std::string& delta) {
  return sse_event(json{{"type", "transcript.text.delta"}, {"delta", delta}}.dump());
}
json all_said(const std::string& text) {
  return {{"type", "transcript.text.done"},
          {"text", text},
          {"logprobs", {{{"token", "I"}, {"logprob", -0.1}}}},
          {"usage", {{"type", "tokens"}, {"total_tokens", 46}}}};
}
std::string said(const std::string& text) { return sse_event(all_said(text).dump()); }

Stream<TranscriptionStreamEvent> listen_in(const Client& client) {
  return client.audio.transcriptions.stream({.model = "gpt-4o-transcribe", .file = talk});
}

std::string audio(const std::string& base64) {
  return sse_event(json{{"type", "speech.audio.delta"}, {"audio", base64}}.dump());
}
const json spoken_event = json::parse(R"({"type": "speech.audio.done",
  "usage": {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}})");
std::string spoken() { return sse_event(spoken_event.dump()); }

Stream<SpeechStreamEvent> speak(const Client& client) {
  return client.audio.speech.stream({.model = "gpt-4o-mini-tts", .input = "Hello", .voice = "alloy"});
}

/// Reads a stream to its end.
template <class Event>
std::vector<Event> read(Stream<Event>& stream) {
  std::vector<Event> all;
  while (auto one = stream.next()) all.push_back(*one);
  return all;
}

TEST(TranscriptionStream, GivesItsEventsAndAddsUpToTheTranscription) {
  OneEndpoint simulation(streaming(text("I") + text(" see") + text(" sk\\n") + said("I see skies")));
  auto stream = listen_in(simulation.client());
  EXPECT_THAT(wire(simulation), ElementsAre("POST /v1/audio/transcriptions"));
  EXPECT_THAT(form(simulation.request(0)),
              ElementsAre("model=gpt-4o-transcribe", "file=talk.mp3 (ID3)", "stream=true"));
  EXPECT_EQ(stream.next()->delta, "I");
  EXPECT_EQ(stream.next()->delta, " see");
  EXPECT_EQ(stream.completion().text, "I see");
  const auto rest = read(stream);
  EXPECT_FALSE(stream.error());
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[0].delta, " sk\\n");
  EXPECT_EQ(rest[1].type, "transcript.text.done");
  EXPECT_EQ(rest[1].text, "I see skies");
  EXPECT_TRUE(rest[1].extra.is_null());
  EXPECT_EQ(stream.completion().text, "I see skies") << "the server has the last word";
  EXPECT_EQ(stream.completion().usage.at("total_tokens"), 46);
  EXPECT_EQ(stream.completion().logprobs.at(0).at("token"), "I");
  EXPECT_EQ(stream.info().endpoint, "endpoint-0");
}

TEST(TranscriptionStream, AddsUpSegmentsAndLogprobs) {
  const std::string segment = sse_event(
      R"({"type":"transcript.text.segment","id":"seg_001","start":0.5,"end":4.75,"text":"Hi","speaker":"agent"})");
  const auto delta = [](const std::string& said) {
    return sse_event(json{{"type", "transcript.text.delta"},
                          {"delta", said},
                          {"segment_id", "seg_001"},
                          {"logprobs", {{{"token", said}}}}}
                         .dump());
  };
  OneEndpoint simulation(
      streaming(delta("Hi") + segment + delta(" you") + sse_event(R"({"type":"transcript.text.done"})")));
  auto stream = listen_in(simulation.client());
  const auto events = read(stream);
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(events.at(0).segment_id, "seg_001");
  const Transcription& whole = stream.completion();
  EXPECT_EQ(whole.text, "Hi you");
  ASSERT_EQ(whole.segments.size(), 1U);
  EXPECT_EQ(whole.segments[0].id, "seg_001");
  EXPECT_EQ(whole.segments[0].start, 0.5);
  EXPECT_EQ(whole.segments[0].end, 4.75);
  EXPECT_EQ(whole.segments[0].text, "Hi");
  EXPECT_EQ(whole.segments[0].speaker, "agent");
  EXPECT_EQ(whole.logprobs, json({{{"token", "Hi"}}, {{"token", " you"}}}));
}

TEST(TranscriptionStream, FailsOverUntilTheFirstWords) {
  const std::string error = sse_event(R"({"type":"error","error":{"message":"boom"}})");
  for (const std::string& nothing :
       {std::string(), text(""), sse_event(R"({"type":"transcript.of_tomorrow"})"), error, done()}) {
    Simulation simulation({{streaming(nothing)}, {streaming(text("Hi") + said("Hi"))}});
    auto stream = listen_in(simulation.client());
    EXPECT_EQ(stream.info().endpoint, "endpoint-1") << nothing;
    read(stream);
    EXPECT_FALSE(stream.error());
    EXPECT_EQ(stream.completion().text, "Hi");
    EXPECT_EQ(form(simulation.request(0)), form(simulation.request(1)));
  }
  Simulation simulation({{answering(R"({"text":"whole"})")}, {streaming(said("Hi"))}});
  EXPECT_EQ(listen_in(simulation.client()).info().endpoint, "endpoint-1");
}

TEST(TranscriptionStream, OfSilenceIsEmpty) {
  Simulation simulation({{streaming(said(""))}, {streaming(said("other"))}});
  auto stream = listen_in(simulation.client());
  read(stream);
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(stream.completion().text, "");
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

TEST(TranscriptionStream, IsTruncatedWithoutItsEnd) {
  for (const std::string& end : {std::string(), done()}) {
    OneEndpoint simulation(streaming(text("Hi") + text(" you") + end));
    auto stream = listen_in(simulation.client());
    read(stream);
    ASSERT_TRUE(stream.error()) << end;
    EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
    EXPECT_THAT(stream.error()->message, HasSubstr("it ended without transcript.text.done"));
    EXPECT_EQ(stream.completion().text, "Hi you");
  }
}

TEST(TranscriptionStream, NeedsAFile) {
  Simulation simulation({{ok()}});
  const auto stream = simulation.client().audio.transcriptions.stream({.model = "m"});
  EXPECT_EQ(stream.error()->message, "not sent: file is missing");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(TranscriptionStream, NothingOptionalLosesAnEvent) {
  const json delta = {{"type", "transcript.text.delta"},
                      {"delta", "Hi"},
                      {"segment_id", "seg_1"},
                      {"logprobs", {{{"token", "Hi"}}}}};
  for (const json& other : variations(delta, {"type", "delta"})) {
    OneEndpoint simulation(streaming(sse_event(other.dump())));
    auto stream = listen_in(simulation.client());
    read(stream);
    EXPECT_EQ(stream.completion().text, "Hi") << other;
  }
  for (const json& other : variations(all_said("Hi"), {"type", "text"})) {
    OneEndpoint simulation(streaming(sse_event(other.dump())));
    auto stream = listen_in(simulation.client());
    read(stream);
    EXPECT_FALSE(stream.error()) << other;
    EXPECT_EQ(stream.completion().text, "Hi") << other;
  }
}

TEST(SpeechStream, GivesItsEventsAndAddsUpToTheAudio) {
  OneEndpoint simulation(streaming(audio("SUQz") + audio("AP8=") + audio("AQ") + spoken()));
  auto stream = speak(simulation.client());
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/audio/speech {"model":"gpt-4o-mini-tts","input":"Hello",)"
                          R"("voice":"alloy","stream_format":"sse"})"));
  EXPECT_EQ(header(simulation.request(0).headers, "accept"), "text/event-stream");
  const auto events = read(stream);
  EXPECT_FALSE(stream.error());
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].audio, "SUQz");
  EXPECT_EQ(events[0].bytes(), "ID3");
  EXPECT_EQ(events[1].bytes(), std::string("\0\xff", 2));
  EXPECT_EQ(events[3].usage.at("total_tokens"), 115);
  EXPECT_TRUE(events[3].extra.is_null());
  EXPECT_EQ(stream.completion().content, std::string("ID3\0\xff\1", 6));
}

TEST(SpeechStream, FailsOverUntilTheFirstAudio) {
  const SimulatedAnswer bytes{.headers = {{"content-type", "audio/mpeg"}}, .body = "ID3"};
  for (const SimulatedAnswer& nothing :
       {streaming(""), streaming(audio("")), streaming(spoken()), streaming(done()), bytes, failing(503)}) {
    Simulation simulation({{nothing}, {streaming(audio("SUQz") + spoken())}});
    auto stream = speak(simulation.client());
    EXPECT_EQ(stream.info().endpoint, "endpoint-1") << nothing.body;
    read(stream);
    EXPECT_FALSE(stream.error());
    EXPECT_EQ(stream.completion().content, "ID3");
  }
}

TEST(SpeechStream, IsTruncatedWithoutItsEnd) {
  for (const std::string& end : {std::string(), done()}) {
    OneEndpoint simulation(streaming(audio("SUQz") + end));
    auto stream = speak(simulation.client());
    read(stream);
    ASSERT_TRUE(stream.error()) << end;
    EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
    EXPECT_THAT(stream.error()->message, HasSubstr("it ended without speech.audio.done"));
    EXPECT_EQ(stream.completion().content, "ID3");
  }
}

TEST(SpeechStream, IsInterruptedByAudioThatIsNoBase64) {
  OneEndpoint simulation(streaming(audio("SUQz") + audio("?") + spoken()));
  auto stream = speak(simulation.client());
  EXPECT_EQ(read(stream).size(), 1U);
  EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
  EXPECT_THAT(stream.error()->message, HasSubstr("not base64"));
  EXPECT_EQ(stream.completion().content, "ID3");
}

TEST(SpeechStream, NothingOptionalLosesItsEnd) {
  for (const json& other : variations(spoken_event, {"type"})) {
    OneEndpoint simulation(streaming(audio("SUQz") + sse_event(other.dump())));
    auto stream = speak(simulation.client());
    read(stream);
    EXPECT_FALSE(stream.error()) << other;
  }
}

TEST(AudioStreams, WaitForNothingAfterTheirEnd) {
  for (const Ending ending : {Ending::hang, Ending::reset, Ending::complete}) {
    OneEndpoint written(streaming(text("Hi") + said("Hi"), ending));
    auto transcript = listen_in(written.client());
    read(transcript);
    EXPECT_FALSE(transcript.error());
    EXPECT_EQ(written.elapsed().count(), 0);
    OneEndpoint read_out(streaming(audio("SUQz") + spoken(), ending));
    auto speech = speak(read_out.client());
    read(speech);
    EXPECT_FALSE(speech.error());
    EXPECT_EQ(read_out.elapsed().count(), 0);
  }
}

TEST(AudioStreams, WorkOnAnAsyncClient) {
  AsyncSimulation simulation(
      {{streaming(text("Hi") + said("Hi")), streaming(audio("SUQz") + spoken(), Ending::hang)}});
  const AsyncClient client = simulation.client();
  auto transcript = client.audio.transcriptions.stream({.model = "m", .file = talk})
                        .on_chunk([](const TranscriptionStreamEvent&) {});
  EXPECT_EQ(transcript.get()->text, "Hi");
  std::string heard;
  auto speech = client.audio.speech.stream({.model = "m", .input = "x", .voice = "v"})
                    .on_chunk([&](const SpeechStreamEvent& one) { heard += one.bytes(); });
  const auto whole = speech.get();
  EXPECT_EQ(whole->content, "ID3");
  EXPECT_EQ(whole->info.endpoint, "endpoint-0");
  EXPECT_EQ(heard, "ID3");
}

}  // namespace
}  // namespace openailb::audio_stream_test
