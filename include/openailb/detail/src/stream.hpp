#pragma once

#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/result.hpp>
#include <openailb/stream.hpp>

#include <optional>
#include <stdexcept>
#include <utility>

namespace openailb {

template <class Chunk>
Stream<Chunk> detail::Core<Blocking>::stream(const StreamKind& kind, Result<NewCall> call) const {
  return Stream<Chunk>(open(kind, std::move(call)));
}

template <class Chunk>
const Chunk* Stream<Chunk>::next_in_place() {
  const detail::ChunkReader* reader = advance();
  return reader != nullptr ? &detail::chunk_of<Chunk>(*reader) : nullptr;
}

template <class Chunk>
std::optional<Chunk> Stream<Chunk>::next() {
  const Chunk* chunk = next_in_place();
  if (chunk == nullptr) return std::nullopt;
  try {
    return *chunk;
  } catch (...) {
    break_off();
    throw;
  }
}

template <class Chunk>
const typename Stream<Chunk>::Completion& Stream<Chunk>::completion() const& noexcept {
  static const Completion nothing{};
  const detail::Accumulation* whole = accumulation();
  return whole != nullptr ? detail::completion_of<Chunk>(*whole) : nothing;
}

template <class Chunk>
auto Stream<Chunk>::begin() -> Iterator {
  if (std::exchange(iterated_, true)) throw std::logic_error("openailb: a stream can be iterated only once");
  Iterator first(*this);
  ++first;
  return first;
}

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/any_stream.hpp>
#endif
