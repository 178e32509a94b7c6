#pragma once

#include <openailb/openailb.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::test {

/// Waits for a call of either client, and reads a stream to its end.
template <class Call>
void finish(Call call) {
  if constexpr (requires { call.get(); }) {
    static_cast<void>(call.get());
  } else if constexpr (requires { static_cast<bool>(call.next()); }) {
    while (call.next()) {
    }
  } else if constexpr (requires { call.next(); }) {
    static_cast<void>(std::move(call).on_chunk([](const auto&) {}).get());
  }
}

/// Calls of one client, each a way to use it.
template <class Client>
using Uses = std::vector<std::function<void(const Client&)>>;

/// The client's own methods, but for those that change its endpoints.
template <class Client>
Uses<Client> uses_of_the_client() {
  const auto everything = [](std::string_view) { return true; };
  return {
      [](const Client& c) {
        finish(c.post("/rerank", nlohmann::json{{"model", "m"}}));
      },
      [](const Client& c) { finish(c.get("/files/file-1")); },
      [](const Client& c) { finish(c.del("/files/file-1")); },
      [](const Client& c) { finish(c.poll("/jobs/job-1", [](const JsonResponse&) { return true; })); },
      [](const Client& c) { finish(c.upload("/files", {{.name = "purpose", .content = "batch"}})); },
      [](const Client& c) { finish(c.download("/files/file-1/content")); },
      [=](const Client& c) { finish(c.download("/files/file-1/content", everything)); },
      [](const Client& c) { static_cast<void>(c.owner_of("file-1")); },
      [](const Client& c) { c.pin_object("file-1", "stays"); },
      [](const Client& c) {
        for (const EndpointStatus& one : c.endpoints()) static_cast<void>(one.name + one.base_url);
      },
      [](const Client& c) {
        const Client copy = c;
        finish(copy.models.list());
      },
  };
}

template <class Client>
Uses<Client> uses_of_generation() {
  const FileInput bytes = file_from_bytes("file.png", "bytes");
  const ChatCompletionCreateParams chat{.model = "m", .messages = {user_message("Hello!")}};
  const ByteSink sink([](std::string_view) { return true; });
  return {
      [=](const Client& c) { finish(c.chat.completions.create(chat)); },
      [=](const Client& c) { finish(c.chat.completions.stream(chat)); },
      [](const Client& c) { finish(c.chat.completions.retrieve("chatcmpl-1")); },
      [](const Client& c) { finish(c.chat.completions.list()); },
      [](const Client& c) { finish(c.chat.completions.list(RequestOptions{.all_endpoints = true})); },
      [](const Client& c) { finish(c.chat.completions.update("chatcmpl-1", {})); },
      [](const Client& c) { finish(c.chat.completions.del("chatcmpl-1")); },
      [](const Client& c) { finish(c.chat.completions.messages.list("chatcmpl-1")); },
      [](const Client& c) { finish(c.completions.create({.model = "m", .prompt = "p"})); },
      [](const Client& c) { finish(c.completions.stream({.model = "m", .prompt = "p"})); },
      [](const Client& c) { finish(c.embeddings.create({.model = "m", .input = "i"})); },
      [](const Client& c) { finish(c.moderations.create({.input = "i"})); },
      [=](const Client& c) { finish(c.audio.transcriptions.create({.model = "m", .file = bytes})); },
      [=](const Client& c) { finish(c.audio.transcriptions.stream({.model = "m", .file = bytes})); },
      [=](const Client& c) { finish(c.audio.translations.create({.model = "m", .file = bytes})); },
      [](const Client& c) { finish(c.audio.speech.create({.model = "m", .input = "i"})); },
      [=](const Client& c) { finish(c.audio.speech.create({.model = "m", .input = "i"}, sink)); },
      [](const Client& c) { finish(c.audio.speech.stream({.model = "m", .input = "i"})); },
      [](const Client& c) { finish(c.images.generate({.model = "m", .prompt = "p"})); },
      [](const Client& c) { finish(c.images.generate_stream({.model = "m", .prompt = "p"})); },
      [=](const Client& c) { finish(c.images.edit({.image = {bytes}, .prompt = "p"})); },
      [=](const Client& c) { finish(c.images.edit_stream({.image = {bytes}, .prompt = "p"})); },
      [=](const Client& c) { finish(c.images.create_variation({.image = bytes})); },
  };
}

template <class Client>
Uses<Client> uses_of_answers() {
  return {
      [](const Client& c) { finish(c.responses.create({.model = "m", .input = "i"})); },
      [](const Client& c) { finish(c.responses.stream({.model = "m", .input = "i"})); },
      [](const Client& c) { finish(c.responses.retrieve("resp_1")); },
      [](const Client& c) { finish(c.responses.wait("resp_1")); },
      [](const Client& c) { finish(c.responses.cancel("resp_1")); },
      [](const Client& c) { finish(c.responses.del("resp_1")); },
      [](const Client& c) { finish(c.responses.compact({.model = "m"})); },
      [](const Client& c) { finish(c.responses.input_items.list("resp_1")); },
      [](const Client& c) { finish(c.responses.input_tokens.count({.model = "m"})); },
      [](const Client& c) { finish(c.conversations.create({})); },
      [](const Client& c) { finish(c.conversations.retrieve("conv_1")); },
      [](const Client& c) { finish(c.conversations.update("conv_1", {})); },
      [](const Client& c) { finish(c.conversations.del("conv_1")); },
      [](const Client& c) { finish(c.conversations.items.create("conv_1", {})); },
      [](const Client& c) { finish(c.conversations.items.list("conv_1")); },
      [](const Client& c) { finish(c.conversations.items.retrieve("conv_1", "msg_1")); },
      [](const Client& c) { finish(c.conversations.items.del("conv_1", "msg_1")); },
  };
}

