#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// What the chunks of a stream add up to.
class Accumulation {
 public:
  Accumulation() = default;
  Accumulation(const Accumulation&) = delete;
  Accumulation& operator=(const Accumulation&) = delete;
  virtual ~Accumulation() = default;

  /// Adds the chunk that was read last.
  virtual Result<void> add(const ChunkReader& latest) = 0;
  /// Whether a stream without [DONE] may end here.
  virtual bool finished() const = 0;
  /// Whether the chunk that was read last, and has been added, is the last one that the call asks for, so
  /// that nothing after it is waited for.
  virtual bool is_last(const ChunkReader& latest, const Call& call) const = 0;
  /// Takes all of it, which may be large, at the end.
  virtual AnswerPtr take() = 0;
};

/// What a stream needs to know about its chunks, which are of some type.
struct StreamKind {
  std::optional<Error> (*failure_in)(JsonNode& chunk);
  bool (*commits)(JsonNode& chunk);
  std::shared_ptr<ChunkReader> (*make_reader)();
  std::unique_ptr<Accumulation> (*make_accumulation)();
  bool ends_with_done;
  std::string_view end;
};

template <class Chunk>
class AccumulationOf final : public Accumulation {
 public:
  using Traits = StreamTraits<Chunk>;
  using Completion = typename Chunk::Completion;

  Result<void> add(const ChunkReader& latest) override { return accumulator_.add(chunk_of<Chunk>(latest)); }
  bool finished() const override { return accumulator_.finished(); }
  bool is_last(const ChunkReader& latest, const Call& call) const override {
    return Traits::is_last(chunk_of<Chunk>(latest), accumulator_, call);
  }
  AnswerPtr take() override {
    return std::make_unique<AnswerOf<Completion>>(std::move(accumulator_).completion());
  }
  const Completion& completion() const { return accumulator_.completion(); }

 private:
  typename Traits::Accumulator accumulator_{};
};

/// What chunks of this type have added up to.
template <class Chunk>
const typename Chunk::Completion& completion_of(const Accumulation& accumulation) {
  return static_cast<const AccumulationOf<Chunk>&>(accumulation).completion();
}

/// The kind of stream whose chunks have this type; see StreamTraits.
template <class Chunk>
inline constexpr StreamKind stream_kind{
    .failure_in = [](JsonNode& chunk) { return StreamTraits<Chunk>::failure_in(chunk); },
    .commits = [](JsonNode& chunk) { return StreamTraits<Chunk>::commits(chunk); },
    .make_reader = []() -> std::shared_ptr<ChunkReader> { return std::make_shared<ChunkReaderOf<Chunk>>(); },
    .make_accumulation = []() -> std::unique_ptr<Accumulation> {
      return std::make_unique<AccumulationOf<Chunk>>();
    },
    .ends_with_done = StreamTraits<Chunk>::ends_with_done,
    .end = StreamTraits<Chunk>::end};

}  // namespace openailb::detail
