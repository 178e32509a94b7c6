#pragma once

#include "support/resources.hpp"
#include <openailb/values/http.hpp>

#include <string>
#include <vector>

namespace openailb::test {

/// The parts of a request, such as "model=whisper-1" and "file=talk.mp3 (RIFF)".
inline std::vector<std::string> form(const HttpRequest& request) {
  std::vector<std::string> all;
  for (const BodyPart& part : request.parts) {
    const FileInput& file = part.file;
    std::string shown = file.empty() ? part.content : file.path + file.filename;
    if (!file.content.empty()) shown += " (" + file.content + ')';
    if (!file.content_type.empty()) shown += " as " + file.content_type;
    all.push_back(part.name + '=' + shown);
  }
  return all;
}

}  // namespace openailb::test
