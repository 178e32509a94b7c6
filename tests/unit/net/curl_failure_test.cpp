// What is made of what libcurl tells of a transfer that has failed.
#include <openailb/detail/net/curl_failure.hpp>
#include <openailb/detail/net/local_fault.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>

namespace openailb::curl_failure_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// The end of a transfer on a connection that was kept, before a byte of the answer came.
CurlEnd on_kept_connection(CURLcode code) {
  return {.code = code,
          .reason = "as libcurl says",
          .host = "api.example:8443",
          .sent = Sent::all,
          .since_sent = 10ms,
          .connection_was_kept = true};
}

TEST(LocalFault, IsAShortageOfThisMachine) {
  for (const int error : {EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL}) {
    EXPECT_NE(local_fault(CURLE_COULDNT_CONNECT, error, {}), "") << error;
    EXPECT_NE(local_fault(CURLE_COULDNT_CONNECT, 0, {.error = error, .ipv4 = true}), "") << error;
    EXPECT_EQ(local_fault(CURLE_RECV_ERROR, error, {}), "") << error;
  }
  for (const int error : {0, ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EHOSTUNREACH}) {
    EXPECT_EQ(local_fault(CURLE_COULDNT_CONNECT, error, {}), "") << error;
  }
  EXPECT_EQ(local_fault(CURLE_COULDNT_RESOLVE_HOST, EMFILE, {}), "") << "there are files";
}

TEST(LocalFault, IsNoneWhenOnlyIpv6IsMissing) {
  EXPECT_EQ(local_fault(CURLE_COULDNT_CONNECT, EADDRNOTAVAIL, {.ipv4 = true, .ipv6 = true}), "");
  EXPECT_NE(local_fault(CURLE_COULDNT_CONNECT, EMFILE, {.ipv4 = true, .ipv6 = true}), "");
}

TEST(LocalFault, IsSaidAsWhatItIs) {
  const TransferFailure failure = failure_of(
      {.code = CURLE_COULDNT_CONNECT, .host = "api.example", .local_fault = "Too many open files"});
  EXPECT_TRUE(failure.is_local);
  EXPECT_EQ(failure.kind, ErrorKind::connection);
  EXPECT_EQ(failure.sent, Sent::nothing);
  EXPECT_THAT(failure.message, HasSubstr("Too many open files"));
}

TEST(KeptConnection, HadDiedBeforeTheRequestWentOut) {
  for (const CURLcode code : {CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
                              CURLE_GOT_NOTHING, CURLE_ABORTED_BY_CALLBACK}) {
    const TransferFailure failure = failure_of(on_kept_connection(code));
    EXPECT_TRUE(failure.connection_was_idle) << code;
    EXPECT_EQ(failure.kind, ErrorKind::connection);
    EXPECT_EQ(failure.message, "the idle connection to api.example:8443 had died");
  }
}

TEST(KeptConnection, HadNotDiedWhenThatShowsLater) {
  for (const CURLcode code : {CURLE_HTTP2, CURLE_RECV_ERROR, CURLE_ABORTED_BY_CALLBACK}) {
    CurlEnd end = on_kept_connection(code);
    end.since_sent = 1s;
    EXPECT_FALSE(failure_of(end).connection_was_idle) << code;
    EXPECT_EQ(failure_of(end).sent, Sent::all);
  }
}

TEST(KeptConnection, HadNotDiedWhenAnAnswerBegan) {
  CurlEnd end = on_kept_connection(CURLE_RECV_ERROR);
  end.head_began = true;
  EXPECT_FALSE(failure_of(end).connection_was_idle);
}

TEST(KeptConnection, IsNoneWhenItWasMadeForTheRequest) {
  CurlEnd end = on_kept_connection(CURLE_HTTP2_STREAM);
  end.connection_was_kept = false;
  EXPECT_FALSE(failure_of(end).connection_was_idle);
}

