#pragma once

/// \file
/// What every call goes through, the blocking client, and the breaker by itself.

#include <openailb/circuit_breaker.hpp>
#include <openailb/client.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/src/circuit_breaker.hpp>
#include <openailb/detail/src/client.hpp>
#include <openailb/detail/src/endpoints.hpp>
#include <openailb/detail/src/execution.hpp>
#include <openailb/detail/src/list_call.hpp>
#include <openailb/detail/src/units/call_path.hpp>
#include <openailb/detail/src/values/headers.hpp>
#include <openailb/detail/src/values/json.hpp>
#include <openailb/detail/src/values/response_headers.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/json_writer.hpp>
#include <openailb/endpoints.hpp>
#include <openailb/values/headers.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/response_headers.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace openailb {

namespace detail {

template ParsedJson parse_json<>(std::string_view);
template nlohmann::ordered_json parse_ordered<>(std::string_view);
template nlohmann::json json_of<>(const JsonNode&);
template std::string unescaped<>(const JsonNode&);
template std::string text_of<>(const nlohmann::json&);
template std::string printed_number<>(double);
template void write_document<>(JsonPrinter&, const nlohmann::json&);
template void write_document<>(JsonPrinter&, const nlohmann::ordered_json&);

template MakeTask answers<>(std::shared_ptr<Balancer>, Decoder);
template MakeTask downloads<>(std::shared_ptr<Balancer>, Decoder, ByteSink);
template MakeTask polls<>(std::shared_ptr<Balancer>, Decoder, Polling);
template Result<AnswerPtr> Core<Blocking>::run_any<>(Result<NewCall>, const MakeTask&) const;
template AnyStream Core<Blocking>::open<>(const StreamKind&, Result<NewCall>) const;
template MakeTask List::make_task<>() const;
template Task<Result<AnswerPtr>> unary_call<>(EventLoop&, std::shared_ptr<Balancer>,
                                              std::shared_ptr<const Call>, Decoder);
template Task<Result<AnswerPtr>> poll_call<>(EventLoop&, std::shared_ptr<Balancer>,
                                             std::shared_ptr<const Call>, Decoder, Polling, InvokeUser);
template Task<Result<std::unique_ptr<CommittedStream>>> stream_call<>(const StreamKind&, EventLoop&,
                                                                      std::shared_ptr<Balancer>,
                                                                      std::shared_ptr<const Call>);
template Task<const ChunkReader*> CommittedStream::next<>();
template const ChunkReader* AnyStream::advance<>();

}  // namespace detail

template class BasicClient<Blocking>;

}  // namespace openailb
