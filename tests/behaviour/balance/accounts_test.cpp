// Random worlds of accounts that keep objects: whatever goes up and down, a call that names an object reaches
// no other account than the one that keeps it, and no object is lost.

#include "support/simulation.hpp"
#include <openailb/testing/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace openailb::accounts_test {
namespace {

using namespace test;
using testing::Random;

struct Object {
  std::string id;
  std::size_t home;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    const int accounts = random_.between(2, 5);
    for (int index = 0; index < accounts; ++index) {
      const auto account = static_cast<std::size_t>(index);
      is_up_.push_back(true);
      simulation_.add([this, account](const HttpRequest& request) { return serve(account, request); });
    }
    knowing_ = std::make_unique<Client>(simulation_.client());
  }

  void run() {
    for (int step = 0; step < 60; ++step) {
      const std::size_t account = random_.below(is_up_.size());
      if (random_.chance(0.2)) is_up_[account] = !is_up_[account];
      if (objects_.empty() || random_.chance(0.2)) {
        make();
      } else {
        const Object& object = objects_[random_.below(objects_.size())];
        random_.chance(0.3) ? seek(object) : use(object);
      }
    }
    is_up_.assign(is_up_.size(), true);
    for (const Object& object : objects_) use(object);
  }

 private:
  testing::SimulatedAnswer serve(std::size_t account, const HttpRequest& request) {
    if (!is_up_[account]) return random_.chance(0.5) ? refused() : failing(503);
    if (request.url.ends_with("/files")) {
      objects_.push_back({"file-" + std::to_string(objects_.size()), account});
      return answering(R"({"id": ")" + objects_.back().id + R"("})");
    }
    for (const Object& object : objects_) {
      const bool is_named = request.url.ends_with('/' + object.id) ||
                            request.body.find('"' + object.id + '"') != std::string::npos;
      if (is_named && object.home != account) return failing(404, error_json("No such object"));
    }
    return answering("{}");
  }

  void make() {
    const Result<JsonResponse> made = knowing_->post("/files", {{"purpose", "batch"}});
    if (!made) return;
    EXPECT_EQ(knowing_->home_of(made->at("id").get<std::string>()), made->info.endpoint);
  }

  Result<JsonResponse> ask(const Client& client, const Object& object) {
    simulation_.sent.clear();
    if (random_.chance(0.5)) return client.get("/files/" + object.id);
    return client.post("/batches", {{"input_file_id", object.id}});
  }

  /// By a client that knows where it is.
  void use(Object object) {
    const Result<JsonResponse> answer = ask(*knowing_, object);
    for (const std::size_t asked : simulation_.asked()) ASSERT_EQ(asked, object.home);
    ASSERT_EQ(answer.has_value(), is_up_[object.home]) << (answer ? "" : answer.error().message);
    if (answer) return;
    EXPECT_NE(answer.error().status, 404) << "it is there, only its account cannot be asked";
  }

  /// By one that does not.
  void seek(Object object) {
    const Client client = simulation_.client();
    const Result<JsonResponse> answer = ask(client, object);
    ASSERT_EQ(answer.has_value(), is_up_[object.home]) << (answer ? "" : answer.error().message);
    if (!answer) {
      EXPECT_NE(answer.error().status, 404) << "nobody can know that";
      return;
    }
    EXPECT_EQ(answer->info.endpoint, "endpoint-" + std::to_string(object.home));
    EXPECT_EQ(client.home_of(object.id), answer->info.endpoint);
    for (std::size_t index = 0; index < is_up_.size(); ++index) {
      if (!is_up_[index]) continue;
      EXPECT_EQ(client.endpoints()[index].counts.total_failures, 0U);
    }
  }

  Random random_;
  Simulation simulation_{};
  std::vector<bool> is_up_{};
  std::vector<Object> objects_{};
  std::unique_ptr<Client> knowing_{};
};

TEST(Accounts, KeepTheirObjectsToThemselves) {
  for (std::uint64_t seed = 0; seed < 200 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    World(seed).run();
  }
}

}  // namespace
}  // namespace openailb::accounts_test
