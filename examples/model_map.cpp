// One model by different names on different endpoints.
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
}
