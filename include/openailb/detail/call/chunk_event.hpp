#pragma once

#include <openailb/detail/balance/object_affinity.hpp>
#include <openailb/detail/balance/object_owners.hpp>
#include <openailb/detail/balance/reading.hpp>
#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/detail/net/aside.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/sse.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace openailb::detail {

/// An event was a chunk, which its reader has now.
struct ChunkRead {
  std::optional<Usage> usage{};    ///< null also if nobody wants to know it
  std::optional<Error> failure{};  ///< what the chunk says has gone wrong, so that it is the last one
};

/// What one event of a committed stream says.
using ChunkEvent = std::variant<ChunkRead, StreamEnd, Error>;

/// Whose stream it is.
struct StreamOf {
  ObjectAffinity& affinity;
  const Call& call;
  std::size_t endpoint;
  bool wants_usage;
  const StreamKind& kind;
};

/// Reads an event of a committed stream and takes its data, if it is a chunk. Needs nothing but what it is
/// given, so it may run on another thread.
inline ChunkEvent read_chunk_event(ServerSentEvent& event, ScannedJson& document, ChunkReader& chunks,
                                   const StreamOf& stream) {
  // An event named error is a failure even if it looks like the chunk before it.
  if (event.event != "error" && chunks.read_repetition(event.data)) return ChunkRead{};
  StreamEvent said = read_event(event, document);
  if (auto* error = std::get_if<Error>(&said)) return std::move(*error);
  if (std::holds_alternative<StreamEnd>(said)) return StreamEnd{};
  ChunkRead read{.usage = stream.wants_usage ? usage_of(document.root()) : std::nullopt};
  learn_from_answer(stream.affinity, stream.call, stream.endpoint, event.data);
  read.failure = stream.kind.failure_in(document.root());
  chunks.read(document, event.data);
  return read;
}

/// A large event, read by a reader of its own: the one of the events before it is still looked at.
struct LargeChunkEvent {
  ChunkEvent said{};
  std::shared_ptr<ChunkReader> chunks{};
};

/// Reads a large event beside the loop, with a new reader. `affinity` are those of the client.
template <class = OnlyIfUsed>
Task<LargeChunkEvent> read_large_chunk_event(EventLoop& loop, ServerSentEvent event, Reading reading,
                                             std::shared_ptr<ObjectAffinity> affinity, const StreamKind& kind,
                                             std::shared_ptr<ChunkReader> chunks) {
  auto reads = [&kind, event = std::move(event), reading = std::move(reading), affinity = std::move(affinity),
                chunks = std::move(chunks)]() mutable {
    LargeChunkEvent read{.chunks = std::move(chunks)};
    ScannedJson document;
    read.said =
        read_chunk_event(event, document, *read.chunks,
                         {*affinity, *reading.call, reading.endpoint->id(), reading.wants_usage, kind});
    if (auto* error = std::get_if<Error>(&read.said)) *error = reading.cleaned(std::move(*error));
    return read;
  };
  return aside(loop, std::move(reads));
}

}  // namespace openailb::detail
