#pragma once

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::benchmark {

/// What openailb is compared with: a program on libcurl as people write it by hand, with one easy handle that
/// it uses again for each call.
class HandWritten {
 public:
  HandWritten(const std::string& base_url, const std::string& ca_bundle = {})
      : url_(base_url + "/chat/completions"), easy_(curl_easy_init(), curl_easy_cleanup) {
    for (const char* line : {"Authorization: Bearer key", "Content-Type: application/json",
                             "Accept: application/json", "Expect:"}) {
      headers_ = curl_slist_append(headers_, line);
    }
    curl_easy_setopt(easy_.get(), CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy_.get(), CURLOPT_WRITEFUNCTION, &HandWritten::write);
    curl_easy_setopt(easy_.get(), CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy_.get(), CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy_.get(), CURLOPT_NOSIGNAL, 1L);
    if (!ca_bundle.empty()) curl_easy_setopt(easy_.get(), CURLOPT_CAINFO, ca_bundle.c_str());
  }
  HandWritten(const HandWritten&) = delete;
  HandWritten& operator=(const HandWritten&) = delete;
  ~HandWritten() { curl_slist_free_all(headers_); }

  /// Gives the content of the answer.
  std::string ask(const std::string& question) {
    answer_.clear();
    on_data_ = [this](std::string_view data) { answer_.append(data); };
    perform({{"model", "gpt-4o"}, {"messages", {{{"role", "user"}, {"content", question}}}}});
    return nlohmann::json::parse(answer_)["choices"][0]["message"]["content"].get<std::string>();
  }

  /// Hands on the content of each chunk as it comes.
  void stream(const std::string& question, const std::function<void(const std::string&)>& on_content) {
    answer_.clear();
    on_data_ = [&](std::string_view data) {
      answer_.append(data);
      for (std::size_t end = 0; (end = answer_.find("\n\n")) != std::string::npos;
           answer_.erase(0, end + 2)) {
        const std::string_view event = std::string_view(answer_).substr(0, end);
        if (!event.starts_with("data: ") || event == "data: [DONE]") continue;
        const auto chunk = nlohmann::json::parse(event.substr(6));
        const auto& delta = chunk["choices"][0]["delta"];
        if (delta.contains("content")) on_content(delta["content"].get<std::string>());
      }
    };
    perform(
        {{"model", "gpt-4o"}, {"messages", {{{"role", "user"}, {"content", question}}}}, {"stream", true}});
  }

 private:
  void perform(const nlohmann::json& body) {
    const std::string text = body.dump();
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDS, text.c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(text.size()));
    if (curl_easy_perform(easy_.get()) != CURLE_OK) throw std::runtime_error("the hand-written call failed");
  }

  static std::size_t write(char* data, std::size_t, std::size_t size, void* self) {
    static_cast<HandWritten*>(self)->on_data_({data, size});
    return size;
  }

  std::string url_;
  std::string answer_{};
  std::function<void(std::string_view)> on_data_{};
  curl_slist* headers_{};
  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
};

}  // namespace openailb::benchmark
