// An answer that is shown while it is being written.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <iostream>

int main() {
  openailb::Client client(openailb_examples::endpoints());

  // [streaming]
  auto stream = client.chat.completions.stream({
      .model = openailb_examples::model(),
      .messages = {openailb::user_message("Write a haiku about load balancing.")},
  });
  for (const auto& chunk : stream) std::cout << chunk.text() << std::flush;
  std::cout << '\n';
  // [/streaming]

  // [stream-after]
  // What create() would have returned, and who served it.
  const openailb::ChatCompletion& completion = stream.completion();
  std::cout << "(" << stream.info().endpoint << ", " << completion.choices[0].finish_reason << ", "
            << completion.text().size() << " characters)\n";
  // [/stream-after]
}
