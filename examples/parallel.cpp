// Hundreds of prompts at once, on one background thread.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <iostream>
#include <map>
#include <string>
#include <vector>

int main() {
  // [parallel]
  openailb::AsyncClient client(openailb_examples::endpoints());
  std::vector<openailb::Future<openailb::ChatCompletion>> answers;
  for (int number = 1; number <= 200; ++number) {
    answers.push_back(client.chat.completions.create({
        .model = openailb_examples::model(),
        .messages = {openailb::user_message("Write a haiku about the number " + std::to_string(number))},
    }));
  }
  // [/parallel]

  std::map<std::string, int> served;
  for (auto& answer : answers) {
    if (auto completion = answer.get()) {
      ++served[completion->info.endpoint];
    } else {
      std::cerr << completion.error().message << '\n';
    }
  }
  for (const auto& [endpoint, count] : served) std::cout << endpoint << " has answered " << count << '\n';
}