TEST(KeptConnection, ThatEndsOtherwiseHadNotDied) {
  for (const CURLcode code : {CURLE_OPERATION_TIMEDOUT, CURLE_PARTIAL_FILE, CURLE_BAD_CONTENT_ENCODING}) {
    EXPECT_FALSE(failure_of(on_kept_connection(code)).connection_was_idle) << code;
  }
}

TEST(Message, NamesWhomItCouldNotConnectTo) {
  CurlEnd end{.code = CURLE_COULDNT_CONNECT,
              .reason = "Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server",
              .host = "127.0.0.1:9"};
  EXPECT_EQ(failure_of(end).message, "could not connect to 127.0.0.1:9");
  end.host = "api.example";
  EXPECT_EQ(failure_of(end).message, "could not connect to the proxy 127.0.0.1:9");
  end.reason = "Failed to connect to api.example port 443 after 2 ms";
  EXPECT_EQ(failure_of(end).message, "could not connect to api.example");
  end.reason = "something else";
  EXPECT_EQ(failure_of(end).message, "could not connect to api.example");
}

TEST(Message, TellsWhatAProxyRefused) {
  const CurlEnd unknown{.code = CURLE_RECV_ERROR, .host = "api.example", .proxy_status = 407};
  EXPECT_EQ(failure_of(unknown).message,
            "the proxy refused a tunnel: 407 (check the proxy's user and password)");
  EXPECT_TRUE(failure_of(unknown).would_fail_again);
  EXPECT_EQ(failure_of(unknown).sent, Sent::nothing);
  const CurlEnd busy{.code = CURLE_RECV_ERROR, .host = "api.example", .proxy_status = 503};
  EXPECT_EQ(failure_of(busy).message, "the proxy refused a tunnel: 503");
  EXPECT_FALSE(failure_of(busy).would_fail_again);
}

TEST(Message, AsksWhetherAPortSpeaksTls) {
  const CurlEnd plain{.code = CURLE_SSL_CONNECT_ERROR,
                      .reason = "error:0A00010B:SSL routines::wrong version number",
                      .host = "127.0.0.1:80"};
  EXPECT_THAT(failure_of(plain).message, HasSubstr("does this port speak TLS?"));
  EXPECT_TRUE(failure_of(plain).would_fail_again);
}

TEST(Message, TellsThatACertificateIsWanted) {
  CurlEnd end{.code = CURLE_RECV_ERROR,
              .reason = "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required",
              .host = "api.example"};
  EXPECT_THAT(failure_of(end).message, HasSubstr("set connection.client_certificate"));
  EXPECT_TRUE(failure_of(end).would_fail_again);
}

TEST(Certificates, ThatAreNotTrustedAreNotTriedAgain) {
  for (const CURLcode code : {CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_ISSUER_ERROR,
                              CURLE_SSL_CACERT_BADFILE}) {
    EXPECT_TRUE(failure_of({.code = code, .host = "api.example"}).would_fail_again) << code;
  }
  EXPECT_FALSE(failure_of({.code = CURLE_COULDNT_CONNECT, .host = "api.example"}).would_fail_again);
}

TEST(CurlTooLarge, ARequestHeadIsTheCallersFaultAndAnAnswersIsNot) {
  const CurlEnd head{.code = CURLE_OUT_OF_MEMORY, .reason = "Out of memory", .host = "api.example"};
  EXPECT_EQ(failure_of(head).kind, ErrorKind::bad_request);
  CurlEnd answer = head;
  answer.sent = Sent::all;
  answer.head_too_large = true;
  EXPECT_EQ(failure_of(answer).kind, ErrorKind::parse);
}

TEST(CurlTimeout, WhileConnectingHasSentNothing) {
  const CurlEnd end{.code = CURLE_OPERATION_TIMEDOUT, .host = "api.example", .connect_timeout = 1s};
  EXPECT_EQ(failure_of(end).kind, ErrorKind::timeout);
  EXPECT_EQ(failure_of(end).sent, Sent::nothing);
  EXPECT_EQ(failure_of(end).message, "could not connect to api.example within 1 s");
}

}  // namespace
}  // namespace openailb::curl_failure_test
