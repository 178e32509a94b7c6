#include <openailb/detail/wire/url.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

void PrintTo(const QueryParameter& parameter, std::ostream* out) {
  *out << parameter.name << (parameter.value ? '=' + *parameter.value : "");
}

}  // namespace openailb::detail

namespace openailb::url_test {
namespace {

using namespace detail;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Values = std::map<std::string, std::string>;

Url parsed(std::string_view text) { return Url::parse(text).value(); }

std::string parse_error(std::string_view text) {
  const auto url = Url::parse(text);
  if (url) return "no error, but " + url->text();
  EXPECT_EQ(url.error().kind, ErrorKind::bad_request);
  return url.error().message;
}

std::string joined(std::string_view base, std::string_view path) {
  return join(parsed(base), path).value().text();
}

std::string merged(std::string_view base, const Values& later) {
  auto url = parsed(base);
  merge_query(url.query, later);
  return url.text();
}

std::string resolved(std::string_view base, std::string_view location) {
  const auto url = resolve(parsed(base), location);
  return url ? url->text() : "error: " + url.error().message;
}

TEST(UrlParse, TakesAUrlApart) {
  const auto url = parsed("https://api.openai.com/v1?api-version=2024-10-21&flag&empty=&eq=a=b");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "api.openai.com");
  EXPECT_EQ(url.port, 443);
  EXPECT_EQ(url.path, "/v1");
  EXPECT_THAT(url.query, ElementsAre(QueryParameter{"api-version", "2024-10-21"}, QueryParameter{"flag", {}},
                                     QueryParameter{"empty", ""}, QueryParameter{"eq", "a=b"}));
  EXPECT_EQ(url.text(), "https://api.openai.com/v1?api-version=2024-10-21&flag&empty=&eq=a=b");
}

TEST(UrlParse, TakesWhatPeopleConfigure) {
  const std::vector<std::pair<std::string_view, std::string_view>> texts = {
      {"http://localhost:11434/v1/", "http://localhost:11434/v1"},
      {"https://openrouter.ai/api/v1///", "https://openrouter.ai/api/v1"},
      {"https://api.example.com", "https://api.example.com/"},
      {"https://api.example.com/", "https://api.example.com/"},
      {"https://api.example.com?a=1", "https://api.example.com/?a=1"},
      {"https://api.example.com/v1/?a=1/", "https://api.example.com/v1?a=1/"},
      {"https://api.example.com/v1?", "https://api.example.com/v1"},
      {"https://api.example.com/v1?&a=1&&b=2&", "https://api.example.com/v1?a=1&b=2"},
      {"HTTPS://API.Example.COM/V1", "https://api.example.com/V1"},
      {"http://[::1]:8080/v1", "http://[::1]:8080/v1"},
      {"http://[2001:DB8::1.2.3.4]/v1", "http://[2001:db8::1.2.3.4]/v1"},
      {"http://my_service.default.svc/v1", "http://my_service.default.svc/v1"},
      {"https://xn--bcher-kva.example/v1", "https://xn--bcher-kva.example/v1"},
      {"https://host/a@b:c", "https://host/a@b:c"},
      {"https://host/v1?next=http://other/", "https://host/v1?next=http://other/"},
      {"https://x.openai.azure.com/openai/deployments/{model}?api-version=1",
       "https://x.openai.azure.com/openai/deployments/{model}?api-version=1"},
  };
  for (const auto& [text, whole] : texts) {
    EXPECT_EQ(parsed(text).text(), whole) << text;
    EXPECT_EQ(parsed(parsed(text).text()).text(), whole) << "again, " << text;
  }
}

TEST(UrlParse, RefusesAHostThatIsNotAscii) {
  for (const std::string_view host : {"b\xC3\xBC"
                                      "cher.example",
                                      "\xE4\xBE\x8B", "example.com\xFF:80"}) {
    const Result<Url> url = Url::parse("https://" + std::string(host) + "/v1");
    ASSERT_FALSE(url) << host;
    EXPECT_THAT(url.error().message, HasSubstr("xn--"));
  }
}

TEST(UrlParse, KnowsTheEffectivePort) {
  EXPECT_EQ(parsed("https://host").port, 443);
  EXPECT_EQ(parsed("http://host").port, 80);
  EXPECT_EQ(parsed("https://host:80").port, 80);
  EXPECT_EQ(parsed("https://host:65535").port, 65535);
  EXPECT_EQ(parsed("https://[::1]").port, 443);
  EXPECT_EQ(parsed("https://[::1]:1").port, 1);
}

TEST(UrlParse, SaysWhatIsWrong) {
  for (const char* text : {"", "api.openai.com/v1", "localhost:8080/v1", "/v1", "//host/v1", "https:/host",
                           "https:host", "host/v1?u=http://x", "://host"}) {
    EXPECT_THAT(parse_error(text),
                HasSubstr(std::string_view(text).starts_with("://") ? "scheme is neither" : "no scheme"))
        << text;
  }
  for (const char* text : {"ftp://host", "file:///etc/passwd", "httpss://host", "h://host"}) {
    EXPECT_THAT(parse_error(text), HasSubstr("neither https nor http")) << text;
  }
  for (const char* text : {"https://", "https:///v1", "https://?a=1", "https://:8080/v1"}) {
    EXPECT_THAT(parse_error(text), HasSubstr("no host")) << text;
  }
  for (const char* text : {"https://host:", "https://host:/v1", "https://host:0", "https://host:65536",
                           "https://host:-1", "https://host:+80", "https://host:80a", "https://host:http/v1",
                           "https://host:99999999999", "https://a:b:80", "https://[::1]:"}) {
    EXPECT_THAT(parse_error(text), HasSubstr("port")) << text;
  }
  for (const char* text :
       {"https://evil%2ecom", "https://a,b", "https://a'b", "https://{model}/v1", "https://[::1",
        "https://[]", "https://[8]", "https://[host]", "https://[fe80::1%25eth0]", "https://[::1]x",
        "https://[::1]x:80", "https://[a b]", "https://::1/", "https://a\"", "https://a<b>"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
  EXPECT_THAT(parse_error("https://host/v 1"), HasSubstr("space"));
  EXPECT_THAT(parse_error(" https://host"), HasSubstr("space"));
  EXPECT_THAT(parse_error("https://host/v1\n"), HasSubstr("control character"));
  EXPECT_THAT(parse_error("https://host\t/v1"), HasSubstr("control character"));
  EXPECT_THAT(parse_error("https://host/\x7F"), HasSubstr("control character"));
  EXPECT_THAT(parse_error(std::string_view("https://host\0.evil", 18)), HasSubstr("control character"));
  EXPECT_THAT(parse_error("https://host\\.evil/"), HasSubstr("backslash"));
  EXPECT_THAT(parse_error("https://host/v1#top"), HasSubstr("fragment"));
}

TEST(UrlParse, NeverRepeatsUserInformation) {
  EXPECT_THAT(parse_error("https://user:hunter2@host/v1"), HasSubstr("user information"));
  for (const char* text : {"https://user:hunter2@host/v1", "https://hunter2@host", "https://:hunter2@/",
                           "hunter2://u:hunter2@host", "user:hunter2@host", "https://user:hunter2/@host",
                           "https://user:hunter2 @host", "https://user:hunter2#@host",
                           "ftp://user:hunter2@host", "https://hunter2%40@host:x"}) {
    EXPECT_THAT(parse_error(text), AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("no error")))) << text;
  }
}

TEST(UrlOrigin, LeavesOutWhatIsDefault) {
  EXPECT_EQ(parsed("HTTPS://API.OpenAI.com:443/v1?a=1").origin(), "https://api.openai.com");
  EXPECT_EQ(parsed("http://host:80/").origin(), "http://host");
  EXPECT_EQ(parsed("http://host:443/").origin(), "http://host:443");
  EXPECT_EQ(parsed("https://host:80/").origin(), "https://host:80");
  EXPECT_EQ(parsed("https://[::1]:8443/").origin(), "https://[::1]:8443");
}

TEST(UrlDisplay, LeavesOutTheQuery) {
  EXPECT_EQ(parsed("https://host:8443/v1/?api_key=secret").display(), "https://host:8443/v1");
  EXPECT_EQ(parsed("https://host/").display(), "https://host");
}

TEST(PercentEncode, KeepsUnreservedCharactersOnly) {
  EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encode("meta/llama 3:free"), "meta%2Fllama%203%3Afree");
  EXPECT_EQ(percent_encode("a+b&c=d?#[]@!$'()*,;%"),
            "a%2Bb%26c%3Dd%3F%23%5B%5D%40%21%24%27%28%29%2A%2C%3B%25");
  EXPECT_EQ(percent_encode("\xC3\xBC\xFF\r\n"), "%C3%BC%FF%0D%0A");
  EXPECT_EQ(percent_encode(std::string_view("\0", 1)), "%00");
  EXPECT_EQ(percent_encode(""), "");
}

