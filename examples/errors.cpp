// What a call that fails has to say.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <iostream>

int main() {
  openailb::Client client(openailb_examples::endpoints());
  openailb_examples::fall_over("alpha");
  openailb_examples::fall_over("beta");

  // [error]
  auto completion = client.chat.completions.create({
      .model = openailb_examples::model(),
      .messages = {openailb::user_message("Hello!")},
  });
  if (!completion) {
    const openailb::Error& error = completion.error();
    std::cout << error.kind << ": " << error.message << '\n';
    for (const openailb::Attempt& attempt : error.attempts) {
      std::cout << "  " << attempt.endpoint << " answered " << attempt.status << '\n';
    }
  }
  // [/error]

  // [exception]
  try {
    std::cout << completion->text() << '\n';
  } catch (const openailb::Exception& exception) {
    if (exception.kind() == openailb::ErrorKind::internal_server) std::cout << "Please come back later.\n";
  }
  // [/exception]

  // [caller-fault]
  // A request that no endpoint would take is sent once, or not at all.
  auto nothing = client.chat.completions.create({.messages = {openailb::user_message("Hello!")}});
  std::cout << nothing.error().kind << ": " << nothing.error().message << '\n';
  // [/caller-fault]
}
