#pragma once

#include <openailb/detail/wire/long_text.hpp>

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
    overflowed_ = event_size_ + line_size_ + length > max_event_size_;
    if (overflowed_) return length;
    if (length == bytes.size()) {
      take_beginning(piece);
      return length;
    }
    after_carriage_return_ = bytes[length] == '\r';
    if (line_size_ == 0) {
      take_line(piece);
    } else {
      take_beginning(piece);
      if (!std::exchange(is_in_data_, false)) take_line(line_);
      std::string().swap(line_);
      line_size_ = 0;
    }
    event_size_ = event_.event.size() + event_.data.size();
    return length + 1;
  }

  /// How far it is to the first LF or CR, or to the end. Both are looked for a stretch at a time, so that a
  /// stream that has only one of them is not searched for the other again and again.
  static std::size_t line_length(std::string_view bytes) {
    constexpr std::size_t stretch = 1024;
    if (!bytes.empty() && bytes.front() == '\n') return 0;
    for (std::size_t begin = 0; begin < bytes.size(); begin += stretch) {
      const std::string_view piece = bytes.substr(begin, stretch);
      const std::size_t line_feed = (std::min)(piece.find('\n'), piece.size());
      const std::size_t end = (std::min)(piece.substr(0, line_feed).find('\r'), line_feed);
      if (end < piece.size()) return begin + end;
    }
    return bytes.size();
  }

  /// Takes a piece of a line that does not end with it. What is known to be data goes where data belongs, as
  /// it may be very long.
  void take_beginning(std::string_view piece) {
    line_size_ += piece.size();
    if (is_in_data_) return append_to_long(event_.data, piece, max_event_size_);
    append_to_long(line_, piece, max_event_size_);
    constexpr std::string_view longest_name =
        "\xEF\xBB\xBF"
        "data: ";
    if (line_.size() <= longest_name.size()) return;
    const std::string_view line = without_mark(line_);
    if (!line.starts_with("data:")) return;
    first_line_ = false;
    is_in_data_ = true;
    add_data(value_of(line));
    std::string().swap(line_);
  }

  void take_line(std::string_view line) {
    line = without_mark(line);
    first_line_ = false;
    if (line.empty()) return end_event();
    const auto name = name_of(line);
    if (name == "event") event_.event = value_of(line);
    if (name == "data") add_data(value_of(line));
  }

  std::string_view without_mark(std::string_view line) const {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (first_line_ && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    return line;
  }
  /// Empty for a comment.
  static std::string_view name_of(std::string_view line) { return line.substr(0, line.find(':')); }
  static std::string_view value_of(std::string_view line) {
    auto value = line.substr((std::min)(line.size(), name_of(line).size() + 1));
    if (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }

  void add_data(std::string_view value) {
    if (std::exchange(has_data_, true)) event_.data += '\n';
    append_to_long(event_.data, value, max_event_size_);
  }

  void end_event() {
    if (std::exchange(has_data_, false)) ready_ = std::exchange(event_, {});
    if (!event_.event.empty()) event_.event = std::string();
  }

  std::size_t max_event_size_;
  std::string waiting_{};  // what has been fed, and the index from which it is unread
  std::size_t waiting_from_{};
  std::string line_{};        // the beginning of an unfinished line that is not known to be data
  std::size_t line_size_{};   // of an unfinished line, so far
  bool is_in_data_{};         // an unfinished line is data
  ServerSentEvent event_{};   // the event that the lines so far have built
  std::size_t event_size_{};  // at the end of the latest line
  bool has_data_{false};      // tells an empty data line from none
  bool first_line_{true};
  bool after_carriage_return_{false};
  bool overflowed_{false};
  std::optional<ServerSentEvent> ready_{};
};

}  // namespace openailb::detail
