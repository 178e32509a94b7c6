// Random worlds of accounts that keep objects: whatever goes up and down, and whatever an account says of
// what others keep, a call that names an object reaches no other account than the one that has made it. Some
// accounts give the same ids as others do.

#include "support/simulation.hpp"
#include <openailb/testing/random.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace openailb::accounts_test {
namespace {

using namespace test;
using ::testing::Each;
using ::testing::Lt;
using testing::Random;

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    const int accounts = random_.between(2, 5);
    for (int index = 0; index < accounts; ++index) {
      const auto account = static_cast<std::size_t>(index);
      is_up_.push_back(true);
      counts_.push_back(random_.chance(0.4));
      made_.push_back(0);
      simulation_.add([this, account](const HttpRequest& request) { return serve(account, request); });
    }
    others_begin_ = random_.chance(0.3) ? is_up_.size() - 1 : is_up_.size();
    if (others_begin_ < is_up_.size()) simulation_.endpoints.back().trust = "others";
    knowing_ = std::make_unique<Client>(simulation_.client());
  }

  void run() {
    for (int step = 0; step < 60; ++step) {
      const std::size_t account = random_.below(is_up_.size());
      if (random_.chance(0.2)) is_up_[account] = !is_up_[account];
      if (keepers_.empty() || random_.chance(0.2)) {
        make();
      } else if (random_.chance(0.1)) {
        list(account);
      } else {
        const std::string id = any_id();
        random_.chance(0.3) ? seek(id) : use(id);
        if (random_.chance(0.1)) remove(any_id());
      }
    }
    is_up_.assign(is_up_.size(), true);
    for (const auto& [id, keepers] : keepers_) use(id);
  }

 private:
  std::string any_id() {
    return std::next(keepers_.begin(), static_cast<std::ptrdiff_t>(random_.below(keepers_.size())))->first;
  }
  static std::string name(std::size_t account) { return "endpoint-" + std::to_string(account); }

  testing::SimulatedAnswer serve(std::size_t account, const HttpRequest& request) {
    if (!is_up_[account]) return random_.chance(0.5) ? refused() : failing(503);
    if (request.method == "POST" && request.url.ends_with("/files")) {
      const std::string number = std::to_string(made_[account]++);
      const std::string id = counts_[account] ? "file-" + number : "file-" + name(account) + number;
      keepers_[id].insert(account);
      return answering(R"({"id": ")" + id + R"("})");
    }
    if (request.url.ends_with("/files")) return all_ids();
    for (const auto& [id, keepers] : keepers_) {
      const bool is_named = request.url.ends_with('/' + id) || request.url.ends_with('/' + id + "/content") ||
                            request.body.find('"' + id + '"') != std::string::npos;
      if (is_named && !keepers.contains(account)) return failing(404, error_json("No such object"));
      if (is_named && request.method == "GET") return answering(R"({"id": ")" + id + R"("})");
    }
    // An answer may name what others keep.
    return answering(nlohmann::json({{"input_file_id", keepers_.empty() ? "x" : any_id()},
                                     {"output_file_id", keepers_.empty() ? "x" : any_id()}})
                         .dump());
  }
  testing::SimulatedAnswer all_ids() const {
    nlohmann::json data = nlohmann::json::array();
    for (const auto& [id, keepers] : keepers_) data.push_back({{"id", id}});
    return answering(nlohmann::json({{"data", std::move(data)}}).dump());
  }

  void make() {
    const auto made = knowing_->files.create({.file = file_from_bytes("a", "text"), .purpose = "batch"});
    if (!made) return;
    const bool is_the_only_one = keepers_[made->id].size() == 1;
    EXPECT_EQ(knowing_->owner_of(made->id),
              is_the_only_one ? std::optional(made->info.endpoint) : std::nullopt);
  }
  /// An account that lists its own files and those that others keep.
  void list(std::size_t account) { static_cast<void>(knowing_->files.list({}, {.endpoint = name(account)})); }
  void remove(const std::string& id) {
    const std::size_t account = *keepers_[id].begin();
    if (!knowing_->files.del(id, {.endpoint = name(account)})) return;
    keepers_[id].erase(account);
    if (keepers_[id].empty()) keepers_.erase(id);
  }

  bool ask(const Client& client, const std::string& id, std::optional<Error>& error) {
    simulation_.sent.clear();
    const auto note = [&error](const auto& answer) {
      if (!answer) error = answer.error();
      return answer.has_value();
    };
    switch (random_.below(3)) {
      case 0: return note(client.get("/files/" + id));
      case 1: return note(client.files.content(id));
      default: return note(client.files.retrieve(id));
    }
  }

  /// By a client that knows who has made it.
  void use(const std::string& id) {
    const std::set<std::size_t> keepers = keepers_[id];
    std::optional<Error> error;
    simulation_.sent.clear();
    const bool fine = random_.chance(0.3) ? knowing_->batches.create({.input_file_id = id}).has_value()
                                          : ask(*knowing_, id, error);
    if (keepers.size() > 1) {
      EXPECT_FALSE(fine);
      EXPECT_TRUE(simulation_.sent.empty());
      for (const std::size_t one : keepers) {
        EXPECT_EQ(knowing_->files.retrieve(id, {.endpoint = name(one)}).has_value(), is_up_[one]);
      }
      return;
    }
    for (const std::size_t asked : simulation_.asked()) ASSERT_EQ(asked, *keepers.begin());
    ASSERT_EQ(fine, is_up_[*keepers.begin()]) << id << (error ? error->message : "");
    EXPECT_NE(error.value_or(Error{}).status, 404) << "it is there, only its account cannot be asked";
  }

  /// By one that does not.
  void seek(const std::string& id) {
    const Client client = simulation_.client();
    const std::set<std::size_t> keepers = keepers_[id];
    std::optional<Error> error;
    const bool fine = ask(client, id, error);
    EXPECT_THAT(simulation_.asked(), Each(Lt(others_begin_))) << "those are not trusted";
    const auto can_serve = [this](std::size_t one) { return one < others_begin_ && is_up_[one]; };
    ASSERT_EQ(fine, std::ranges::any_of(keepers, can_serve)) << id << (error ? error->message : "");
    if (!fine) {
      const bool nobody_knows =
          std::ranges::any_of(keepers, [this](auto one) { return one < others_begin_; });
      EXPECT_EQ(error->status == 404, !nobody_knows && all_are_up()) << error->message;
      return;
    }
    const std::size_t found = simulation_.sent.back().endpoint;
    EXPECT_TRUE(keepers.contains(found));
    EXPECT_EQ(client.owner_of(id), name(found));
    for (std::size_t index = 0; index < is_up_.size(); ++index) {
      if (!is_up_[index]) continue;
      EXPECT_EQ(client.endpoints()[index].counts.total_failures, 0U);
    }
  }
  /// Those who may be asked by one that knows nothing.
  bool all_are_up() const {
    return std::all_of(is_up_.begin(), is_up_.begin() + static_cast<std::ptrdiff_t>(others_begin_),
                       [](bool is_up) { return is_up; });
  }

  Random random_;
  Simulation simulation_{};
  std::vector<bool> is_up_{};
  std::vector<bool> counts_{};  // whether an account counts its files from zero
  std::vector<int> made_{};
  std::size_t others_begin_{};  // from here on they are of another trust
  std::map<std::string, std::set<std::size_t>> keepers_{};
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
