#include "tools/replica/api_openai.h"

#include <nlohmann/json.hpp>

#include "tools/replica/fields.h"
#include "tools/replica/render.h"
#include "tools/replica/reply_text.h"

namespace wp::replica {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr const char* kFingerprint = "fp_warmpath_replica";
constexpr std::string_view kDone = "data: [DONE]\n\n";

const char* finish_reason(const Answer& answer) {
  return answer.cut ? "length" : "stop";
}

void add_event(std::string& out, const ordered_json& data) {
  out += "data: ";
  out += data.dump();
  out += "\n\n";
}

ordered_json envelope(const Answer& answer, const char* prefix, const char* object) {
  return {{"id", prefix + answer.id},
          {"object", object},
          {"created", answer.created},
          {"model", answer.model},
          {"system_fingerprint", kFingerprint}};
}

// A chunk with one choice.
ordered_json chunk(const Answer& answer, const char* prefix, const char* object, ordered_json choice) {
  ordered_json data = envelope(answer, prefix, object);
  data["choices"] = ordered_json::array({std::move(choice)});
  return data;
}

ordered_json chat_chunk(const Answer& answer, ordered_json delta, ordered_json finish) {
  return chunk(
      answer, "chatcmpl-", "chat.completion.chunk",
      {{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(finish)}});
}

// vLLM writes here what is not set, too, so that every chunk has its usage; of a chat's chunks only the one that was
// asked for has.
ordered_json completion_chunk(const Answer& answer, const char* text, ordered_json finish) {
  ordered_json data =
      chunk(answer, "cmpl-", "text_completion",
            {{"index", 0}, {"text", text}, {"logprobs", nullptr}, {"finish_reason", std::move(finish)}});
  data["usage"] = nullptr;
  return data;
}

// Splits a token's event where its text belongs, so that a token costs three appends and no JSON. The last such place
// is the token's, whatever the client's model is called: what stands behind it is fixed.
constexpr const char* kPlace = "@@token@@";

void make_frame(Answer& answer, const ordered_json& data) {
  std::string event;
  add_event(event, data);
  const std::size_t at = event.rfind(kPlace);
  answer.frame_before = event.substr(0, at);
  answer.frame_after = event.substr(at + std::string_view(kPlace).size());
}

void add_token(const Answer& answer, std::uint32_t index, std::string& out) {
  out += answer.frame_before;
  out += piece(answer.text, index);
  out += answer.frame_after;
}

void add_usage_chunk(const Answer& answer, const char* prefix, const char* object, std::string& out) {
  if (!answer.ask.include_usage) return;
  ordered_json data = envelope(answer, prefix, object);
  data["choices"] = ordered_json::array();
  data["usage"] = openai_usage(answer);
  add_event(out, data);
}

// What chat and completions share.
std::expected<Ask, ApiError> parse_common(Fields& fields) {
  Ask ask;
  ask.model = fields.text("model");
  ask.stream = fields.flag("stream");
  ask.cache_salt = fields.text("cache_salt");
  if (const auto n = fields.count("n", 1); n && *n != 1) fields.refuse("n", "Only 'n' = 1 is served.");
  if (const json& options = fields.value("stream_options"); options.is_object()) {
    Fields inner(options);
    ask.include_usage = inner.flag("include_usage");
    if (inner.failed()) return std::unexpected(inner.error());
  } else if (!options.is_null()) {
    fields.refuse("stream_options", "'stream_options' must be an object.");
  }
  ask.max_tokens = fields.count("max_tokens", 1);
  if (fields.failed()) return std::unexpected(fields.error());
  return ask;
}

const char* openai_error_type(std::uint16_t status) {
  switch (status) {
    case 401: return "AuthenticationError";
    case 404: return "NotFoundError";
    case 405: return "MethodNotAllowedError";
    case 413: return "RequestTooLargeError";
    case 501: return "NotImplementedError";
    case 503: return "ServiceUnavailableError";
    default: return status >= 500 ? "InternalServerError" : "BadRequestError";
  }
}

}  // namespace

