// What this process is short of: no server is to blame for that.
#include "support/loopback.hpp"
#include "support/sanitized.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

namespace openailb::test::shortage_test {
namespace {

using ::testing::HasSubstr;

/// As long as this lives, the process can open no more files.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// A client that has its loop already. Nobody listens there.
Client ready_client(const char* base_url) {
  Client client({{.base_url = base_url}}, {.max_retries = 0});
  EXPECT_FALSE(client.chat.completions.create(hello()));
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 1);
  return client;
}

// Sanitizers open files themselves: to look at an object, clang's makes a pipe, and without files they crash
// or report the object.

TEST(Shortage, OfFilesIsNoFailureOfTheEndpoint) {
  if (sanitized) GTEST_SKIP();
  for (const char* base_url : {"http://127.0.0.1:9/v1", "http://no-such-host.invalid/v1"}) {
    SCOPED_TRACE(base_url);
    const Client client = ready_client(base_url);
    {
      const NoMoreFiles shortage;
      const Error error = error_of(client.chat.completions.create(hello()));
      EXPECT_EQ(error.kind, ErrorKind::connection);
      EXPECT_THAT(error.message, HasSubstr("Too many open files"));
    }
    const Counts counts = client.endpoints()[0].counts;
    EXPECT_EQ(counts.total_failures, 1);
    EXPECT_EQ(counts.total_exclusions, 1);
  }
}

TEST(Shortage, ThatIsOverLeavesNothingBehind) {
  if (sanitized) GTEST_SKIP();
  const Client client = ready_client("http://127.0.0.1:9/v1");
  {
    const NoMoreFiles shortage;
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(client.chat.completions.create(hello()));
  }
  EXPECT_EQ(client.endpoints()[0].state, State::closed);
  EXPECT_THAT(error_of(client.chat.completions.create(hello())).message, HasSubstr("could not connect"));
}

}  // namespace
}  // namespace openailb::test::shortage_test
