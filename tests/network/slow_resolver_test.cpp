// A resolver that does not answer must hold nobody up. libcurl's resolver threads call getaddrinfo, which
// this program defines for itself.
#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <dlfcn.h>
#include <memory>
#include <netdb.h>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace openailb::test::slow_resolver_test {
namespace {

using namespace detail;
using ::testing::HasSubstr;

/// What the resolver's threads share with a test. Kept by them until they are done, however long that takes.
struct SlowName {
  Gate asked;
  Gate answered;
};
std::atomic<std::shared_ptr<SlowName>> slow_name;

constexpr std::string_view host = "slow.test";

class SlowResolver : public ::testing::Test {
 protected:
  void SetUp() override { slow_name = name_; }
  void TearDown() override { name_->answered.open(); }

  static std::vector<EndpointConfig> endpoints() { return {{.base_url = "http://slow.test:9/v1"}}; }

  const std::shared_ptr<SlowName> name_ = std::make_shared<SlowName>();
  const Stopwatch watch_{};
};

TEST_F(SlowResolver, IsCutOffByTheConnectTimeout) {
  Client client(endpoints(), {.max_retries = 0, .connect_timeout = 500ms});
  const Error error = error_of(client.chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::timeout);
  EXPECT_THAT(error.message, HasSubstr("could not connect to slow.test:9 within 500 ms"));
  EXPECT_GE(watch_.elapsed(), 499ms);  // libcurl's clock counts whole milliseconds
  EXPECT_LT(watch_.elapsed(), 500ms + noise);
}

TEST_F(SlowResolver, IsCutOffByTheDeadline) {
  Client client(endpoints(), {.deadline = 200ms});
  const Error error = error_of(client.chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::timeout);
  EXPECT_GE(watch_.elapsed(), 200ms);
  EXPECT_LT(watch_.elapsed(), 200ms + noise);
}

TEST_F(SlowResolver, IsCutOffByAStopToken) {
  std::stop_source stop;
  const std::jthread stopper([&] {
    name_->asked.wait();
    stop.request_stop();
  });
  Client client(endpoints());
  const Error error = error_of(client.chat.completions.create(hello(), {.stop_token = stop.get_token()}));
  EXPECT_EQ(error.kind, ErrorKind::canceled);
  EXPECT_LT(watch_.elapsed(), noise);
}

TEST_F(SlowResolver, LeavesTheLoopUsableForOthersAndFreeToGo) {
  ScriptedServer server(answer_with(http_response(200, completion_json("Hi"))));
  {
    Client client({{.base_url = "http://slow.test:9/v1"}, {.base_url = server.url()}},
                  {.connect_timeout = 100ms});
    for (int call = 0; call < 3; ++call) {
      auto completion = client.chat.completions.create(hello());
      ASSERT_TRUE(completion) << completion.error().message;
      EXPECT_EQ(completion->info.endpoint, "endpoint-1");
    }
  }
  EXPECT_LT(watch_.elapsed(), 300ms + noise);
}

}  // namespace
}  // namespace openailb::test::slow_resolver_test

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  using namespace openailb::test::slow_resolver_test;
  if (node != nullptr && node == host) {
    const auto name = slow_name.load();
    name->asked.open();
    name->answered.wait();
    return EAI_FAIL;
  }
  static const auto next = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(node, service, hints, found);
}
