// What is said in a file. Usage: transcribe [FILE]
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <filesystem>
#include <fstream>
#include <ios>
#include <iostream>
#include <string>

namespace {

/// A file in which somebody says something.
std::string recording(const openailb::Client& client) {
  std::string path = (std::filesystem::temp_directory_path() / "openailb_talk.wav").string();
  std::ofstream out(path, std::ios::binary);
  client.audio.speech
      .create({.model = "gpt-4o-mini-tts",
               .input = "Nobody noticed.",
               .voice = "alloy",
               .response_format = "wav"},
              out)
      .value();
  return path;
}

}  // namespace

int main(int argc, char** argv) {
  openailb::Client client(openailb_examples::endpoints());
  const std::string path = argc > 1 ? argv[1] : recording(client);

  // [transcribe]
  // Read from disk while it is sent, and again from its beginning if the call fails over.
  auto talk = client.audio.transcriptions.create({.model = "whisper-1", .file = openailb::file(path)});
  std::cout << talk->text << '\n';

  auto subtitles = client.audio.transcriptions.create(
      {.model = "whisper-1", .file = openailb::file(path), .response_format = "srt"});
  std::cout << subtitles->text;
  // [/transcribe]

  auto missing =
      client.audio.transcriptions.create({.model = "whisper-1", .file = openailb::file("no_such_talk.mp3")});
  if (!missing) std::cout << missing.error().message << '\n';
}
