// Invariant 9: no key appears in anything that a call gives back, in whatever form a server writes it.
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace openailb::keys_test {
namespace {

using namespace detail;
using namespace test;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

// What a caller sees

std::string text_of_attempts(const std::vector<Attempt>& attempts) {
  std::string text;
  for (const Attempt& attempt : attempts) text += attempt.endpoint + ' ' + attempt.message + '\n';
  return text;
}

std::string everything(const Error& error) {
  std::string text = text_of_attempts(error.attempts);
  for (const auto& part :
       {error.message, error.type, error.code, error.param, error.request_id, error.endpoint, error.body}) {
    text += part + '\n';
  }
  for (const auto& [name, value] : error.headers) text.append(name).append(": ").append(value) += '\n';
  return text + Exception(error).what();
}

std::string everything(const ResponseInfo& info) {
  std::string text = text_of_attempts(info.attempts);
  for (const auto& part : {info.endpoint, info.base_url, info.request_id, info.body}) text += part + '\n';
  for (const auto& [name, value] : info.headers) text.append(name).append(": ").append(value) += '\n';
  return text;
}

template <class T>
std::string everything(const Result<T>& result) {
  return result ? everything(result->info) : everything(result.error());
}

/// Reads a stream to its end.
std::string everything(Stream<ChatCompletionChunk> stream) {
  while (stream.next()) continue;
  return everything(stream.info()) + (stream.error() ? everything(*stream.error()) : std::string{});
}

std::string everything(const Client& client) {
  std::string text;
  for (const EndpointStatus& status : client.endpoints()) text += status.name + ' ' + status.base_url + '\n';
  return text;
}

// What servers make of a key

/// Every character as `prefix` and its two hexadecimal digits.
std::string hexadecimal(const std::string& secret, const std::string& prefix, const char* digits) {
  std::string text;
  for (const char c : secret) {
    const auto byte = static_cast<unsigned char>(c);
    text += prefix + digits[byte / 16] + digits[byte % 16];
  }
  return text;
}

std::string as_json(const std::string& secret) {
  const std::string quoted = nlohmann::json(secret).dump();
  return quoted.substr(1, quoted.size() - 2);
}

std::vector<std::string> forms(const std::string& secret) {
  constexpr const char *lower = "0123456789abcdef", *upper = "0123456789ABCDEF";
  const std::size_t half = secret.size() / 2;
  return {secret,
          as_json(secret),
          as_json(secret.substr(0, half)) + hexadecimal(secret.substr(half), "%", upper),
          hexadecimal(secret, "\\u00", lower),
          hexadecimal(secret, "\\u00", upper),
          hexadecimal(secret, "%", lower),
          hexadecimal(secret, "%", upper)};
}

/// Whether a text shows a dozen characters of any form of a secret.
bool shows(const std::string& text, const std::string& secret) {
  constexpr std::size_t enough = 12;
  for (const std::string& form : forms(secret)) {
    for (std::size_t at = 0; at + enough <= form.size(); ++at) {
      if (text.find(form.substr(at, enough)) != std::string::npos) return true;
    }
  }
  return false;
}

/// Three endpoints and a call with a secret in every place that takes one. All servers write whatever they
/// were sent into their answers, in every form.
struct Echoing {
  using Answer = std::function<SimulatedAnswer(const std::string& echoed)>;

  explicit Echoing(Answer answer) : answer_(std::move(answer)) {
    add({"sk-first/\"key\"+1=="}).api_key = "sk-first/\"key\"+1==";
    EndpointConfig& second = add({"api-\\header/secret", "the/bearer+token==", "its/query/secret?"});
    second.headers = {{"api-key", "api-\\header/secret"}, {"Authorization", "Bearer the/bearer+token=="}};
    second.query = {{"key", "its/query/secret?"}};
    add({"rotating/secret+1="}).api_key = [] { return "rotating/secret+1="; };
    simulation.endpoints[2].base_url += "?subscription-key=in-the-base-url";
    simulation.options.default_headers = {{"x-goog-api-key", common_[0]}};
    simulation.options.default_query = {{"token", common_[1]}};
    request.extra_headers = {{"Cookie", common_[2]}, {"X-Auth-Token", common_[3]}};
    request.extra_query = {{"access_token", common_[4]}};
  }

  void expect_hidden(const std::string& seen) const {
    EXPECT_THAT(seen, HasSubstr("[redacted]"));
    for (const std::string& secret : all_) EXPECT_FALSE(shows(seen, secret)) << secret << " in " << seen;
  }

  Simulation simulation{};
  RequestOptions request{};

 private:
  EndpointConfig& add(std::vector<std::string> secrets) {
    all_.insert(all_.end(), secrets.begin(), secrets.end());
    secrets.insert(secrets.end(), common_.begin(), common_.end());
    std::string said;
    for (const std::string& secret : secrets) {
      for (const std::string& form : forms(secret)) said += form + ' ';
    }
    return simulation.add([said, this](const HttpRequest& sent) {
      std::string echoed = said + sent.url;
      for (const auto& [name, value] : sent.headers) echoed += ' ' + value;
      return answer_(echoed);
    });
  }

  Answer answer_;
  std::vector<std::string> common_{"the/client's/header", "the/client's/query+", "the=cookie/of+a+call",
                                   "a/header+of+a+call=", "a/query+of/a+call=="};
  std::vector<std::string> all_{common_};
};

std::string error_saying(const std::string& text) {
  return nlohmann::json{{"error", {{"message", text}, {"type", text}, {"code", text}, {"param", text}}}}
      .dump();
}

Headers with_echo(const std::string& text, const std::string& type = "application/json") {
  return {{"x-request-id", text}, {"x-echo", text}, {"content-type", type}};
}

TEST(Keys, AppearInNoError) {
  for (const int status : {307, 400, 401, 403, 404, 429, 500, 503}) {
    for (const bool in_json : {true, false}) {
      SCOPED_TRACE(std::to_string(status) + (in_json ? " JSON" : " text"));
      Echoing echoing([=](const std::string& echoed) {
        return failing(status, in_json ? error_saying(echoed) : echoed, with_echo(echoed));
      });
      const Client client = echoing.simulation.client();
      echoing.expect_hidden(everything(client.chat.completions.create(question(), echoing.request)));
      echoing.expect_hidden(everything(client.chat.completions.stream(question(), echoing.request)));
      echoing.expect_hidden(everything(client.get("/models", echoing.request)));
      echoing.expect_hidden(everything(client.post("/x", {{"model", "m"}}, echoing.request)));
      echoing.expect_hidden(everything(client.del("/files/a", echoing.request)) + everything(client));
    }
  }
}

TEST(Keys, AppearInNoErrorInsideAnAnswer) {
  Echoing echoing([](const std::string& echoed) {
    return SimulatedAnswer{.headers = with_echo(echoed), .body = error_saying(echoed)};
  });
  const Client client = echoing.simulation.client();
  echoing.expect_hidden(everything(client.chat.completions.create(question(), echoing.request)));
  echoing.expect_hidden(everything(client.chat.completions.stream(question(), echoing.request)));
  echoing.expect_hidden(everything(client.get("/models", echoing.request)));
}

TEST(Keys, AppearInNoAnswerOfAnotherType) {
  for (const char* type : {"text/plain", "audio/mpeg", "text/html", "application/json"}) {
    Echoing echoing([=](const std::string& echoed) {
      return SimulatedAnswer{.headers = with_echo(echoed, type), .body = echoed};
    });
    const Client client = echoing.simulation.client();
    echoing.expect_hidden(everything(client.chat.completions.create(question(), echoing.request)));
    echoing.expect_hidden(everything(client.get("/speech", echoing.request)));
  }
}

TEST(Keys, AppearInNothingThatIsKeptOfASuccess) {
  Echoing echoing([](const std::string& echoed) {
    return SimulatedAnswer{.headers = with_echo(echoed),
                           .body = nlohmann::json{{"choices", {{{"index", 0}}}}, {"echo", echoed}}.dump()};
  });
  const Client client = echoing.simulation.client();
  for (int endpoint = 0; endpoint < 3; ++endpoint) {
    echoing.expect_hidden(everything(client.chat.completions.create(question(), echoing.request)));
    echoing.expect_hidden(everything(client.get("/models", echoing.request)));
    echoing.expect_hidden(everything(client.del("/files/a", echoing.request)));
  }
}

TEST(Keys, AppearInNothingThatIsKeptOfAStream) {
  const std::string begin = says("a");
  for (const auto& [before, after] :
       std::vector<std::pair<std::string, std::string>>{{begin, "data: {\"error\":"},
                                                        {begin, "event: error\ndata: "},
                                                        {"", "event: error\ndata: "},
                                                        {begin, "data: "},
                                                        {"", "data: "}}) {
    SCOPED_TRACE(before + after);
    Echoing echoing([=](const std::string& echoed) {
      const bool as_member = after.ends_with(':');
      const std::string data = as_member ? nlohmann::json(echoed).dump() + '}' : echoed;
      return SimulatedAnswer{.headers = with_echo(echoed), .body = before + after + data + "\n\n"};
    });
    const Client client = echoing.simulation.client();
    for (int endpoint = 0; endpoint < 3; ++endpoint) {
      echoing.expect_hidden(everything(client.chat.completions.stream(question(), echoing.request)));
    }
  }
}

TEST(Keys, InThePathOfACallAreTakenOut) {
  Simulation simulation({{failing(400, "no such key: its/secret+key"),
                          failing(301, "", {{"location", "/?key=its%2Fsecret%2Bkey"}})}});
  const Client client = simulation.client();
  for (int call = 0; call < 2; ++call) {
    const std::string seen = everything(client.get("/models?key=its%2Fsecret%2Bkey"));
    EXPECT_FALSE(shows(seen, "its/secret+key")) << seen;
  }
}

TEST(Keys, InACookieAreTakenOut) {
  Simulation simulation({{failing(400, "no session abc-secret-def")}});
  const auto result =
      ask(simulation.client(), {.extra_headers = {{"Cookie", "theme=dark; session=abc-secret-def; x=1"}}});
  EXPECT_THAT(everything(result), Not(HasSubstr("secret")));
}

TEST(Keys, AreToldByTheNameOfTheirHeader) {
  for (const char* name :
       {"X-JWT", "X-Credentials", "X-Api-Keys", "X-Tokens", "X-Session", "accessToken", "passwd"}) {
    Simulation simulation({{failing(400, "what is abc-secret-def?")}});
    const auto result = ask(simulation.client(), {.extra_headers = {{name, "abc-secret-def"}}});
    EXPECT_THAT(everything(result), Not(HasSubstr("secret"))) << name;
  }
  const std::string body = R"({"choices":[{}],"created":2})";
  Simulation simulation({{answering(body)}});
  EXPECT_EQ(ask(simulation.client(), {.extra_headers = {{"X-Auth-Version", "2"}}})->info.body, body);
}

TEST(Keys, ShortOnesAreTakenOutToo) {
  Simulation simulation({{failing(401, error_json("wrong key: k1"))}});
  simulation.endpoints[0].api_key = "k1";
  const Client client = simulation.client();
  const auto result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_THAT(everything(result), Not(HasSubstr("k1")));
}

TEST(Keys, AreNotHalfShownWhereAMessageIsCut) {
  const std::string key = "sk-" + std::string(60, 'q');
  for (std::size_t before = 230; before < 310; ++before) {
    const std::string said = std::string(before, '.') + key;
    Simulation simulation({{failing(401, said)}, {streaming("event: error\ndata: " + said + "\n\n")}});
    for (EndpointConfig& endpoint : simulation.endpoints) endpoint.api_key = key;
    const Client client = simulation.client();
    EXPECT_THAT(everything(ask(client, {.endpoint = "endpoint-0"})), Not(HasSubstr("q")));
    EXPECT_THAT(everything(ask_to_stream(client, {.endpoint = "endpoint-1"})), Not(HasSubstr("q")));
  }
}

TEST(Keys, ThatHadRotatedAwayBeforeTheAnswerCameAreTakenOut) {
  Simulation simulation;
  auto asked = std::make_shared<int>(0);
  simulation
      .add(script({after(std::chrono::seconds(30), failing(400, error_json("was rotating-secret-0.")))}))
      .api_key = [asked] { return "rotating-secret-" + std::to_string((*asked)++) + "."; };
  const Client client = simulation.client();
  for (int i = 1; i <= 40; ++i) {
    simulation.network.at(simulation.network.now() + std::chrono::seconds(i / 2), [&] {
      simulation.serve(0, ok());
      EXPECT_TRUE(ask(client));
    });
  }
  const auto result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_THAT(everything(result), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace openailb::keys_test
