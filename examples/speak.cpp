// Speech from a text, written to a file while it comes. Usage: speak [FILE.wav]
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <filesystem>
#include <fstream>
#include <ios>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  openailb::Client client(openailb_examples::endpoints());
  const std::string path =
      argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "openailb_speech.wav").string();

  // [speak]
  std::ofstream out(path, std::ios::binary);
  auto speech = client.audio.speech.create(
      {
          .model = "gpt-4o-mini-tts",
          .input = "An endpoint falls down. The others carry its calls.",
          .voice = "alloy",
          .response_format = "wav",
      },
      out);
  std::cout << "wrote " << speech->size << " bytes\n";
  // [/speak]
}
