#pragma once

#include <openailb/endpoints.hpp>
#include <openailb/execution.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/audio.hpp>
#include <openailb/resources/batches.hpp>
#include <openailb/resources/chat.hpp>
#include <openailb/resources/completions.hpp>
#include <openailb/resources/conversations.hpp>
#include <openailb/resources/embeddings.hpp>
#include <openailb/resources/files.hpp>
#include <openailb/resources/images.hpp>
#include <openailb/resources/models.hpp>
#include <openailb/resources/moderations.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/resources/responses.hpp>
#include <openailb/resources/uploads.hpp>
#include <openailb/resources/vector_stores.hpp>
#include <openailb/result.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/byte_sink.hpp>
#include <openailb/values/endpoint_status.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/poll.hpp>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace openailb {

/// An OpenAI client over several endpoints: `client.chat.completions.create(params)`.
///
/// Thread-safe. A copy shares the endpoints, breakers and connections of the original. A moved-from client
/// still works. The constructor throws std::invalid_argument for a bad configuration; the message names the
/// endpoint or the option. Do not use a client on both sides of a fork.
template <class Execution>
class BasicClient : private Resource<Execution> {
  using Base = Resource<Execution>;
  using Answer = typename Execution::template Answer<JsonResponse>;
  using BinaryAnswer = typename Execution::template Answer<BinaryResponse>;

 public:
  /// A client of the one endpoint that the environment describes; see endpoint_from_env().
  BasicClient();
  explicit BasicClient(std::vector<EndpointConfig> endpoints, ClientOptions options = {});
  /// The same for endpoints in braces.
  BasicClient(std::initializer_list<EndpointConfig> endpoints, ClientOptions options = {});
  // A move copies: both then share one core, and neither is left empty.
  BasicClient(const BasicClient&) = default;
  BasicClient& operator=(const BasicClient&) = default;

  /// Posts a JSON body to any path, such as "/embeddings", with the same load balancing and failover. `{}`
  /// sends no body.
  Answer post(Text path, const JsonDocument& body = {}, RequestOptions options = {}) const;

  /// Sends a GET to any path, such as "/models", with the same load balancing and failover.
  Answer get(Text path, RequestOptions options = {}) const;

  /// Sends a DELETE to any path, such as "/files/file-abc", with the same load balancing and failover.
  Answer del(Text path, RequestOptions options = {}) const;

  /// Sends a GET again and again, until `is_over(answer)`: waits for what has no type here, such as
  /// "/fine_tuning/jobs/ftjob-abc". Waits for ever unless the options have a deadline.
  Answer poll(Text path, std::function<bool(const JsonResponse&)> is_over,
              PollOptions<JsonResponse> poll = {}, RequestOptions options = {}) const;

  /// Posts a form (multipart/form-data) with fields and files to any path, such as "/files", with the same
  /// load balancing and failover:
  ///
  ///     client.upload("/files", {{.name = "purpose", .content = "batch"},
  ///                              {.name = "file", .file = openailb::file("requests.jsonl")}});
  Answer upload(Text path, std::vector<BodyPart> parts, RequestOptions options = {}) const;

  /// Sends a GET to any path whose answer is bytes, such as "/files/file-abc/content", with the same load
  /// balancing and failover.
  BinaryAnswer download(Text path, RequestOptions options = {}) const;
  /// The same, but the bytes go into a stream or a function while they come. Until the first has come, the
  /// call may fail over; after that an answer that breaks off is an error of kind stream_interrupted.
  auto download(Text path, ByteSink into, RequestOptions options = {}) const ->
      typename Execution::template Answer<Downloaded>;

  /// The name of the endpoint that keeps an object, such as a file or a stored answer, so that all calls that
  /// name it go there; null when that is not known, or when several have made one of this id.
  std::optional<std::string> owner_of(TextView id) const;
  /// Tells which endpoint keeps an object, for instance what owner_of() said before the program was
  /// restarted. No answer changes that; you may. Throws std::invalid_argument if there is no endpoint of that
  /// name.
  void pin_object(TextView id, TextView endpoint) const;

  /// The status of each endpoint at the moment.
  EndpointStatuses endpoints() const;

  /// Adds an endpoint; throws as the constructor does. This and the two that follow may be called at any
  /// time. Calls that are under way go on with what has changed.
  void add_endpoint(EndpointConfig endpoint) const;
  /// Sends nothing more to the endpoint of this name. What is under way there goes on to its end. Throws
  /// std::invalid_argument if there is none of that name, or no other one.
  void remove_endpoint(TextView name) const;
  /// Replaces all endpoints. Those that stay, by name and base URL, keep their rate limits, their connections
  /// and their breakers, with the settings that these were made with. Throws as the constructor does, and
  /// then nothing has changed.
  void set_endpoints(std::vector<EndpointConfig> endpoints) const;

  // The resources. A program that calls one includes its header, such as openailb/embeddings.hpp, or
  // openailb/openailb.hpp for all of them.
  Audio<Execution> audio{Base::core()};
  Batches<Execution> batches{Base::core()};
  Chat<Execution> chat{Base::core()};
  Completions<Execution> completions{Base::core()};
  Conversations<Execution> conversations{Base::core()};
  Embeddings<Execution> embeddings{Base::core()};
  Files<Execution> files{Base::core()};
  Images<Execution> images{Base::core()};
  Models<Execution> models{Base::core()};
  Moderations<Execution> moderations{Base::core()};
  Responses<Execution> responses{Base::core()};
  Uploads<Execution> uploads{Base::core()};
  VectorStores<Execution> vector_stores{Base::core()};
};

/// The blocking client: every call runs on the calling thread.
using Client = BasicClient<Blocking>;

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/client.hpp>
#else
extern template class openailb::BasicClient<openailb::Blocking>;
#endif
