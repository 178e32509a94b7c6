#pragma once

#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/socket.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test {

/// What carries the bytes of one connection: the socket itself, or something on top of it.
class Transport {
 public:
  explicit Transport(Socket& socket) : socket_(socket) {}
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  virtual bool open() { return true; }
  virtual std::ptrdiff_t read(char* into, std::size_t size) { return socket_.read(into, size); }
  virtual bool write(std::string_view bytes) { return socket_.write(bytes); }
  virtual void finish() {}  // before the socket is closed in good order

 protected:
  Socket& socket_;
};

/// A server's side of one connection, in the hands of the handler that plays the server.
class Connection {
 public:
  Connection(std::size_t index, Socket& socket, Transport& transport, std::stop_token stop,
             std::function<void(const Request&)> note)
      : index_(index),
        socket_(socket),
        transport_(transport),
        stop_(std::move(stop)),
        note_(std::move(note)) {}

  /// Which of the server's connections this is, from 0.
  std::size_t index() const { return index_; }

  /// Requested when the server is being destroyed; for Gate::wait.
  std::stop_token stop_token() const { return stop_; }

  /// The next request, whole; null when the peer has closed or broken off.
  std::optional<Request> read_request() {
    auto head_end = read_until("\r\n\r\n", 0);
    if (!head_end) return std::nullopt;
    Request request{.connection = index_};
    parse_head(std::string_view(unread_).substr(0, *head_end - 4), request);

    auto end = head_end;
    if (request.header("transfer-encoding") == "chunked") {
      end = read_chunks(*head_end, request.body);
    } else if (auto length = request.header("content-length")) {
      end = *head_end + std::stoul(*length);
      if (!read_up_to(*end)) return std::nullopt;
      request.body = unread_.substr(*head_end, *end - *head_end);
    }
    if (!end) return std::nullopt;
    request.raw = unread_.substr(0, *end);
    unread_.erase(0, *end);
    note_(request);
    return request;
  }

  /// Reads a request and drops its body, which may be large; false as read_request gives null.
  bool skip_request() {
    auto head_end = read_until("\r\n\r\n", 0);
    if (!head_end) return false;
    Request request{.connection = index_};
    parse_head(std::string_view(unread_).substr(0, *head_end - 4), request);
    unread_.erase(0, *head_end);
    std::size_t left = std::stoul(request.header("content-length").value_or("0"));
    while (left > unread_.size()) {
      left -= unread_.size();
      unread_.clear();
      if (!read_more()) return false;
    }
    unread_.erase(0, left);
    return true;
  }

  /// Reads and drops at least so many bytes; how many they were, fewer when the peer has gone.
  std::size_t skip(std::size_t size) {
    std::size_t skipped = 0;
    do {
      skipped += unread_.size();
      unread_.clear();
    } while (skipped < size && read_more());
    return skipped;
  }

  /// False when the peer has gone.
  bool write(std::string_view bytes) { return transport_.write(bytes); }

  /// Writes each byte by itself.
  bool write_bytewise(std::string_view bytes) {
    for (const char& byte : bytes) {
      if (!write({&byte, 1})) return false;
    }
    return true;
  }

  void shutdown_write() { socket_.shutdown_write(); }

  void close() {
    transport_.finish();
    socket_.close();
  }

  /// Breaks the connection off with a RST.
  void reset() { socket_.reset(); }

  /// Blocks until the peer closes, or the server is destroyed.
  void wait_closed() {
    while (read_more()) unread_.clear();
  }

 private:
  bool read_more() {
    char buffer[16384];
    auto count = transport_.read(buffer, sizeof buffer);
    if (count <= 0) return false;
    unread_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  bool read_up_to(std::size_t size) {
    while (unread_.size() < size) {
      if (!read_more()) return false;
    }
    return true;
  }

  /// The position after `mark`, looked for from `begin`.
  std::optional<std::size_t> read_until(std::string_view mark, std::size_t begin) {
    for (;;) {
      auto found = unread_.find(mark, begin);
      if (found != std::string::npos) return found + mark.size();
      if (!read_more()) return std::nullopt;
    }
  }

  /// The position after the last chunk, which may have no trailers.
  std::optional<std::size_t> read_chunks(std::size_t begin, std::string& body) {
    for (;;) {
      auto data = read_until("\r\n", begin);
      if (!data) return std::nullopt;
      auto size = std::stoul(unread_.substr(begin, *data - begin), nullptr, 16);
      if (!read_up_to(*data + size + 2)) return std::nullopt;
      body.append(unread_, *data, size);
      begin = *data + size + 2;
      if (size == 0) return begin;
    }
  }

  static void parse_head(std::string_view head, Request& request) {
    auto next_line = [&head] {
      auto line = head.substr(0, head.find("\r\n"));
      head.remove_prefix(std::min(head.size(), line.size() + 2));
      return line;
    };
    auto line = next_line();
    auto space = line.find(' ');
    request.method = line.substr(0, space);
    request.target = line.substr(space + 1, line.rfind(' ') - space - 1);
    while (!head.empty()) {
      line = next_line();
      auto colon = line.find(':');
      auto value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.size(), value.find_first_not_of(' ')));
      request.headers.emplace_back(line.substr(0, colon), value);
    }
  }

  std::size_t index_;
  Socket& socket_;
  Transport& transport_;
  std::stop_token stop_;
  std::function<void(const Request&)> note_;
  std::string unread_;
};

