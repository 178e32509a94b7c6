#pragma once

namespace openailb {

template <class T>
class Result;
template <class Chunk>
class Stream;

/// How a Client runs its calls: each on the calling thread, on an event loop of its own, until it is done.
struct Blocking {
  template <class T>
  using Answer = Result<T>;
  template <class Chunk>
  using ChunkStream = Stream<Chunk>;
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/execution.hpp>
#endif