std::string openai_error(const ApiError& error) {
  const ordered_json data = {{"error",
                              {{"message", error.message},
                               {"type", openai_error_type(error.status)},
                               {"param", error.param.empty() ? ordered_json(nullptr) : ordered_json(error.param)},
                               {"code", error.status}}}};
  return data.dump();
}

ordered_json openai_usage(const Answer& answer) {
  ordered_json usage = {{"prompt_tokens", answer.prompt_tokens},
                        {"completion_tokens", answer.reply_tokens},
                        {"total_tokens", answer.prompt_tokens + answer.reply_tokens}};
  if (answer.cache_report && answer.cached_tokens > 0) {
    usage["prompt_tokens_details"] = {{"cached_tokens", answer.cached_tokens}};
  }
  return usage;
}

std::expected<Ask, ApiError> ChatApi::parse(const json& body) const {
  Fields fields(body);
  auto ask = parse_common(fields);
  if (!ask) return ask;
  if (const auto limit = fields.count("max_completion_tokens", 1)) ask->max_tokens = limit;
  if (fields.failed()) return std::unexpected(fields.error());
  Renderer renderer;
  if (auto done = renderer.tools(fields.value("tools")); !done) return std::unexpected(done.error());
  if (auto done = renderer.messages(fields.value("messages")); !done) return std::unexpected(done.error());
  ask->prompt = renderer.take_chat();
  return ask;
}

std::string ChatApi::whole(const Answer& answer) const {
  ordered_json data = envelope(answer, "chatcmpl-", "chat.completion");
  data["choices"] =
      ordered_json::array({{{"index", 0},
                            {"message", {{"role", "assistant"}, {"content", answer.text}, {"refusal", nullptr}}},
                            {"logprobs", nullptr},
                            {"finish_reason", finish_reason(answer)}}});
  data["usage"] = openai_usage(answer);
  return data.dump();
}

void ChatApi::stream_begin(Answer& answer, std::string& out) const {
  add_event(out, chat_chunk(answer, {{"role", "assistant"}, {"content", ""}}, nullptr));
  make_frame(answer, chat_chunk(answer, {{"content", kPlace}}, nullptr));
}

void ChatApi::stream_token(Answer& answer, std::uint32_t index, std::string& out) const {
  add_token(answer, index, out);
}

void ChatApi::stream_end(Answer& answer, std::string& out) const {
  add_event(out, chat_chunk(answer, ordered_json::object(), finish_reason(answer)));
  add_usage_chunk(answer, "chatcmpl-", "chat.completion.chunk", out);
  out += kDone;
}

std::expected<Ask, ApiError> CompletionApi::parse(const json& body) const {
  Fields fields(body);
  auto ask = parse_common(fields);
  if (!ask) return ask;
  append(ask->prompt, Mark::begin);
  const json& prompt = fields.value("prompt");
  const bool list = prompt.is_array() && !prompt.empty() && !prompt[0].is_number();
  if (list && prompt.size() != 1) {
    return std::unexpected(ApiError{400, "Only one prompt a request is served.", "prompt"});
  }
  if (auto done = append_plain(list ? prompt[0] : prompt, "prompt", ask->prompt); !done) {
    return std::unexpected(done.error());
  }
  return ask;
}

std::string CompletionApi::whole(const Answer& answer) const {
  ordered_json data = envelope(answer, "cmpl-", "text_completion");
  data["choices"] = ordered_json::array(
      {{{"index", 0}, {"text", answer.text}, {"logprobs", nullptr}, {"finish_reason", finish_reason(answer)}}});
  data["usage"] = openai_usage(answer);
  return data.dump();
}

void CompletionApi::stream_begin(Answer& answer, std::string&) const {
  make_frame(answer, completion_chunk(answer, kPlace, nullptr));
}

void CompletionApi::stream_token(Answer& answer, std::uint32_t index, std::string& out) const {
  add_token(answer, index, out);
}

void CompletionApi::stream_end(Answer& answer, std::string& out) const {
  add_event(out, completion_chunk(answer, "", finish_reason(answer)));
  add_usage_chunk(answer, "cmpl-", "text_completion", out);
  out += kDone;
}

}  // namespace wp::replica
