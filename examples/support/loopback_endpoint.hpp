#pragma once

#include "file_store.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace openailb_examples {

/// An OpenAI-compatible server on a free port of loopback, with a stand-in for a model behind it. It takes
/// any key and any model.
class LoopbackEndpoint {
 public:
  explicit LoopbackEndpoint(std::string name);
  ~LoopbackEndpoint();

  const std::string& name() const { return name_; }
  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }

  /// From now on every request is answered with a 503.
  void fall_over() { fallen_ = true; }
  void recover() { fallen_ = false; }

 private:
  void complete(const httplib::Request& request, httplib::Response& response);
  void stream(nlohmann::json completion, httplib::Response& response);
  void serve_other_resources();
  void transcribe(const httplib::Request& request, httplib::Response& response);
  void think();

  std::string name_;
  std::atomic<bool> fallen_{false};
  std::mutex mutex_{};
  std::condition_variable changed_{};
  bool stopping_{false};
  FileStore files_;
  httplib::Server server_{};
  int port_{};
  std::thread thread_{};
};

}  // namespace openailb_examples
