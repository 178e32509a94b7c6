#pragma once

#include <string>

namespace openailb_examples {

/// What the examples' stand-in for a model says when it is to speak: a WAV file that hums for a moment, and
/// has the text in it as a comment.
std::string speak(const std::string& text);

/// What the stand-in hears in such a file: the text. In any other file it hears nothing.
std::string hear(const std::string& wav);

}  // namespace openailb_examples
