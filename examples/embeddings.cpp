// Any other path of the API, through the same balancer.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <nlohmann/json.hpp>

#include <iostream>
#include <numeric>
#include <vector>

int main() {
  openailb::Client client(openailb_examples::endpoints());

  // [embeddings]
  const nlohmann::json request = {
      {"model", "text-embedding-3-small"},
      {"input", {"the cat sat", "the cat slept", "stocks rose"}},
  };
  auto answer = client.post("/embeddings", request);
  std::vector<std::vector<double>> vectors;
  for (const auto& item : answer->at("data")) vectors.push_back(item.at("embedding"));
  // [/embeddings]

  const auto likeness = [&](const auto& one, const auto& other) {
    return std::inner_product(one.begin(), one.end(), other.begin(), 0.0);
  };
  std::cout << "the cat sat ~ the cat slept: " << likeness(vectors[0], vectors[1]) << '\n'
            << "the cat sat ~ stocks rose:   " << likeness(vectors[0], vectors[2]) << '\n';
}
