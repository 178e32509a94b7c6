// A vector store and its files, which must be made at one endpoint.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <iostream>

int main() {
  openailb::Client client(openailb_examples::endpoints());

  // [vector-store]
  // First the store, then its files at its endpoint.
  const auto store = client.vector_stores.create({.name = "manuals"});
  const auto manual = client.files.create(
      {
          .file = openailb::file_from_bytes("manual.md", "# How to balance calls"),
          .purpose = "assistants",
      },
      {.endpoint = store->info.endpoint});
  const auto added = client.vector_stores.files.create(store->id, {.file_id = manual->id});
  std::cout << manual->filename << ": " << added->status << '\n';

  // The same in one call, which also waits until the file can be found.
  const auto second = client.vector_stores.files.upload_and_poll(
      store->id, openailb::file_from_bytes("faq.md", "# Questions"));
  std::cout << "faq.md: " << second->status << '\n';
  // [/vector-store]

  // A file that is made anywhere comes to the endpoint whose turn it is. Two local servers may both have made
  // a "file-1": then a call says which it means.
  const auto stray = client.files.create({
      .file = openailb::file_from_bytes("stray.md", "# Nowhere"),
      .purpose = "assistants",
  });
  const auto which = client.files.retrieve(stray->id);
  if (!which) std::cout << which.error().message << '\n';
  const auto meant = client.files.retrieve(stray->id, {.endpoint = stray->info.endpoint});
  std::cout << meant->filename << " is at " << meant->info.endpoint << '\n';
}