TEST(PercentEncode, LeavesNoStepInAPath) {
  EXPECT_EQ(percent_encode("."), "%2E");
  EXPECT_EQ(percent_encode(".."), "%2E%2E");
  EXPECT_EQ(percent_encode("..."), "...");
  EXPECT_EQ(percent_encode("gpt-4.1"), "gpt-4.1");
  EXPECT_EQ(percent_encode("../x"), "..%2Fx");
}

TEST(Join, PutsExactlyOneSlashBetween) {
  for (const char* base : {"https://host/v1", "https://host/v1/", "https://host/v1//"}) {
    for (const char* path : {"chat/completions", "/chat/completions", "//chat/completions"}) {
      EXPECT_EQ(joined(base, path), "https://host/v1/chat/completions") << base << " + " << path;
    }
  }
  EXPECT_EQ(joined("https://host", "models"), "https://host/models");
  EXPECT_EQ(joined("https://host/", "/models"), "https://host/models");
}

TEST(Join, KeepsWhatItIsGiven) {
  EXPECT_EQ(joined("https://host/v1", ""), "https://host/v1");
  EXPECT_EQ(joined("https://host/v1", "/"), "https://host/v1");
  EXPECT_EQ(joined("https://host/v1", "files/"), "https://host/v1/files/");
  EXPECT_EQ(joined("https://host/v1", "a//b"), "https://host/v1/a//b");
  EXPECT_EQ(joined("https://host/v1", "a%2Fb"), "https://host/v1/a%2Fb");
}