/// Plays the server on one connection, in a thread of that connection's own. When it returns, the connection
/// is closed.
using Handler = std::function<void(Connection&)>;

/// Answers every request with what `respond` returns for it, verbatim, and keeps the connection alive. An
/// empty response closes the connection instead.
inline Handler answer(std::function<std::string(const Request&)> respond) {
  return [respond = std::move(respond)](Connection& connection) {
    while (auto request = connection.read_request()) {
      auto response = respond(*request);
      if (response.empty() || !connection.write(response)) return;
    }
  };
}

/// Answers every request with the same response.
inline Handler answer_with(std::string response) {
  return answer([response = std::move(response)](const Request&) { return response; });
}

/// Answers the requests, on whatever connection they come, with one response after the other. The last one
/// serves all further requests.
inline Handler answer_in_turn(std::vector<std::string> responses) {
  auto mutex = std::make_shared<std::mutex>();
  return answer(
      [mutex, responses = std::move(responses), next = std::make_shared<std::size_t>()](const Request&) {
        std::lock_guard lock(*mutex);
        return responses[std::min((*next)++, responses.size() - 1)];
      });
}

/// An HTTP server on a port of 127.0.0.1 (0: a free one) that does exactly what its handler does, right or
/// wrong: it can stall, truncate, reset or talk invalid_response. It counts its connections and keeps every
/// request. Destroying it breaks all its connections and waits for its handlers.
class ScriptedServer {
 public:
  using MakeTransport = std::function<std::unique_ptr<Transport>(Socket&)>;

  explicit ScriptedServer(Handler handler, std::uint16_t port = 0)
      : ScriptedServer(
            std::move(handler), "http", [](Socket& socket) { return std::make_unique<Transport>(socket); },
            port) {}
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  ~ScriptedServer() {
    stop_.request_stop();
    port_.socket().interrupt();
    acceptor_.join();
    for (auto& session : sessions_) session->socket.interrupt();
    for (auto& session : sessions_) session->thread.join();
  }

  std::uint16_t port() const { return port_.number(); }
  std::string origin() const { return scheme_ + "://127.0.0.1:" + std::to_string(port()); }
  std::string url() const { return origin() + "/v1"; }

  /// How many connections have been accepted so far.
  std::size_t connection_count() const {
    std::lock_guard lock(mutex_);
    return connections_;
  }

  /// Every request received so far, in the order in which they were whole.
  std::vector<Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t request_count() const {
    std::lock_guard lock(mutex_);
    return requests_.size();
  }

  /// Blocks until so many requests have come; false when patience ran out.
  bool wait_for_requests(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return requests_.size() >= count; });
  }
  bool wait_for_connections(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return connections_ >= count; });
  }

 protected:
  ScriptedServer(Handler handler, std::string scheme, MakeTransport make_transport, std::uint16_t port = 0)
      : handler_(std::move(handler)),
        scheme_(std::move(scheme)),
        make_transport_(std::move(make_transport)),
        port_(port) {
    port_.listen(SOMAXCONN);
    acceptor_ = std::thread([this] { accept(); });
  }

 private:
  struct Session {
    explicit Session(int fd) : socket(fd) {}
    Socket socket;
    std::thread thread;
  };

  void accept() {
    for (;;) {
      int fd = ::accept4(port_.socket().fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      auto& session = *sessions_.emplace_back(std::make_unique<Session>(fd));
      std::size_t index = sessions_.size() - 1;
      {
        std::lock_guard lock(mutex_);
        connections_ = sessions_.size();
        changed_.notify_all();
      }
      session.thread = std::thread([this, &socket = session.socket, index] { serve(socket, index); });
    }
  }

  void serve(Socket& socket, std::size_t index) {
    auto transport = make_transport_(socket);
    if (transport->open()) {
      Connection connection(index, socket, *transport, stop_.get_token(), [this](const Request& request) {
        std::lock_guard lock(mutex_);
        requests_.push_back(request);
        changed_.notify_all();
      });
      handler_(connection);
      // The number of a socket that the handler has closed may be another connection's by now.
      if (socket.fd() >= 0) transport->finish();
    }
    socket.close();
  }

  Handler handler_;
  std::string scheme_;
  MakeTransport make_transport_;
  std::stop_source stop_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::size_t connections_ = 0;
  std::vector<Request> requests_;

  LoopbackPort port_;
  std::vector<std::unique_ptr<Session>> sessions_;  // the acceptor's own, until it has been joined
  std::thread acceptor_;
};

}  // namespace openailb::test
