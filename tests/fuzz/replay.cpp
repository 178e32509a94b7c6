// The main() of a fuzz target where there is no libFuzzer: `stream_replay FILES` gives it each of the files.
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int, char** arguments) {
  for (char** file = arguments + 1; *file != nullptr; ++file) {
    std::cout << *file << std::endl;  // before it is tried: a find ends the program
    std::ifstream stream(*file, std::ios::binary);
    if (!stream) return 1;
    const std::string input{std::istreambuf_iterator<char>(stream), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
}