TEST(Join, MergesTheQueryOfThePath) {
  EXPECT_EQ(joined("https://host/v1?a=1", "x?b=2"), "https://host/v1/x?a=1&b=2");
  EXPECT_EQ(joined("https://host/v1?a=1&b=1", "x?a=2"), "https://host/v1/x?b=1&a=2");
  EXPECT_EQ(joined("https://host/v1?a=1", "?b=2"), "https://host/v1?a=1&b=2");
  EXPECT_EQ(joined("https://host/v1", "x?u=/a/?b"), "https://host/v1/x?u=/a/?b");
}

TEST(Join, NeverLeavesTheHost) {
  for (const char* path : {"https://evil.com/x", "//evil.com/x", "@evil.com", ":80@evil.com/", ".evil.com"}) {
    EXPECT_EQ(join(parsed("https://host"), path).value().origin(), "https://host") << path;
    EXPECT_EQ(parsed(joined("https://host", path)).origin(), "https://host") << path;
  }
}

TEST(Join, RefusesWhatNoUrlMayContain) {
  const auto base = parsed("https://host/v1");
  for (const char* path : {"a b", "a\r\nX-Evil: 1", "a\\b", "a#b", "a?b c"}) {
    const auto url = join(base, path);
    ASSERT_FALSE(url) << path;
    EXPECT_EQ(url.error().kind, ErrorKind::bad_request) << path;
  }
}

TEST(MergeQuery, LaterSettingsReplaceEarlierOnesByName) {
  auto url = parsed("https://host/v1?a=base&b=base&c=base&d=base");
  merge_query(url.query, Values{{"b", "default"}, {"c", "default"}, {"d", "default"}});
  merge_query(url.query, Values{{"c", "endpoint"}, {"d", "endpoint"}});
  merge_query(url.query, Values{{"d", "request"}});
  EXPECT_EQ(url.text(), "https://host/v1?a=base&b=default&c=endpoint&d=request");
}

TEST(MergeQuery, EncodesTheValuesOfAMap) {
  EXPECT_EQ(merged("https://host/", {{"a b", "c&d=e#f/\xC3\xBC"}}),
            "https://host/?a%20b=c%26d%3De%23f%2F%C3%BC");
  EXPECT_EQ(merged("https://host/", {{"a", ""}}), "https://host/?a=");
}

TEST(MergeQuery, ComparesNamesDecoded) {
  EXPECT_EQ(merged("https://host/?api%2Dversion=1&x[]=1&X=1", {{"api-version", "2"}, {"x[]", "2"}}),
            "https://host/?X=1&api-version=2&x%5B%5D=2");
  EXPECT_EQ(merged("https://host/?a%=1&b%2=1&c%zz=1&d%-1=1&e%2z=1",
                   {{"a%", "2"}, {"b%2", "2"}, {"c%zz", "2"}, {"d%-1", "2"}, {"e%2z", "2"}}),
            "https://host/?a%25=2&b%252=2&c%25zz=2&d%25-1=2&e%252z=2");
}

