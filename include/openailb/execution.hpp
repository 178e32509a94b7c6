#pragma once

namespace openailb {

template <class T>
class Result;
template <class Chunk>
class Stream;
template <class T>
class Future;
template <class Chunk>
class AsyncStream;

/// How a Client runs its calls: each on the calling thread, on an event loop of its own, until it is done.
struct Blocking {
  template <class T>
  using Answer = Result<T>;
  template <class Chunk>
  using ChunkStream = Stream<Chunk>;
};

/// How an AsyncClient runs its calls: all of them on one thread of its own.
struct Async {
  template <class T>
  using Answer = Future<T>;
  template <class Chunk>
  using ChunkStream = AsyncStream<Chunk>;
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/execution.hpp>
#endif
