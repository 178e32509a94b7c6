#pragma once

/// \file
/// Declarations for headers that only name these types.

namespace openailb {

struct Blocking;
struct Async;
template <class Execution>
class BasicClient;
using Client = BasicClient<Blocking>;
using AsyncClient = BasicClient<Async>;

template <class T>
class Result;
template <class Chunk>
class Stream;
template <class T>
class Future;
template <class Chunk>
class AsyncStream;

struct Error;
class Exception;
struct ResponseInfo;
struct EndpointStatus;
struct EndpointConfig;
struct ClientOptions;
struct RequestOptions;
class JsonDocument;
struct JsonResponse;
struct FileInput;
struct BinaryResponse;
struct Downloaded;
class ByteSink;
struct ChatCompletionCreateParams;
struct ChatCompletion;
struct ChatCompletionChunk;
struct CompletionCreateParams;
struct Completion;
struct CompletionChunk;
struct EmbeddingCreateParams;
struct CreateEmbeddingResponse;
struct ModerationCreateParams;
struct ModerationCreateResponse;
struct Model;
struct ResponseCreateParams;
struct Response;
struct ResponseItem;
struct ResponseStreamEvent;
struct Deleted;
template <class T, class Execution>
class Page;
struct FileObject;
struct Upload;
struct UploadPart;
struct Batch;
struct ImagesResponse;
struct ImageStreamEvent;
struct Transcription;
struct TranscriptionStreamEvent;
struct SpeechStreamEvent;
struct VectorStore;
struct VectorStoreFile;
struct Conversation;
struct ConversationItem;

}  // namespace openailb
