#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// One server-sent event.
struct ServerSentEvent {
  std::string event{};  ///< the event's name, empty when the server gave none
  std::string
      data{};  ///< its data lines, joined by "\n"; may be empty, as in `data:` followed by a blank line

  bool operator==(const ServerSentEvent&) const = default;
};

/// Turns the bytes of a `text/event-stream` into events, however the network has cut them up, by the rules
/// of WHATWG HTML 9.2: lines end in LF, CRLF or CR; comments, unknown fields and events without a data line
/// are ignored; an event that its blank line has not ended is never delivered. What the data means (JSON,
/// `[DONE]`, an error) is not decided here. No I/O; time linear in the bytes fed.
///
///     decoder.feed(bytes);
///     while (auto event = decoder.next()) use(*event);
///     if (decoder.overflowed()) give_up();
class SseDecoder {
 public:
  /// The default limit has room for 64 MiB of data and the line around it.
  static constexpr std::size_t default_max_event_size = std::size_t{65} * 1024 * 1024;

  /// An event of more than `max_event_size` bytes, counted as received, makes the decoder overflow; so does a
  /// single line of that length, whatever it holds.
  explicit SseDecoder(std::size_t max_event_size = default_max_event_size)
      : max_event_size_(max_event_size) {}

  /// Takes the next bytes of the stream, of any length. Ignored after an overflow.
  void feed(std::string_view bytes) {
    while (!bytes.empty() && !overflowed_) {
      if (std::exchange(after_carriage_return_, false) && bytes.front() == '\n') {
        bytes.remove_prefix(1);  // the second half of a CRLF, whose line its CR has ended already
        continue;
      }
      bytes.remove_prefix(take_piece(bytes));
    }
  }

  /// The next whole event, null until more bytes have been fed.
  std::optional<ServerSentEvent> next() {
    if (ready_.empty()) return std::nullopt;
    std::optional<ServerSentEvent> event(std::move(ready_.front()));
    ready_.pop_front();
    return event;
  }

  /// True when an event was too large. Those before it can still be taken with next(); none follows.
  bool overflowed() const noexcept { return overflowed_; }

 private:
  /// Takes what `bytes` holds of the current line, with its end if that is there, and says how much it took.
  std::size_t take_piece(std::string_view bytes) {
    const auto end = std::ranges::find_if(bytes, [](char c) { return c == '\n' || c == '\r'; });
    const auto length = static_cast<std::size_t>(end - bytes.begin());
    const auto piece = bytes.substr(0, length);
    overflowed_ = event_.event.size() + event_.data.size() + line_.size() + length > max_event_size_;
    if (overflowed_) return length;
    if (end == bytes.end()) {
      line_ += piece;
      return length;
    }
    after_carriage_return_ = *end == '\r';
    if (line_.empty()) {
      take_line(piece);
    } else {
      line_ += piece;
      take_line(std::exchange(line_, {}));  // gives the memory of a long line back
    }
    return length + 1;
  }

  void take_line(std::string_view line) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (std::exchange(first_line_, false) && line.starts_with(byte_order_mark)) {
      line.remove_prefix(byte_order_mark.size());
    }
    if (line.empty()) return end_event();
    const auto name = line.substr(0, line.find(':'));  // empty for a comment
    auto value = line.substr((std::min)(line.size(), name.size() + 1));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "event") event_.event = value;
    if (name == "data") add_data(value);
  }

  void add_data(std::string_view value) {
    if (std::exchange(has_data_, true)) event_.data += '\n';
    event_.data += value;
  }

  void end_event() {
    if (std::exchange(has_data_, false)) ready_.push_back(std::move(event_));
    event_ = {};
  }

  std::size_t max_event_size_;
  std::string line_{};       // the part of an unfinished line that earlier feeds have brought
  ServerSentEvent event_{};  // the event that the lines so far have built
  bool has_data_{false};     // tells an empty data line from none
  bool first_line_{true};
  bool after_carriage_return_{false};
  bool overflowed_{false};
  std::deque<ServerSentEvent> ready_{};
};

}  // namespace openailb::detail
