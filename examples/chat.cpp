// A chat in the terminal. An empty line or the end of the input ends it.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <iostream>
#include <string>
#include <vector>

int main() {
  openailb::Client client(openailb_examples::endpoints());

  // [chat]
  std::vector history{openailb::system_message("You are a helpful assistant. Keep it short.")};
  std::string line;
  while (std::cout << "you> " << std::flush && std::getline(std::cin, line) && !line.empty()) {
    history.push_back(openailb::user_message(line));
    auto stream = client.chat.completions.stream({.model = openailb_examples::model(), .messages = history});

    while (auto chunk = stream.next()) std::cout << chunk->text() << std::flush;
    std::cout << '\n';

    if (stream.error()) {  // nothing is lost: the question can be asked again
      std::cout << '(' << stream.error()->message << ")\n";
      history.pop_back();
    } else {
      history.push_back(openailb::assistant_message(stream.completion().text()));
    }
  }
  // [/chat]
  std::cout << '\n';
}
