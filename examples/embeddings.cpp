// The text that is nearest to a question.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

int main() {
  openailb::Client client(openailb_examples::endpoints());

  // [embeddings]
  const std::vector<std::string> texts{"the cat sleeps on the sofa", "stocks rose today", "it rains in Oslo"};
  auto known = client.embeddings.create({.model = "text-embedding-3-small", .input = texts});
  auto asked = client.embeddings.create({.model = "text-embedding-3-small", .input = "where is the cat"});

  const std::vector<float>& question = asked->data[0].embedding;
  const auto likeness = [&](const openailb::Embedding& text) {
    return std::inner_product(question.begin(), question.end(), text.embedding.begin(), 0.0F);
  };
  const auto nearest = std::ranges::max_element(known->data, {}, likeness);
  // [/embeddings]
  std::cout << "nearest to \"where is the cat\": " << texts.at(static_cast<std::size_t>(nearest->index))
            << " (" << question.size() << " numbers)\n";
}
