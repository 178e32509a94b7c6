// Files that a configuration names: what is no plain file is refused, and never waited for.

#include <openailb/detail/net/connection_check.hpp>
#include <openailb/detail/net/file_content.hpp>
#include <openailb/endpoints.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace openailb::file_content_test {
namespace {

using ::testing::HasSubstr;

/// A folder that is there as long as the test.
class NamedFile : public ::testing::Test {
 protected:
  NamedFile() { std::filesystem::create_directory(folder_); }
  ~NamedFile() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string fifo() const {
    EXPECT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    return path("fifo");
  }
  std::string file(const std::string& name, std::size_t size) const {
    std::ofstream(path(name), std::ios::binary) << std::string(size, ' ');
    return path(name);
  }
  static std::string fault(const std::string& path) {
    std::string fault;
    EXPECT_EQ(detail::content_of_file(path, fault), "");
    return fault;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("openailb-file-content-" + std::to_string(getpid()));
};

TEST_F(NamedFile, IsReadWhole) {
  std::string fault;
  constexpr std::size_t most = std::size_t{16} << 20;
  for (const std::size_t size : {std::size_t{0}, std::size_t{65536}, std::size_t{65537}, most}) {
    EXPECT_EQ(detail::content_of_file(file("file", size), fault).size(), size);
  }
  EXPECT_EQ(fault, "");
}

TEST_F(NamedFile, ThatIsNoPlainFileIsRefused) {
  EXPECT_EQ(fault(fifo()), "is no regular file");
  EXPECT_EQ(fault("/dev/zero"), "is no regular file");
  EXPECT_EQ(fault("/dev/null"), "is no regular file");
  EXPECT_EQ(fault(folder_.string()), "is a directory");
  EXPECT_EQ(fault(path("missing")), "cannot be read");
  EXPECT_EQ(fault(""), "cannot be read");
  EXPECT_EQ(fault(file("large", (std::size_t{16} << 20) + 1)), "is larger than 16 MiB");
  std::filesystem::create_symlink("fifo", path("link"));
  EXPECT_EQ(fault(path("link")), "is no regular file");
}

TEST_F(NamedFile, OfEndpointsIsRefusedInThatCase) {
  try {
    load_endpoints(fifo());
    ADD_FAILURE() << "it is a pipe";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("fifo: is no regular file"));
  }
  EXPECT_THROW(load_endpoints("/dev/zero"), std::invalid_argument);
  EXPECT_THROW(load_endpoints(file("large", (std::size_t{16} << 20) + 1)), std::invalid_argument);
}

TEST_F(NamedFile, OfCertificatesIsRefusedInThatCase) {
  EXPECT_THAT(detail::problem_of_connection({.ca_bundle = fifo()}), HasSubstr("is no regular file"));
  EXPECT_THAT(detail::problem_of_connection({.ca_bundle = folder_.string()}), HasSubstr("is a directory"));
  EXPECT_THAT(detail::problem_of_connection({.ca_bundle = file("empty", 0)}), HasSubstr("is empty"));
}

}  // namespace
}  // namespace openailb::file_content_test
