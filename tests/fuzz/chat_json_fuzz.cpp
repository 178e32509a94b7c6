// Whatever JSON a server sends, as an answer or line by line as chunks: it is read or refused, and what was
// read says the same after it has been written and read again.
#include "input.hpp"
#include "support/written_json.hpp"
#include <openailb/chat.hpp>
#include <openailb/detail/failure/error_body.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

using nlohmann::json;
using openailb::fuzz::require;

/// The JSON of a value, which reads back as the same.
template <class T>
json stable(const T& value) {
  const std::string text = openailb::detail::write_json(value);
  const json written = json::parse(text);
  require(text == openailb::test::written_json(value).dump());
  require(json(openailb::test::written_json(openailb::detail::read_json<T>(written))) == written);
  return written;
}

void read_error(const json& document) {
  const auto error = openailb::detail::error_inside(document);
  if (!error) return;
  require(error->status == 200 || error->kind == openailb::detail::kind_of_status(error->status));
  require(!error->message.empty());
}

void read_answer(std::string_view text) {
  openailb::HttpResponse response{.status = 200, .body = std::string(text)};
  bool delivered = false;
  const auto completion = openailb::detail::typed<openailb::ChatCompletion>(
      openailb::detail::decode_chat_completion(response, delivered));
  require(!delivered);
  if (!completion) return;
  require(!completion->choices.empty());
  stable(*completion);
  for (const auto& choice : completion->choices) stable(openailb::assistant_message(choice.message));
}

void read_chunk(const json& document, openailb::ChatCompletionAccumulator& accumulator) {
  const auto chunk = openailb::detail::read_json<openailb::ChatCompletionChunk>(document);
  stable(chunk);
  const json before = openailb::test::written_json(accumulator.completion());
  if (!accumulator.add(chunk)) {
    require(json(openailb::test::written_json(accumulator.completion())) == before);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  openailb::fuzz::Input input(data, size);
  if (const auto document = openailb::detail::parse_json(input.rest())) {
    require(openailb::detail::write_json(*document) == document->dump());
    read_error(*document);
    read_answer(input.rest());
  }
  openailb::ChatCompletionAccumulator accumulator;
  while (!input.rest().empty()) {
    if (const auto document = openailb::detail::parse_json(input.line())) read_chunk(*document, accumulator);
  }
  const auto& completion = accumulator.completion();
  stable(completion);
  require(std::ranges::is_sorted(completion.choices, {}, &openailb::ChatCompletionChoice::index));
  require(!accumulator.finished() || !completion.choices.empty());
  return 0;
}
