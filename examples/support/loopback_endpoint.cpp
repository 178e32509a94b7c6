#include "loopback_endpoint.hpp"

#include "replies.hpp"
#include "resources.hpp"
#include "sound.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace openailb_examples {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

void answer(httplib::Response& response, int status, const json& body) {
  response.status = status;
  response.set_content(body.dump(), "application/json");
}

json failure(const std::string& message, const std::string& type) {
  return {{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", nullptr}}}};
}

std::size_t count_words(const std::string& text) {
  std::istringstream words(text);
  std::size_t count = 0;
  for (std::string word; words >> word;) ++count;
  return count;
}

json completion(const json& request) {
  json message = reply(request);
  const std::size_t asked = count_words(request["messages"].dump());
  const std::size_t said = count_words(message["content"].dump());
  json choice{{"index", 0}, {"finish_reason", message.contains("tool_calls") ? "tool_calls" : "stop"}};
  choice["message"] = std::move(message);
  return {{"id", "chatcmpl-1"},
          {"object", "chat.completion"},
          {"created", 1700000000},
          {"model", request.value("model", "")},
          {"choices", json::array({std::move(choice)})},
          {"usage", {{"prompt_tokens", asked}, {"completion_tokens", said}, {"total_tokens", asked + said}}}};
}

/// What each event of a stream adds to the message: who speaks, then word by word, or its tool calls at once.
std::vector<json> pieces(const json& message) {
  std::vector<json> deltas;
  deltas.push_back({{"role", "assistant"}, {"content", ""}});
  if (message.contains("tool_calls")) {
    json calls = message["tool_calls"];
    for (std::size_t index = 0; index < calls.size(); ++index) calls[index]["index"] = index;
    deltas.push_back({{"tool_calls", std::move(calls)}});
  }
  if (!message["content"].is_string()) return deltas;
  const std::string text = message["content"];
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find_first_of(" \n", begin);
    const std::size_t size = end == std::string::npos ? end : end - begin + 1;
    deltas.push_back({{"content", text.substr(begin, size)}});
    begin = size == std::string::npos ? text.size() : end + 1;
  }
  return deltas;
}

void send_events(std::vector<std::string> events, httplib::Response& response) {
  response.set_chunked_content_provider(
      "text/event-stream", [events = std::make_shared<std::vector<std::string>>(std::move(events)),
                            next = std::size_t{0}](std::size_t, httplib::DataSink& sink) mutable {
        if (next > 0) std::this_thread::sleep_for(30ms);  // models take their time for each word
        const std::string& bytes = (*events)[next++];
        sink.write(bytes.data(), bytes.size());
        if (next == events->size()) sink.done();
        return true;
      });
}

}  // namespace

LoopbackEndpoint::LoopbackEndpoint(std::string name) : name_(std::move(name)), files_(completion) {
  server_.new_task_queue = [] { return new httplib::ThreadPool(128); };  // each connection keeps a thread
  server_.set_tcp_nodelay(true);
  server_.set_keep_alive_max_count(1'000'000);
  server_.set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
    if (!fallen_) return httplib::Server::HandlerResponse::Unhandled;
    answer(response, 503, failure("overloaded", "server_error"));
    return httplib::Server::HandlerResponse::Handled;
  });
  server_.Post(".*/chat/completions", [this](const httplib::Request& request, httplib::Response& response) {
    complete(request, response);
  });
  serve_other_resources();
  socket_t listening = INVALID_SOCKET;
  server_.set_socket_options([&listening](socket_t socket) {
    httplib::default_socket_options(socket);
    listening = socket;
  });
  port_ = server_.bind_to_any_port("127.0.0.1");
  if (port_ <= 0) throw std::runtime_error("no port of 127.0.0.1 is free");
  listen(listening,
         SOMAXCONN);  // httplib lets five wait: when many come at once, the others have to come again
  thread_ = std::thread([this] { server_.listen_after_bind(); });
  while (!server_.is_running()) std::this_thread::yield();
}

LoopbackEndpoint::~LoopbackEndpoint() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  server_.stop();
  thread_.join();
}

void LoopbackEndpoint::complete(const httplib::Request& request, httplib::Response& response) {
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("messages")) {
    return answer(response, 400, failure("messages: missing", "invalid_request_error"));
  }
  if (wants_time(body)) think();
  if (body.value("stream", false)) return stream(completion(body), response);
  answer(response, 200, completion(body));
}

void LoopbackEndpoint::stream(json completion, httplib::Response& response) {
  json chunk = std::move(completion);
  const json choice = chunk["choices"][0];
  chunk["object"] = "chat.completion.chunk";
  chunk.erase("usage");
  std::vector<std::string> events;
  const auto add = [&](json delta, const json& finish_reason) {
    json piece{{"index", 0}, {"finish_reason", finish_reason}};
    piece["delta"] = std::move(delta);
    chunk["choices"] = json::array({std::move(piece)});
    events.push_back("data: " + chunk.dump() + "\n\n");
  };
  for (json& delta : pieces(choice["message"])) add(std::move(delta), nullptr);
  add(json::object(), choice["finish_reason"]);
  events.back() += "data: [DONE]\n\n";
  send_events(std::move(events), response);
}

/// All but chat completions.
void LoopbackEndpoint::serve_other_resources() {
  const auto post = [this](const std::string& path, json (*reply)(const json&)) {
    server_.Post(".*" + path, [reply](const httplib::Request& request, httplib::Response& response) {
      answer(response, 200, reply(json::parse(request.body)));
    });
  };
  post("/embeddings", embeddings);
  post("/moderations", moderation);
  server_.Post(".*/completions", [](const httplib::Request& request, httplib::Response& response) {
    const json body = json::parse(request.body);
    const json whole = text_completion(body);
    if (!body.value("stream", false)) return answer(response, 200, whole);
    send_events({"data: " + whole.dump() + "\n\n", "data: [DONE]\n\n"}, response);
  });
  server_.Get(".*/models",
              [](const httplib::Request&, httplib::Response& response) { answer(response, 200, models()); });
  server_.Post(".*/responses", [](const httplib::Request& request, httplib::Response& response) {
    const json body = json::parse(request.body);
    const json whole = openailb_examples::response(body);
    body.value("stream", false) ? send_events(response_events(whole), response)
                                : answer(response, 200, whole);
  });
  server_.Post(".*/audio/transcriptions",
               [this](const httplib::Request& request, httplib::Response& response) {
                 transcribe(request, response);
               });
  server_.Post(".*/audio/speech", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(speak(json::parse(request.body).value("input", "")), "audio/wav");
  });
  files_.serve(server_);
}

/// Hears what was spoken here, or nothing.
void LoopbackEndpoint::transcribe(const httplib::Request& request, httplib::Response& response) {
  if (!request.has_file("file")) {
    return answer(response, 400, failure("file: missing", "invalid_request_error"));
  }
  const std::string said = hear(request.get_file_value("file").content);
  const std::string format = request.get_file_value("response_format").content;
  if (format == "srt") {
    return response.set_content("1\n00:00:00,000 --> 00:00:00,500\n" + said + "\n\n", "text/plain");
  }
  answer(response, 200, {{"text", said}});
}

/// Until somebody could lose patience, or the server stops.
void LoopbackEndpoint::think() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, 10s, [this] { return stopping_; });
}

}  // namespace openailb_examples
