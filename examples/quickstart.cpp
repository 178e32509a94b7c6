// Calls that are balanced, failed over and healed, in a picture.
#include "support/endpoints.hpp"
#include "support/show.hpp"
#include <openailb/openailb.hpp>

using namespace std::chrono_literals;

int main() {
  // [quickstart]
  // 1. the endpoints, and how long one that has failed three times in a row is left alone
  openailb::Client client(openailb_examples::endpoints(), {.breaker = {.timeout = 1s}});

  openailb_examples::Show show(client);
  while (show.next_call()) {
    // 2. a request, as with any OpenAI client
    auto completion = client.chat.completions.create({
        .model = openailb_examples::model(),
        .messages = {openailb::user_message("Hello!")},
    });

    // 3. the answer: completion->text(), and in completion->info who gave it and what else was tried
    show.draw(completion);
  }
  // [/quickstart]
  return show.finish();
}
