#pragma once

/// \file
/// Declarations for headers that only name these types.

namespace openailb {

struct Blocking;
template <class Execution>
class BasicClient;
using Client = BasicClient<Blocking>;

template <class T>
class Result;
template <class Chunk>
class Stream;

struct Error;
class Exception;
struct ResponseInfo;
struct EndpointStatus;
struct EndpointConfig;
struct ClientOptions;
struct RequestOptions;
class JsonDocument;
struct JsonResponse;
struct ChatCompletionCreateParams;
struct ChatCompletion;
struct ChatCompletionChunk;

}  // namespace openailb
