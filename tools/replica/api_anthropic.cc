#include "tools/replica/api_anthropic.h"

#include <nlohmann/json.hpp>

#include "tools/replica/fields.h"
#include "tools/replica/render.h"
#include "tools/replica/reply_text.h"

namespace wp::replica {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

const char* error_type(std::uint16_t status) {
  switch (status) {
    case 401: return "authentication_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 503: return "overloaded_error";
    default: return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

// Anthropic counts cached prompt tokens beside input_tokens, not among them.
ordered_json usage(const Answer& answer, std::uint32_t output_tokens) {
  const bool report = answer.cache_report && answer.cached_tokens > 0;
  ordered_json usage = {{"input_tokens", answer.prompt_tokens - (report ? answer.cached_tokens : 0)}};
  if (report) {
    usage["cache_creation_input_tokens"] = 0;
    usage["cache_read_input_tokens"] = answer.cached_tokens;
  }
  usage["output_tokens"] = output_tokens;
  return usage;
}

ordered_json message(const Answer& answer, ordered_json content, ordered_json stop_reason,
                     std::uint32_t output_tokens) {
  return {{"id", "msg_" + answer.id},      {"type", "message"},
          {"role", "assistant"},           {"model", answer.model},
          {"content", std::move(content)}, {"stop_reason", std::move(stop_reason)},
          {"stop_sequence", nullptr},      {"usage", usage(answer, output_tokens)}};
}

const char* stop_reason(const Answer& answer) {
  return answer.cut ? "max_tokens" : "end_turn";
}

void add_event(std::string& out, const char* type, const ordered_json& fields) {
  ordered_json data = {{"type", type}};
  data.update(fields);
  out += "event: ";
  out += type;
  out += "\ndata: ";
  out += data.dump();
  out += "\n\n";
}

}  // namespace

std::string MessagesApi::error(const ApiError& error) const {
  std::string message = error.param.empty() ? "" : error.param + ": ";
  message += error.message;
  const ordered_json data = {{"type", "error"}, {"error", {{"type", error_type(error.status)}, {"message", message}}}};
  return data.dump();
}

std::expected<Ask, ApiError> MessagesApi::parse(const json& body) const {
  Fields fields(body);
  Ask ask;
  ask.model = fields.text("model");
  ask.stream = fields.flag("stream");
  ask.max_tokens = fields.count("max_tokens", 1);
  if (!ask.max_tokens) fields.refuse("max_tokens", "Field required");
  if (fields.failed()) return std::unexpected(fields.error());
  Renderer renderer;
  if (auto done = renderer.tools(fields.value("tools")); !done) return std::unexpected(done.error());
  if (const json& system = fields.value("system"); !system.is_null()) {
    if (auto done = renderer.turn(Mark::system, system, "system"); !done) return std::unexpected(done.error());
  }
  if (auto done = renderer.messages(fields.value("messages")); !done) return std::unexpected(done.error());
  ask.prompt = renderer.take_chat();
  return ask;
}

std::string MessagesApi::whole(const Answer& answer) const {
  ordered_json content = ordered_json::array({{{"type", "text"}, {"text", answer.text}}});
  return message(answer, std::move(content), stop_reason(answer), answer.reply_tokens).dump();
}

void MessagesApi::stream_begin(Answer& answer, std::string& out) const {
  add_event(out, "message_start", {{"message", message(answer, ordered_json::array(), nullptr, 0)}});
  add_event(out, "content_block_start", {{"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}});
  answer.frame_before =
      "event: content_block_delta\n"
      "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"";
  answer.frame_after = "\"}}\n\n";
}

void MessagesApi::stream_token(Answer& answer, std::uint32_t index, std::string& out) const {
  out += answer.frame_before;
  out += piece(answer.text, index);
  out += answer.frame_after;
}

void MessagesApi::stream_end(Answer& answer, std::string& out) const {
  add_event(out, "content_block_stop", {{"index", 0}});
  add_event(out, "message_delta",
            {{"delta", {{"stop_reason", stop_reason(answer)}, {"stop_sequence", nullptr}}},
             {"usage", usage(answer, answer.reply_tokens)}});
  add_event(out, "message_stop", ordered_json::object());
}

}  // namespace wp::replica
