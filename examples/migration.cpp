// What a program looks like that used another library before; the README shows both sides.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <iostream>
#include <vector>

int main() {
  const auto endpoints = openailb_examples::endpoints();
  const std::string model = openailb_examples::model();

  {
    // [from-liboai]
    openailb::Client client(endpoints);
    std::vector messages{openailb::user_message("What is the point of taxes?")};

    auto completion = client.chat.completions.create({.model = model, .messages = messages});
    if (!completion) {
      std::cout << completion.error().message << '\n';
    } else {
      messages.push_back(openailb::assistant_message(completion->choices[0].message));
      std::cout << completion->text() << '\n';
    }
    // [/from-liboai]
  }
  {
    // [from-openai-cpp]
    openailb::Client client(endpoints);

    auto completion = client.chat.completions.create({
        {"model", model},
        {"messages", {{{"role", "user"}, {"content", "Hello!"}}}},
        {"max_tokens", 256},
    });
    std::cout << completion->choices[0].message.content << '\n';
    // [/from-openai-cpp]
  }
}
