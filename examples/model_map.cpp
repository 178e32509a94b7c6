// One model by different names on different endpoints, and other models when it fails everywhere.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <iostream>

int main() {
  const auto given = openailb_examples::endpoints();

  // [model-map]
  // On the first endpoint "gpt-3.5-turbo" becomes "gpt-4". Models that are not in a map pass as they are.
  openailb::Client client({
      {.api_key = given.front().api_key,
       .base_url = given.front().base_url,
       .model_map = {{"gpt-3.5-turbo", "gpt-4"}}},
      {.api_key = given.back().api_key, .base_url = given.back().base_url},
  });
  // [/model-map]

  for (int call = 1; call <= 4; ++call) {
    auto completion = client.chat.completions.create({
        .model = "gpt-3.5-turbo",
        .messages = {openailb::user_message("Which model are you?")},
    });
    std::cout << completion->info.endpoint << ": " << completion->text() << '\n';
  }

  // [fallback]
  // When a model has failed on every endpoint that serves it, the call goes on with the next one.
  auto completion = client.chat.completions.create(
      {
          .model = "gpt-4o",
          .messages = {openailb::user_message("Hello!")},
      },
      {.fallback_models = {"gpt-4o-mini", "llama-3.3-70b"}});
  std::cout << completion->info.model << " answered\n";
  // [/fallback]
}
