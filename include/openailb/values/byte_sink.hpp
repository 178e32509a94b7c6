#pragma once

#include <concepts>
#include <functional>
#include <ios>
#include <ostream>
#include <string_view>
#include <type_traits>
#include <utility>

namespace openailb {

/// Where the bytes of an answer go while they come: a stream, or a function that takes each piece.
///
///     std::ofstream out("speech.mp3", std::ios::binary);
///     client.audio.speech.create(params, out);
///
/// It is used on the calling thread; of an AsyncClient, where continuations run. A stream must live until the
/// answer is there. A function that returns false, or a stream that fails, ends the call as canceled.
class ByteSink {
 public:
  ByteSink(std::ostream& stream)
      : take_([&stream](std::string_view bytes) {
          return static_cast<bool>(stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
        }) {}
  template <class Function>
    requires std::invocable<Function&, std::string_view>
  ByteSink(Function function)
      : take_([function = std::move(function)](std::string_view bytes) mutable {
          if constexpr (std::is_void_v<std::invoke_result_t<Function&, std::string_view>>) {
            function(bytes);
            return true;
          } else {
            return static_cast<bool>(function(bytes));
          }
        }) {}

  /// Hands over a piece. False when no more is wanted.
  bool take(std::string_view bytes) { return take_(bytes); }

 private:
  std::function<bool(std::string_view)> take_;
};

}  // namespace openailb
