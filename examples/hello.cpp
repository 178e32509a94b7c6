// The smallest program: two endpoints, one question. Put in your own keys before you run it.
// [hello]
#include <openailb/openailb.hpp>

#include <iostream>

int main() {
  // 1. the endpoints
  openailb::Client client({
      {.api_key = "your-api-key-1", .base_url = "https://api.openai.com/v1"},
      {.api_key = "your-api-key-2", .base_url = "https://openrouter.ai/api/v1"},
  });

  // 2. a request, as with any OpenAI client
  auto completion = client.chat.completions.create({
      .model = "gpt-3.5-turbo",
      .messages = {openailb::user_message("Hello!")},
  });

  // 3. the answer; -> on a failed call throws openailb::Exception, `if (!completion)` tests instead
  std::cout << completion->choices[0].message.content << '\n';
}
// [/hello]
