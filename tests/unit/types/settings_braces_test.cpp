// What braces make of texts in quotes in settings: never the std::string of the characters between two of
// them.

#include <openailb/api_key.hpp>
#include <openailb/breaker_settings.hpp>
#include <openailb/endpoints.hpp>
#include <openailb/file.hpp>
#include <openailb/options.hpp>
#include <openailb/types/responses.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace openailb::settings_braces_test {
namespace {

template <class Field>
void take(Field);
template <class Field>
constexpr bool takes_two = requires {
  take<Field>({"a", "b"});
};
template <class Field>
constexpr bool is_text = requires(Field field, const Field& other, std::string text, std::string_view view) {
  take<Field>("a");
  take<Field>({"a"});
  take<Field>({});
  take<Field>(text);
  take<Field>(view);
  field = "a";
  field = text;
  text = other;
  text = std::move(field);
  view = other;
};
template <class... Fields>
constexpr bool are_safe = (... && (is_text<Fields> && !takes_two<Fields>));

static_assert(takes_two<std::string>, "which is the trap");
static_assert(are_safe<decltype(EndpointConfig::base_url), decltype(EndpointConfig::name),
                       decltype(EndpointConfig::organization), decltype(EndpointConfig::project),
                       decltype(EndpointConfig::quota_group), decltype(EndpointConfig::trust)>);
static_assert(
    are_safe<decltype(ConnectionOptions::ca_bundle), decltype(ConnectionOptions::client_certificate),
             decltype(ConnectionOptions::client_key), decltype(ConnectionOptions::proxy)>);
static_assert(are_safe<decltype(RequestOptions::endpoint), decltype(RequestOptions::session),
                       decltype(RequestOptions::context_length_fallback),
                       decltype(RequestOptions::content_filter_fallback)>);
static_assert(are_safe<decltype(FileInput::path), decltype(FileInput::content), decltype(FileInput::filename),
                       decltype(FileInput::content_type)>);
static_assert(are_safe<decltype(BreakerSettings::name), decltype(ResponseItem::role)>);

template <class Key>
constexpr bool endpoints_take_two = requires(Key key) {
  azure_endpoint({"a", "b"}, key);
} || requires(Key key) {
  azure_endpoint("a", key, {"a", "b"});
} || requires(Key key) {
  openrouter_endpoint(key, {"a", "b"});
} || requires(Key key) {
  openrouter_endpoint(key, "a", {"a", "b"});
} || requires {
  local_endpoint({"a", Key("b")});
};
static_assert(!endpoints_take_two<const char*>);

TEST(SettingsBraces, LeaveTextsAsTheyWere) {
  EndpointConfig endpoint{.base_url = std::string("http://a/v1"), .name = "a", .organization = {"o"}};
  const std::string& name = endpoint.name;
  EXPECT_EQ(name, "a");
  endpoint.name += "b";
  EXPECT_EQ(endpoint.name + "/" + endpoint.organization, "ab/o");
  const std::string moved = std::move(endpoint.base_url);
  EXPECT_EQ(moved, "http://a/v1");
  EXPECT_EQ(local_endpoint("http://localhost:1").base_url, "http://localhost:1/v1");
  EXPECT_EQ(local_endpoint(std::string("http://localhost:1")).base_url, "http://localhost:1/v1");
  EXPECT_EQ(azure_endpoint("https://a/", "key").base_url, "https://a/openai/v1");
}

}  // namespace
}  // namespace openailb::settings_braces_test
