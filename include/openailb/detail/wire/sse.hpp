#pragma once

#include <algorithm>
#include <cstddef>
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

/// Turns the bytes of a `text/event-stream` into events, however the network has cut them up, by the rules of
/// WHATWG HTML 9.2: lines end in LF, CRLF or CR; comments, unknown fields and events without a data line are
/// ignored; an event without its closing blank line is never delivered. What the data means (JSON, `[DONE]`,
/// an error) is not decided here. No I/O; time linear in the bytes fed.
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

  /// Takes the next bytes of the stream, of any length. They stay bytes until next() reads them.
  void feed(std::string bytes) {
    if (bytes.empty()) return;
    if (waiting_from_ == waiting_.size()) {
      waiting_ = std::move(bytes);
    } else {
      waiting_.erase(0, waiting_from_).append(bytes);
    }
    waiting_from_ = 0;
  }

  /// The next whole event; null until more bytes have been fed.
  std::optional<ServerSentEvent> next() {
    while (waiting_from_ < waiting_.size() && !overflowed_) {
      const std::string_view bytes = std::string_view(waiting_).substr(waiting_from_);
      if (std::exchange(after_carriage_return_, false) && bytes.front() == '\n') {
        ++waiting_from_;  // the LF of a CRLF, whose CR has ended the line already
        continue;
      }
      waiting_from_ += take_piece(bytes);
      if (ready_) return std::exchange(ready_, std::nullopt);
    }
    std::string().swap(waiting_);  // gives the memory back
    waiting_from_ = 0;
    return std::nullopt;
  }

  /// True when an event was too large; none follows.
  bool overflowed() const noexcept { return overflowed_; }

 private:
  /// Reads what `bytes` has of the current line, with the line's end if that is there, and returns how many
  /// bytes it read.
  std::size_t take_piece(std::string_view bytes) {
    const std::size_t length = line_length(bytes);
    const auto piece = bytes.substr(0, length);
    overflowed_ = event_.event.size() + event_.data.size() + line_.size() + length > max_event_size_;
    if (overflowed_) return length;
    if (length == bytes.size()) {
      line_ += piece;
      return length;
    }
    after_carriage_return_ = bytes[length] == '\r';
    if (line_.empty()) {
      take_line(piece);
    } else {
      line_ += piece;
      std::string line = std::exchange(line_, {});
      take_line(line, &line);
    }
    return length + 1;
  }

  /// How far it is to the first LF or CR, or to the end. Both are looked for a stretch at a time, so that a
  /// stream that has only one of them is not searched for the other again and again.
  static std::size_t line_length(std::string_view bytes) {
    constexpr std::size_t stretch = 1024;
    for (std::size_t begin = 0; begin < bytes.size(); begin += stretch) {
      const std::string_view piece = bytes.substr(begin, stretch);
      const std::size_t line_feed = (std::min)(piece.find('\n'), piece.size());
      const std::size_t end = (std::min)(piece.substr(0, line_feed).find('\r'), line_feed);
      if (end < piece.size()) return begin + end;
    }
    return bytes.size();
  }

  /// Takes a line. If it has a string of its own, its data may go on in that: it may be very long.
  void take_line(std::string_view line, std::string* own = nullptr) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (std::exchange(first_line_, false) && line.starts_with(byte_order_mark)) {
      line.remove_prefix(byte_order_mark.size());
    }
    if (line.empty()) return end_event();
    const auto name = line.substr(0, line.find(':'));  // empty for a comment
    auto value = line.substr((std::min)(line.size(), name.size() + 1));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "event") event_.event = value;
    if (name == "data") add_data(value, own);
  }

  void add_data(std::string_view value, std::string* own) {
    if (std::exchange(has_data_, true)) event_.data += '\n';
    if (own != nullptr && event_.data.empty()) {
      own->erase(0, own->size() - value.size());  // it ends as its line does
      event_.data = std::move(*own);
    } else {
      event_.data += value;
    }
  }

  void end_event() {
    if (std::exchange(has_data_, false)) ready_ = std::move(event_);
    event_ = {};
  }

  std::size_t max_event_size_;
  std::string waiting_{};  // what has been fed, and the index from which it is unread
  std::size_t waiting_from_{};
  std::string line_{};       // the part of an unfinished line that earlier feeds have brought
  ServerSentEvent event_{};  // the event that the lines so far have built
  bool has_data_{false};     // tells an empty data line from none
  bool first_line_{true};
  bool after_carriage_return_{false};
  bool overflowed_{false};
  std::optional<ServerSentEvent> ready_{};
};

}  // namespace openailb::detail
