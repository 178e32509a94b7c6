// Any text is a URL or is not; one that is reads back as it was written.
#include <openailb/detail/wire/url.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto url = openailb::detail::Url::parse({reinterpret_cast<const char*>(data), size});
  if (!url) return 0;
  auto again = openailb::detail::Url::parse(url->text());
  if (!again || *again != *url) std::abort();
  return 0;
}
