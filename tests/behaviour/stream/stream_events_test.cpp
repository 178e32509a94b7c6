// What the events of a stream mean, from the bytes of an answer to what a caller sees.
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::test::stream_events_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Heard hear_one(SimulatedAnswer answer) {
  OneEndpoint simulation(std::move(answer));
  const Heard heard = hear(simulation.client());
  EXPECT_EQ(simulation.network.in_flight(), 0u);
  EXPECT_EQ(simulation.sent.size(), 1u);
  return heard;
}

/// The error of a stream that says this before anything else.
Error error_of(std::string bytes) {
  OneEndpoint simulation(streaming(std::move(bytes)));
  auto stream = ask_to_stream(simulation.client());
  EXPECT_FALSE(stream.next());
  EXPECT_TRUE(stream.error());
  return stream.error().value_or(Error{});
}

/// The error of a stream that says this after its first token.
Error later_error_of(const std::string& bytes) {
  OneEndpoint simulation(streaming(says("a") + bytes));
  auto stream = ask_to_stream(simulation.client());
  EXPECT_TRUE(stream.next());
  EXPECT_FALSE(stream.next());
  EXPECT_TRUE(stream.error());
  return stream.error().value_or(Error{});
}

struct Case {
  std::string name;
  std::string bytes;
  ErrorKind kind;  // when nothing has come before it
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class BrokenEvents : public ::testing::TestWithParam<Case> {};

TEST_P(BrokenEvents, AreAnErrorWithAKindOfItsOwnBeforeTheFirstToken) {
  EXPECT_EQ(error_of(GetParam().bytes).kind, GetParam().kind);
}

TEST_P(BrokenEvents, InterruptTheStreamAfterIt) {
  EXPECT_EQ(later_error_of(GetParam().bytes).kind, ErrorKind::stream_interrupted);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BrokenEvents,
    ::testing::Values(Case{"NothingAtAll", "", ErrorKind::connection},
                      Case{"CommentsOnly", ": a\n\n: b\n\n", ErrorKind::connection},
                      Case{"HalfAnEvent", "event: update\ndata: hello", ErrorKind::connection},
                      Case{"HalfADone", "data: [DONE]", ErrorKind::connection},
                      Case{"EmptyData", "data:\n\n", ErrorKind::parse},
                      Case{"NotJson", "data: not json\n\n", ErrorKind::parse},
                      Case{"HalfAnObject", "data: {\"choices\":\n\n", ErrorKind::parse},
                      Case{"AnError", sse_event(error_json("overheated", 500)), ErrorKind::internal_server},
                      Case{"AnErrorWithoutACode", sse_event(error_json("overheated")), ErrorKind::api},
                      Case{"AnErrorString", sse_event(R"({"error":"boom"})"), ErrorKind::api},
                      Case{"AnErrorObject", sse_event(R"({"object":"error","message":"no such","code":404})"),
                           ErrorKind::not_found},
                      Case{"AnErrorEvent", "event: error\ndata: {\"message\":\"slow down\",\"code\":429}\n\n",
                           ErrorKind::rate_limit},
                      Case{"AnErrorEventInWords", "event: error\ndata: upstream went away\n\n",
                           ErrorKind::api}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(StreamEvents, AnErrorKeepsItsFields) {
  const std::string data =
      R"({"error":{"message":"too fast","type":"requests","param":"n","code":"rate_limit_exceeded"}})";
  for (const Error& error : {error_of(sse_event(data)), later_error_of(sse_event(data))}) {
    EXPECT_THAT(error.message, HasSubstr("too fast"));
    EXPECT_EQ(error.type, "requests");
    EXPECT_EQ(error.param, "n");
    EXPECT_EQ(error.code, "rate_limit_exceeded");
    EXPECT_EQ(error.status, 429);
    EXPECT_EQ(error.endpoint, "endpoint-0");
    EXPECT_EQ(error.body, data);
  }
}

TEST(StreamEvents, AnErrorEventHasItsFieldsWithoutAnErrorMember) {
  const Error error = error_of("event: error\ndata: {\"message\":\"bad\",\"type\":\"server_error\"}\n\n");
  EXPECT_THAT(error.message, HasSubstr("bad"));
  EXPECT_EQ(error.type, "server_error");
}

TEST(StreamEvents, WhatIsNotJsonIsKeptButNotRepeatedInTheMessage) {
  for (const Error& error : {error_of(sse_event("a secret")), later_error_of(sse_event("a secret"))}) {
    EXPECT_THAT(error.message, Not(HasSubstr("secret")));
    EXPECT_EQ(error.body, "a secret");
  }
}

TEST(StreamEvents, AGoodEventComesBeforeTheErrorThatFollowsIt) {
  const Heard heard = hear_one(streaming(says("a") + sse_event(error_json("boom")) + says("b") + done()));
  EXPECT_THAT(heard.texts, ElementsAre("a"));
  EXPECT_EQ(heard.kind, ErrorKind::stream_interrupted);
}

TEST(StreamEvents, AnErrorEventIsNoTokenHoweverMuchItLooksLikeOne) {
  const Heard heard = hear_one(streaming(says("a") + "event: error\n" + says("b") + done()));
  EXPECT_THAT(heard.texts, ElementsAre("a"));
  EXPECT_EQ(heard.kind, ErrorKind::stream_interrupted);
}

TEST(StreamEvents, ANullErrorIsIgnored) {
  const Heard heard = hear_one(
      streaming(sse_event(R"({"error":null,"choices":[{"index":0,"delta":{"content":"a"}}]})") + done()));
  EXPECT_THAT(heard.texts, ElementsAre("a"));
  EXPECT_FALSE(heard.kind);
}

TEST(StreamEvents, DoneEndsTheStreamWithoutWaitingForTheConnection) {
  const Heard heard = hear_one(streaming(whole("a"), Ending::hang));
  EXPECT_THAT(heard.texts, ElementsAre("", "a", ""));
  EXPECT_FALSE(heard.kind);
}

TEST(StreamEvents, WhatFollowsDoneIsIgnored) {
  for (const std::string& more : {sse_event(error_json("boom")), sse_event("invalid_response"), says("b"),
                                  done(), std::string("data: half")}) {
    for (const Ending ending : {Ending::complete, Ending::reset, Ending::hang}) {
      const Heard heard = hear_one(streaming(says("a") + done() + more, ending));
      EXPECT_THAT(heard.texts, ElementsAre("a"));
      EXPECT_FALSE(heard.kind);
    }
  }
}

TEST(StreamEvents, DoneNeedsNoSpaceAndAnyLineEnd) {
  for (const std::string_view end :
       {"data:[DONE]\r\n\r\n", "data: [DONE]\r\r", "event: done\ndata: [DONE]\n\n", "data:[DONE]\n\n"}) {
    EXPECT_FALSE(hear_one(streaming(says("a") + std::string(end), Ending::hang)).kind) << end;
  }
}

TEST(StreamEvents, DoneMayHaveMoreAfterIt) {
  for (const char* data : {"[DONE] ", "[DONE]\t", "[DONE] {}"}) {
    OneEndpoint simulation(streaming(says("a") + sse_event(data)));
    auto stream = ask_to_stream(simulation.client());
    EXPECT_EQ(listen(stream).kind, std::nullopt) << data;
  }
}

TEST(StreamEvents, AnEndAfterAFinishReasonNeedsNoDone) {
  const Heard heard = hear_one(streaming(says("a") + finish()));
  EXPECT_THAT(heard.texts, ElementsAre("a", ""));
  EXPECT_FALSE(heard.kind);
}

TEST(StreamEvents, AHalfEventAtTheEndIsDiscarded) {
  EXPECT_THAT(hear_one(streaming(says("a") + finish() + "data: {\"cho")).texts, ElementsAre("a", ""));
  const Heard heard = hear_one(streaming(says("a") + "data:partial\n", Ending::reset));
  EXPECT_THAT(heard.texts, ElementsAre("a"));
  EXPECT_EQ(heard.kind, ErrorKind::stream_interrupted);
}

TEST(StreamEvents, CommentsRetryAndTheByteOrderMarkSayNothing) {
  const Heard heard =
      hear_one(streaming("\xEF\xBB\xBF: OPENROUTER PROCESSING\n\n" + says("a") +
                         "retry: 3000\n\n: ping\n\nid: 7\n\nevent: ping\n\n" + says("b") + done()));
  EXPECT_THAT(heard.texts, ElementsAre("a", "b"));
  EXPECT_FALSE(heard.kind);
}

TEST(StreamEvents, AnEventIsDeliveredWhenItsLastCarriageReturnIsThere) {
  std::string data = says("a");
  data.replace(data.size() - 2, 2, "\r\r");
  SimulatedAnswer answer{.body = data, .pieces = {{1ms, "\n"}, {1ms, done()}}};
  OneEndpoint simulation(answer);
  auto stream = ask_to_stream(simulation.client());
  EXPECT_TRUE(stream.next());
  EXPECT_EQ(simulation.elapsed(), 0ms);
  EXPECT_FALSE(stream.next());
  EXPECT_FALSE(stream.error());
}

TEST(StreamEvents, AnEventThatIsTooLargeInterrupts) {
  OneEndpoint simulation(
      dripping({says("a"), "data: " + std::string(900'000, 'x'), std::string(900'000, 'x')}, 1ms));
  simulation.options.max_response_size = 700'000;
  EXPECT_EQ(hear(simulation.client()).kind, ErrorKind::stream_interrupted);
}

TEST(StreamEvents, AnEventAboveASmallLimitIsRefused) {
  OneEndpoint simulation(dripping({says("a"), says(std::string(2'000, 'x')), done()}, 1ms));
  simulation.options.max_response_size = 1'000;
  EXPECT_EQ(hear(simulation.client()).kind, ErrorKind::stream_interrupted);
}

/// What a stream says has nothing to do with how the network cuts it up.
TEST(StreamEvents, AStreamIsTheSameHoweverItIsCut) {
  const std::string bytes = "\xEF\xBB\xBF" + role() + ": ping\r\n\r\n" + says("h\xC3\xA9") + says("llo") +
                            "data: {\"id\":\"c1\",\r\ndata: \"choices\":[]}\r\n\r\n" + finish() + done();
  const std::vector<std::string> expected{"", "h\xC3\xA9", "llo", "", ""};
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    const SimulatedAnswer cut{.body = bytes.substr(0, at), .pieces = {{1ms, bytes.substr(at)}}};
    const Heard heard = hear_one(cut);
    ASSERT_EQ(heard.texts, expected) << "cut at " << at;
    ASSERT_FALSE(heard.kind) << "cut at " << at;
  }
  std::vector<std::string> single;
  for (const char byte : bytes) single.emplace_back(1, byte);
  EXPECT_EQ(hear_one(dripping(single, 1us)).texts, expected);
}

TEST(StreamEvents, OneThatBeginsWithNulIsAStreamWhereverItIsCut) {
  const std::string bytes = std::string(1, '\0') + "{\n" + whole("hello");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const SimulatedAnswer cut{.body = bytes.substr(0, at), .pieces = {{1ms, bytes.substr(at)}}};
    ASSERT_THAT(hear_one(cut).texts, ElementsAre("", "hello", "")) << "cut at " << at;
  }
}

/// An answer that is no stream.
struct Document {
  std::string name;
  std::string body;
  ErrorKind kind{ErrorKind::parse};
};

void PrintTo(const Document& document, std::ostream* out) { *out << document.name; }

class Documents : public ::testing::TestWithParam<Document> {};

TEST_P(Documents, AreAnErrorThatSaysSoHoweverTheyAreCut) {
  const std::string& body = GetParam().body;
  for (std::size_t at = 0; at <= body.size(); ++at) {
    const SimulatedAnswer cut{.body = body.substr(0, at), .pieces = {{1ms, body.substr(at)}}};
    OneEndpoint simulation(cut);
    auto stream = ask_to_stream(simulation.client());
    ASSERT_FALSE(stream.next());
    ASSERT_TRUE(stream.error());
    ASSERT_EQ(stream.error()->kind, GetParam().kind) << "cut at " << at;
    ASSERT_EQ(stream.error()->body, body.substr(body.size() - stream.error()->body.size()));
    ASSERT_GE(stream.error()->body.size(), body.size() - body.find_first_not_of(" \r\n")) << "cut at " << at;
    if (GetParam().kind == ErrorKind::parse) {
      ASSERT_THAT(stream.error()->message, HasSubstr("stream"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Documents,
    ::testing::Values(Document{"Completion", completion_json()}, Document{"List", "[1, 2]"},
                      Document{"Blanks", "\r\n  \n" + completion_json()},
                      Document{"Html", "<!DOCTYPE html>\n<html>\n\n<p>data: x</p>\n\n</html>\n"},
                      Document{"AnError", error_json("no", 400), ErrorKind::bad_request}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(StreamEvents, ADocumentThatIsCutOffIsABrokenConnection) {
  const Error error = [] {
    OneEndpoint simulation(streaming(R"({"choices": [{"mess)", Ending::reset));
    return ask_to_stream(simulation.client()).error().value_or(Error{});
  }();
  EXPECT_EQ(error.kind, ErrorKind::connection);
}

}  // namespace
}  // namespace openailb::test::stream_events_test
