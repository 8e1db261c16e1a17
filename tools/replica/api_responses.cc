#include "tools/replica/api_responses.h"

#include <nlohmann/json.hpp>

#include "tools/replica/fields.h"
#include "tools/replica/render.h"
#include "tools/replica/reply_text.h"

namespace wp::replica {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

ordered_json nullable(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json part(const std::string& text) {
  return {{"type", "output_text"},
          {"text", text},
          {"annotations", ordered_json::array()},
          {"logprobs", ordered_json::array()}};
}

// The output message; without its part while it is in progress.
ordered_json message(const Answer& answer, bool complete) {
  ordered_json content = ordered_json::array();
  if (complete) content.push_back(part(answer.text));
  const char* status = !complete ? "in_progress" : answer.cut ? "incomplete" : "completed";
  return {{"type", "message"},
          {"id", "msg_" + answer.id},
          {"status", status},
          {"role", "assistant"},
          {"content", std::move(content)}};
}

ordered_json usage(const Answer& answer) {
  ordered_json usage = {{"input_tokens", answer.prompt_tokens}};
  if (answer.cache_report && answer.cached_tokens > 0) {
    usage["input_tokens_details"] = {{"cached_tokens", answer.cached_tokens}};
  }
  usage["output_tokens"] = answer.reply_tokens;
  usage["output_tokens_details"] = {{"reasoning_tokens", 0}};
  usage["total_tokens"] = answer.prompt_tokens + answer.reply_tokens;
  return usage;
}

ordered_json response(const Answer& answer, bool complete) {
  const char* status = !complete ? "in_progress" : answer.cut ? "incomplete" : "completed";
  ordered_json output = ordered_json::array();
  if (complete) output.push_back(message(answer, true));
  ordered_json details = nullptr;
  if (complete && answer.cut) details = {{"reason", "max_output_tokens"}};
  return {{"id", "resp_" + answer.id},
          {"object", "response"},
          {"created_at", answer.created},
          {"status", status},
          {"error", nullptr},
          {"incomplete_details", std::move(details)},
          {"instructions", nullptr},
          {"max_output_tokens", answer.ask.max_tokens ? ordered_json(*answer.ask.max_tokens) : ordered_json(nullptr)},
          {"model", answer.model},
          {"output", std::move(output)},
          {"parallel_tool_calls", true},
          {"previous_response_id", nullable(answer.ask.previous_response_id)},
          {"store", answer.ask.store},
          {"temperature", 1.0},
          {"tool_choice", "auto"},
          {"tools", ordered_json::array()},
          {"top_p", 1.0},
          {"usage", complete ? usage(answer) : ordered_json(nullptr)},
          {"metadata", ordered_json::object()}};
}

void add_event(Answer& answer, std::string& out, const char* type, const ordered_json& fields) {
  ordered_json data = {{"type", type}, {"sequence_number", answer.sequence++}};
  data.update(fields);
  out += "event: ";
  out += type;
  out += "\ndata: ";
  out += data.dump();
  out += "\n\n";
}

}  // namespace

std::expected<Ask, ApiError> ResponsesApi::parse(const json& body) const {
  Fields fields(body);
  Ask ask;
  ask.model = fields.text("model");
  ask.stream = fields.flag("stream");
  ask.store = fields.flag("store", true);
  ask.cache_salt = fields.text("cache_salt");
  ask.previous_response_id = fields.text("previous_response_id");
  ask.max_tokens = fields.count("max_output_tokens", 1);
  if (fields.flag("background")) fields.refuse("background", "Background responses are not served.");
  if (fields.failed()) return std::unexpected(fields.error());
  Renderer renderer;
  if (auto done = renderer.tools(fields.value("tools")); !done) return std::unexpected(done.error());
  if (const json& instructions = fields.value("instructions"); !instructions.is_null()) {
    if (auto done = renderer.turn(Mark::system, instructions, "instructions"); !done) {
      return std::unexpected(done.error());
    }
  }
  ask.turns_at = renderer.size();
  if (auto done = renderer.input_items(fields.value("input")); !done) return std::unexpected(done.error());
  ask.prompt = renderer.take_chat();
  return ask;
}

std::string ResponsesApi::whole(const Answer& answer) const {
  return response(answer, true).dump();
}

void ResponsesApi::stream_begin(Answer& answer, std::string& out) const {
  const std::string item = "msg_" + answer.id;
  add_event(answer, out, "response.created", {{"response", response(answer, false)}});
  add_event(answer, out, "response.in_progress", {{"response", response(answer, false)}});
  add_event(answer, out, "response.output_item.added", {{"output_index", 0}, {"item", message(answer, false)}});
  add_event(answer, out, "response.content_part.added",
            {{"item_id", item}, {"output_index", 0}, {"content_index", 0}, {"part", part("")}});
  answer.frame_before =
      "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":";
  answer.frame_after =
      ",\"item_id\":\"" + item + "\",\"output_index\":0,\"content_index\":0,\"logprobs\":[],\"delta\":\"";
}

void ResponsesApi::stream_token(Answer& answer, std::uint32_t index, std::string& out) const {
  out += answer.frame_before;
  out += std::to_string(answer.sequence++);
  out += answer.frame_after;
  out += piece(answer.text, index);
  out += "\"}\n\n";
}

void ResponsesApi::stream_end(Answer& answer, std::string& out) const {
  const std::string item = "msg_" + answer.id;
  const ordered_json place = {{"item_id", item}, {"output_index", 0}, {"content_index", 0}};
  ordered_json text = place;
  text["text"] = answer.text;
  text["logprobs"] = ordered_json::array();
  add_event(answer, out, "response.output_text.done", text);
  ordered_json done = place;
  done["part"] = part(answer.text);
  add_event(answer, out, "response.content_part.done", done);
  add_event(answer, out, "response.output_item.done", {{"output_index", 0}, {"item", message(answer, true)}});
  add_event(answer, out, answer.cut ? "response.incomplete" : "response.completed",
            {{"response", response(answer, true)}});
}

}  // namespace wp::replica
