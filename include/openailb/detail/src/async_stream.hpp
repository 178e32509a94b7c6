#pragma once

#include <openailb/async_stream.hpp>
#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/result.hpp>

#include <functional>
#include <optional>
#include <utility>

namespace openailb {

template <class Chunk>
AsyncStream<Chunk> detail::Core<Async>::stream(const StreamKind& kind, Result<NewCall> call) const {
  return AsyncStream<Chunk>(open(kind, std::move(call)));
}

template <class Chunk>
std::optional<Chunk> AsyncStream<Chunk>::take_chunk() {
  const detail::ChunkReader* reader = take();
  if (reader == nullptr) return std::nullopt;
  try {
    return detail::chunk_of<Chunk>(*reader);
  } catch (...) {
    break_off();
    throw;
  }
}

template <class Chunk>
auto AsyncStream<Chunk>::read_chunks(std::function<bool(const Chunk&)> take) && -> Future<Completion> {
  return Future<Completion>(
      std::move(*this).read_all([take = std::move(take)](const detail::ChunkReader& reader) {
        return take(detail::chunk_of<Chunk>(reader));
      }));
}

template <class Chunk>
auto AsyncStream<Chunk>::completion() const noexcept -> const Completion& {
  static const Completion nothing{};
  const detail::Accumulation* whole = accumulation();
  return whole != nullptr ? detail::completion_of<Chunk>(*whole) : nothing;
}

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/any_async_stream.hpp>
#endif
