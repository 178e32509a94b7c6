// The smallest program: two endpoints, one question. Put in your own keys before you run it.
// [hello]
#include <openailb/openailb.hpp>

#include <iostream>

int main() {
  // 1. the endpoints; OpenRouter calls OpenAI's models "openai/..."
  openailb::Client client({
      {.api_key = "your-key-1", .base_url = "https://api.openai.com/v1"},
      {.api_key = "your-key-2", .base_url = "https://openrouter.ai/api/v1", .model_map = {{"*", "openai/*"}}},
  });

  // 2. a request, as with any OpenAI client
  auto completion = client.chat.completions.create({
      .model = "gpt-4o-mini",
      .messages = {openailb::user_message("Hello!")},
  });

  // 3. the answer; -> throws openailb::Exception if the call failed, `if (!completion)` tests for that
  std::cout << completion->choices[0].message.content << '\n';
}
// [/hello]
