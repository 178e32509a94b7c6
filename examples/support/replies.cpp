#include "replies.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace openailb_examples {

namespace {

using nlohmann::json;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

bool contains(const std::string& text, std::string_view phrase) {
  return lower(text).find(phrase) != std::string::npos;
}

/// The word that follows the phrase, without punctuation; empty when there is none.
std::string word_after(const std::string& text, std::string_view phrase) {
  const std::size_t at = lower(text).find(phrase);
  if (at == std::string::npos) return {};
  std::istringstream rest(text.substr(at + phrase.size()));
  std::string word;
  rest >> word;
  std::erase_if(word, [](unsigned char letter) { return std::ispunct(letter) != 0; });
  return word;
}

/// A message's text, be its content a text or a list of parts.
std::string text_of(const json& message) {
  const json content = message.value("content", json());
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  for (const json& part : content) text += part.value("text", "");
  return text;
}

std::vector<std::string> user_texts(const json& messages) {
  std::vector<std::string> texts;
  for (const json& message : messages) {
    if (message.value("role", "") == "user") texts.push_back(text_of(message));
  }
  return texts;
}

/// One call of the first tool for every "in SOMEWHERE" of the question.
json tool_calls(const json& tool, std::string question) {
  const std::string name = tool.at("function").at("name");
  json calls = json::array();
  for (std::string city; !(city = word_after(question, " in ")).empty();) {
    calls.push_back({{"id", "call_" + std::to_string(calls.size() + 1)},
                     {"type", "function"},
                     {"function", {{"name", name}, {"arguments", json{{"city", city}}.dump()}}}});
    question.erase(0, lower(question).find(" in ") + 4);
  }
  return calls;
}

/// A sentence from the results of the tool calls since the last question.
std::string report(const json& messages) {
  std::string text;
  for (const json& message : messages) {
    const std::string role = message.value("role", "");
    if (role == "user") text.clear();
    if (role != "tool") continue;
    const json result = json::parse(text_of(message), nullptr, false);
    if (!result.is_object()) return "The tool said: " + text_of(message);
    text += (text.empty() ? "In " : ", and in ") + result.value("city", "that place") + " it is " +
            result.value("sky", "quiet") + " at " + std::to_string(result.value("celsius", 0)) + " degrees";
  }
  return text + '.';
}

std::string introduction(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (std::string name = word_after(text, "my name is "); !name.empty()) return name;
  }
  return {};
}

std::string chat(const json& request, const std::vector<std::string>& texts) {
  const std::string question = texts.empty() ? "" : texts.back();
  if (contains(question, "haiku")) {
    return "An endpoint falls down.\nThe others carry its calls.\nNobody noticed.";
  }
  if (contains(question, "which model")) return "I am " + request.value("model", "nobody") + ".";
  if (contains(question, "my name is ")) return "Nice to meet you, " + introduction(texts) + "!";
  if (contains(question, "what is my name")) {
    const std::string name = introduction(texts);
    return name.empty() ? "You have not told me." : "Your name is " + name + ".";
  }
  if (lower(question).starts_with("hello")) return "Hello! How can I help you today?";
  return "I only stand in for a model, inside this program. Set OPENAI_API_KEY to talk to a real one.";
}

}  // namespace

json reply(const json& request) {
  const json messages = request.value("messages", json::array());
  const std::vector<std::string> texts = user_texts(messages);
  const bool has_results = !messages.empty() && messages.back().value("role", "") == "tool";
  json message{{"role", "assistant"}};
  if (has_results) {
    message["content"] = report(messages);
  } else if (request.contains("response_format")) {
    message["content"] = R"({"name":"Science Fair","day":"Friday","participants":["Alice","Bob"]})";
  } else if (request.contains("tools") && !texts.empty()) {
    message["content"] = nullptr;
    message["tool_calls"] = tool_calls(request["tools"].at(0), texts.back());
  } else {
    message["content"] = chat(request, texts);
  }
  return message;
}

bool wants_time(const json& request) {
  const std::vector<std::string> texts = user_texts(request.value("messages", json::array()));
  return !texts.empty() && contains(texts.back(), "take your time");
}

std::vector<double> embedding(const std::string& text) {
  std::array<double, 97> sums{};
  std::istringstream words(lower(text));
  for (std::string word; words >> word;) {
    std::size_t hash = 5381;
    for (const char letter : word) hash = hash * 33 + static_cast<unsigned char>(letter);
    sums[hash % sums.size()] += 1;
  }
  double square = 0;
  for (const double sum : sums) square += sum * sum;
  std::vector<double> numbers(sums.begin(), sums.end());
  if (square > 0) {
    for (double& number : numbers) number /= std::sqrt(square);
  }
  return numbers;
}

}  // namespace openailb_examples