template <class Client>
Uses<Client> uses_of_files() {
  const FileInput bytes = file_from_bytes("file.txt", "bytes");
  const ByteSink sink([](std::string_view) { return true; });
  const RequestOptions all_endpoints{.all_endpoints = true};
  return {
      [=](const Client& c) { finish(c.files.create({.file = bytes, .purpose = "batch"})); },
      [](const Client& c) { finish(c.files.list()); },
      [=](const Client& c) { finish(c.files.list(all_endpoints)); },
      [](const Client& c) { finish(c.files.retrieve("file-1")); },
      [](const Client& c) { finish(c.files.del("file-1")); },
      [](const Client& c) { finish(c.files.content("file-1")); },
      [=](const Client& c) { finish(c.files.content("file-1", sink)); },
      [](const Client& c) { finish(c.batches.create({.endpoint = "/v1/e", .input_file_id = "file-1"})); },
      [](const Client& c) { finish(c.batches.retrieve("batch_1")); },
      [](const Client& c) { finish(c.batches.wait("batch_1")); },
      [=](const Client& c) { finish(c.batches.list(all_endpoints)); },
      [](const Client& c) { finish(c.batches.cancel("batch_1")); },
      [](const Client& c) { finish(c.uploads.create({.bytes = 5, .filename = "f", .purpose = "batch"})); },
      [=](const Client& c) { finish(c.uploads.add_part("upload_1", bytes)); },
      [](const Client& c) { finish(c.uploads.complete("upload_1", {.part_ids = {"part_1"}})); },
      [](const Client& c) { finish(c.uploads.cancel("upload_1")); },
      [](const Client& c) {
        finish(
            c.uploads.upload_file_chunked({.path = __FILE__, .mime_type = "text/plain", .purpose = "batch"}));
      },
      [=](const Client& c) { finish(c.models.list(all_endpoints)); },
      [](const Client& c) { finish(c.models.retrieve("m")); },
      [](const Client& c) { finish(c.models.del("m")); },
  };
}

template <class Client>
Uses<Client> uses_of_vector_stores() {
  const FileInput bytes = file_from_bytes("file.txt", "bytes");
  return {
      [](const Client& c) { finish(c.vector_stores.create({})); },
      [](const Client& c) { finish(c.vector_stores.retrieve("vs_1")); },
      [](const Client& c) { finish(c.vector_stores.update("vs_1", {})); },
      [](const Client& c) { finish(c.vector_stores.list(RequestOptions{.all_endpoints = true})); },
      [](const Client& c) { finish(c.vector_stores.del("vs_1")); },
      [](const Client& c) { finish(c.vector_stores.search("vs_1", {.query = "q"})); },
      [](const Client& c) { finish(c.vector_stores.files.create("vs_1", {.file_id = "file-1"})); },
      [](const Client& c) { finish(c.vector_stores.files.retrieve("vs_1", "file-1")); },
      [=](const Client& c) { finish(c.vector_stores.files.upload_and_poll("vs_1", bytes)); },
      [](const Client& c) { finish(c.vector_stores.files.wait("vs_1", "file-1")); },
      [](const Client& c) { finish(c.vector_stores.files.update("vs_1", "file-1", {})); },
      [](const Client& c) { finish(c.vector_stores.files.list("vs_1")); },
      [](const Client& c) { finish(c.vector_stores.files.content("vs_1", "file-1")); },
      [](const Client& c) { finish(c.vector_stores.files.del("vs_1", "file-1")); },
      [](const Client& c) { finish(c.vector_stores.file_batches.create("vs_1", {.file_ids = {"file-1"}})); },
      [](const Client& c) { finish(c.vector_stores.file_batches.retrieve("vs_1", "vsfb_1")); },
      [](const Client& c) { finish(c.vector_stores.file_batches.wait("vs_1", "vsfb_1")); },
      [](const Client& c) { finish(c.vector_stores.file_batches.cancel("vs_1", "vsfb_1")); },
      [](const Client& c) { finish(c.vector_stores.file_batches.list_files("vs_1", "vsfb_1")); },
  };
}

/// Every public method of a client and of its resources, but for those that change its endpoints.
template <class Client>
Uses<Client> every_method() {
  Uses<Client> all;
  for (auto& uses : {uses_of_the_client<Client>(), uses_of_generation<Client>(), uses_of_answers<Client>(),
                     uses_of_files<Client>(), uses_of_vector_stores<Client>()}) {
    all.insert(all.end(), uses.begin(), uses.end());
  }
  return all;
}

}  // namespace openailb::test
