// A program for valgrind's callgrind, which counts instructions: no noise blurs them. See `instructions`.
//   openailb_instructions serve              serves until its input ends, and prints its URL
//   openailb_instructions WHAT URL COUNT     makes COUNT calls; WHAT is call, short-call or stream, or
//   one of these behind "hand-"

#include "benchmark/hand_written.hpp"
#include "benchmark/workload.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>

int main(int count, char** arguments) {
  using namespace openailb::benchmark;
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "serve") {
    openailb::test::ScriptedServer server(serve());
    std::cout << server.url() << std::endl;
    while (std::getchar() != EOF) {
    }
    return 0;
  }
  if (count != 4) return 2;
  const std::string url = arguments[2];
  openailb::Client client({{.api_key = "key", .base_url = url}});
  HandWritten by_hand(url);
  std::size_t length = 0;
  const std::map<std::string, std::function<void()>> all{
      {"call", [&] { ask(client); }},
      {"short-call", [&] { ask(client, short_question); }},
      {"stream", [&] { stream(client); }},
      {"hand-call", [&] { length += by_hand.ask(question).size(); }},
      {"hand-short-call", [&] { length += by_hand.ask(short_question).size(); }},
      {"hand-stream",
       [&] { by_hand.stream(question, [&](const std::string& text) { length += text.size(); }); }},
  };
  for (int left = std::atoi(arguments[3]); left > 0; --left) all.at(what)();
}
