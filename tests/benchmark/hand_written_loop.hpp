#pragma once

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>

namespace openailb::benchmark {

/// What openailb is compared with when many calls are in flight: a loop of curl_multi_poll and
/// curl_multi_perform as people write it by hand, with an easy handle for each call in flight that is used
/// again for the next.
class HandWrittenLoop {
 public:
  explicit HandWrittenLoop(const std::string& base_url, std::string question)
      : url_(base_url + "/chat/completions"), question_(std::move(question)) {
    for (const char* line : {"Authorization: Bearer key", "Content-Type: application/json",
                             "Accept: application/json", "Expect:"}) {
      headers_ = curl_slist_append(headers_, line);
    }
  }
  HandWrittenLoop(const HandWrittenLoop&) = delete;
  HandWrittenLoop& operator=(const HandWrittenLoop&) = delete;
  ~HandWrittenLoop() {
    for (const Call& call : calls_) curl_multi_remove_handle(multi_.get(), call.easy.get());
    calls_.clear();
    multi_.reset();
    curl_slist_free_all(headers_);
  }

  /// Begins so many calls.
  void begin(std::size_t in_flight) {
    while (calls_.size() < in_flight) {
      Call& call = calls_.emplace_back();
      prepare(call);
      send(call);
    }
  }

  /// Waits for news, and begins another call for each that has ended, up to `left` more.
  void turn(std::size_t& done, std::size_t& left) {
    curl_multi_poll(multi_.get(), nullptr, 0, 10, nullptr);
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    int queued = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_.get(), &queued)) {
      if (message->data.result != CURLE_OK) throw std::runtime_error("the hand-written call failed");
      void* user = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
      auto& call = *static_cast<Call*>(user);
      curl_multi_remove_handle(multi_.get(), call.easy.get());
      const auto json = nlohmann::json::parse(call.answer);
      if (json["choices"][0]["message"]["content"].get<std::string>().empty()) {
        throw std::runtime_error("no answer");
      }
      ++done;
      if (left == 0) continue;
      --left;
      send(call);
    }
  }

  /// Makes so many calls, of which so many are in flight.
  void run(std::size_t calls, std::size_t in_flight) {
    std::size_t left = calls - in_flight, done = 0;
    if (calls_.empty()) {
      begin(in_flight);
    } else {
      for (Call& call : calls_) send(call);
    }
    while (done < calls) turn(done, left);
  }

 private:
  struct Call {
    std::unique_ptr<CURL, void (*)(CURL*)> easy{curl_easy_init(), curl_easy_cleanup};
    std::string body{};
    std::string answer{};
  };

  void prepare(Call& call) {
    CURL* easy = call.easy.get();
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HandWrittenLoop::write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, static_cast<void*>(&call));
    curl_easy_setopt(easy, CURLOPT_PRIVATE, static_cast<void*>(&call));
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  }

  void send(Call& call) {
    call.answer.clear();
    call.body =
        nlohmann::json{{"model", "gpt-4o"}, {"messages", {{{"role", "user"}, {"content", question_}}}}}
            .dump();
    curl_easy_setopt(call.easy.get(), CURLOPT_POSTFIELDS, call.body.c_str());
    curl_easy_setopt(call.easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(call.body.size()));
    curl_multi_add_handle(multi_.get(), call.easy.get());
  }

  static std::size_t write(char* data, std::size_t, std::size_t size, void* call) {
    static_cast<Call*>(call)->answer.append(data, size);
    return size;
  }

  std::string url_;
  std::string question_;
  curl_slist* headers_{};
  std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi_{curl_multi_init(), curl_multi_cleanup};
  std::deque<Call> calls_{};
};

}  // namespace openailb::benchmark
