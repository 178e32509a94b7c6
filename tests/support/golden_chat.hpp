#pragma once

// Chat completions as OpenAI documents them, with every member that this library has a name for.
namespace openailb::test {

inline constexpr const char* golden_params = R"({
  "model": "gpt-4o", "messages": [
    {"role": "developer", "content": "Be brief."},
    {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
    {"role": "user", "name": "ann", "content": [
      {"type": "text", "text": ""},
      {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
      {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
      {"type": "file", "file": {"file_data": "data:text/plain;base64,AA==", "filename": "a.txt"}},
      {"type": "file", "file": {"file_id": "file-1"}}]},
    {"role": "assistant", "content": null, "refusal": "no", "audio": {"id": "audio-1"},
     "reasoning_content": "hm", "tool_calls": [
      {"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}},
      {"id": "2", "type": "custom", "custom": {"name": "c", "input": "text"}}]},
    {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
    {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}},
    {"role": "tool", "content": "42", "tool_call_id": "1"}],
  "audio": {"format": "mp3", "voice": "alloy"}, "frequency_penalty": 0.5, "logit_bias": {"50256": -100},
  "logprobs": true, "max_completion_tokens": 100, "max_tokens": 200, "metadata": {"key": "value"},
  "modalities": ["text", "audio"], "n": 2, "parallel_tool_calls": false,
  "prediction": {"type": "content", "content": "text"}, "presence_penalty": -0.5, "prompt_cache_key": "key",
  "prompt_cache_retention": "24h", "reasoning_effort": "low",
  "response_format": {"type": "json_schema",
                      "json_schema": {"name": "point", "schema": {"type": "object"}, "strict": true}},
  "safety_identifier": "hash", "seed": -1, "service_tier": "flex", "stop": ["###", "END"], "store": false,
  "stream_options": {"include_obfuscation": false, "include_usage": true}, "temperature": 0.25,
  "tool_choice": {"type": "function", "function": {"name": "f"}}, "tools": [
    {"type": "function", "function": {"name": "f", "description": "Does f.",
                                      "parameters": {"type": "object", "properties": {}}, "strict": true}},
    {"type": "custom", "custom": {"name": "c", "description": "Does c.", "format": {"type": "text"}}}],
  "top_logprobs": 3, "top_p": 0.75, "user": "ann", "verbosity": "high",
  "web_search_options": {"search_context_size": "low", "user_location": {"type": "approximate", "approximate":
    {"city": "Bonn", "country": "DE", "region": "NRW", "timezone": "Europe/Berlin"}}}})";

inline constexpr const char* golden_completion = R"({
  "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-2024-08-06",
  "choices": [{"index": 0, "finish_reason": "stop",
    "logprobs": {
      "content": [{"token": "Hi", "logprob": -0.25, "bytes": [72, 105],
                   "top_logprobs": [{"token": "Ho", "logprob": -1.5, "bytes": [72, 111]}, {"token": "?", "logprob": -2.0}]}],
      "refusal": [{"token": "No", "logprob": -4.0}]},
    "message": {"role": "assistant", "content": "Hi", "refusal": "no", "reasoning_content": "hm",
      "annotations": [{"type": "url_citation", "url_citation":
                       {"start_index": 1, "end_index": 2, "title": "T", "url": "https://x"}}],
      "audio": {"id": "audio-1", "expires_at": 1700003600, "data": "AA==", "transcript": "Hi"},
      "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                     {"id": "2", "type": "custom", "custom": {"name": "c", "input": "text"}}],
      "function_call": {"name": "f", "arguments": "{}"}}}],
  "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3,
    "prompt_tokens_details": {"audio_tokens": 4, "cached_tokens": 5, "cache_write_tokens": 6,
                              "image_tokens": 10, "text_tokens": 11},
    "completion_tokens_details": {"accepted_prediction_tokens": 6, "audio_tokens": 7, "reasoning_tokens": 8,
                                  "rejected_prediction_tokens": 9, "image_tokens": 12, "text_tokens": 13}},
  "service_tier": "default", "system_fingerprint": "fp_1"})";

inline constexpr const char* golden_chunk = R"({
  "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "m",
  "choices": [{"index": 1, "finish_reason": "length", "logprobs": {"content": [{"token": "Hi", "logprob": -0.25}]},
    "delta": {"role": "assistant", "content": "Hi", "refusal": "no", "reasoning_content": "hm",
      "tool_calls": [{"index": 3, "id": "1", "type": "function", "function": {"name": "f", "arguments": "{"}}]}}],
  "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
  "service_tier": "default", "system_fingerprint": "fp_1"})";

}  // namespace openailb::test