TEST(MergeQuery, KeepsANameThatComesTwiceInOneSetting) {
  EXPECT_EQ(merged("https://host/?a=1&a=2", {{"b", "3"}}), "https://host/?a=1&a=2&b=3");
  EXPECT_EQ(merged("https://host/?a=1&a=2&ab", {{"a", "3"}}), "https://host/?ab&a=3");
  EXPECT_EQ(joined("https://host/?a=0", "x?a=1&a=2"), "https://host/x?a=1&a=2");
}

// RFC 3986 5.4.1 and 5.4.2, without its parameters and fragments.
TEST(Resolve, FollowsTheExamplesOfRfc3986) {
  constexpr std::string_view base = "http://a/b/c/d;p?q";
  const std::vector<std::pair<std::string_view, std::string_view>> references = {
      {"http://g/h", "http://g/h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q"},
      {"g#s", "http://a/b/c/g"},
      {"g?y#s", "http://a/b/c/g?y"},
      {";x", "http://a/b/c/;x"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"../../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {".g", "http://a/b/c/.g"},
      {"g..", "http://a/b/c/g.."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/./x", "http://a/b/c/g?y/./x"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
  };
  for (const auto& [reference, target] : references)
    EXPECT_EQ(resolved(base, reference), target) << reference;
}

TEST(Resolve, KeepsATrailingSlash) {
  EXPECT_EQ(resolved("http://host/v1/chat", "/v1/chat/"), "http://host/v1/chat/");
  EXPECT_EQ(resolved("http://host/v1/chat", "http://host/v1/chat/"), "http://host/v1/chat/");
}

TEST(Resolve, WorksFromABaseWithoutAPath) {
  EXPECT_EQ(resolved("https://host:8443", "x"), "https://host:8443/x");
  EXPECT_EQ(resolved("https://host:8443", "?a"), "https://host:8443/?a");
  EXPECT_EQ(resolved("https://host:8443", ".."), "https://host:8443/");
}

TEST(Resolve, RecognisesTheSameOrigin) {
  const auto base = parsed("https://api.openai.com/v1/chat");
  for (const char* location :
       {"/v2", "v2", "?a", "//api.openai.com/v2", "https://API.OpenAI.com:443/v2", "/@evil.com/",
        "/..//evil.com/", "/https://evil.com/", "x/https://evil.com/"}) {
    const auto url = resolve(base, location);
    ASSERT_TRUE(url) << location;
    EXPECT_EQ(url->origin(), base.origin()) << location;
    EXPECT_EQ(parsed(url->text()).origin(), base.origin()) << "read again, " << location;
  }
}

TEST(Resolve, NeverTakesAnotherHostForTheSameOrigin) {
  const auto base = parsed("https://api.openai.com/v1/chat");
  for (const char* location : {"https://api.openai.com@evil.com/",
                               "https://api.openai.com:443@evil.com/",
                               "//api.openai.com@evil.com/",
                               "\\\\evil.com",
                               "/\\evil.com",
                               "\\/evil.com",
                               "https:\\\\evil.com",
                               "https:evil.com",
                               "https:///evil.com",
                               "///evil.com",
                               "https://evil.com\\@api.openai.com/",
                               "https://api.openai.com\t.evil.com/",
                               "https://api.openai.com\r\n.evil.com/",
                               "/v1\r\nX-Evil: 1",
                               "http://api.openai.com/v1/chat",
                               "https://api.openai.com:8443/",
                               "https://api.openai.com.evil.com/",
                               "https://api.openai.com%2eevil.com/",
                               "https://api.openai.com./",
                               "//evil.com",
                               "//evil.com#@api.openai.com/",
                               "https://evil.com?@api.openai.com/",
                               "https://evil.com#@api.openai.com/",
                               "javascript:alert(1)",
                               "file:///etc/passwd",
                               "data:text/html,x",
                               "https://",
                               "//",
                               "//:443/",
                               "https://[::ffff:1.2.3.4]/"}) {
    const auto url = resolve(base, location);
    EXPECT_FALSE(url && url->origin() == base.origin()) << location << " led to " << url->text();
  }
}

TEST(Resolve, SaysWhatIsWrongWithoutRepeatingIt) {
  EXPECT_THAT(resolved("https://host/", "https://u:hunter2@host/"),
              AllOf(HasSubstr("user information"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(resolved("https://host/", "/\\evil"), HasSubstr("backslash"));
  EXPECT_THAT(resolved("https://host/", "ftp://host/"), HasSubstr("neither https nor http"));
}

}  // namespace
}  // namespace openailb::url_test
