// Whatever a file of endpoints holds, it makes endpoints or an error that begins with the file's name and
// holds no key.
#include "input.hpp"
#include <openailb/openailb.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

using openailb::fuzz::require;

/// A file that is there as long as this program runs.
class TemporaryFile {
 public:
  ~TemporaryFile() { std::filesystem::remove(path); }

  const std::string path =
      std::filesystem::temp_directory_path() / ("openailb-endpoints-fuzz-" + std::to_string(getpid()));
};

constexpr std::string_view key = "sk-fuzz-0123456789";
constexpr std::string_view member = R"("api_key": "sk-fuzz-0123456789")";

/// Whether the key stands where keys belong and nowhere else, so that nothing else can show it.
bool keeps_the_key(std::string_view document) {
  const std::size_t at = document.find(member);
  return at != document.npos && document.find(key) > at &&
         document.find(key, at + member.size()) == document.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TemporaryFile file;
  const std::string document(reinterpret_cast<const char*>(data), size);
  std::ofstream(file.path, std::ios::binary) << document;
  try {
    require(!openailb::load_endpoints(file.path).empty());
  } catch (const std::invalid_argument& error) {
    const std::string said = error.what();
    require(said.starts_with(file.path + ':'));
    require(!keeps_the_key(document) || said.find(key) == said.npos);
  }
  return 0;
}
