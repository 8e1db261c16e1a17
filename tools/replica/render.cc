#include "tools/replica/render.h"

#include <optional>

#include <nlohmann/json.hpp>

namespace wp::replica {

using nlohmann::json;

namespace {

std::unexpected<ApiError> refuse(std::string message, std::string_view field) {
  return std::unexpected(ApiError{400, std::move(message), std::string(field)});
}

std::optional<Mark> mark_of_role(std::string_view role) {
  if (role == "system" || role == "developer") return Mark::system;
  if (role == "user") return Mark::user;
  if (role == "assistant") return Mark::assistant;
  if (role == "tool" || role == "function") return Mark::tool;
  return std::nullopt;
}

// An invalid byte sequence cannot be here: the parser refuses it.
std::string dumped(const json& value) {
  return value.dump();
}

}  // namespace

Renderer::Done Renderer::tools(const json& tools) {
  if (tools.is_null()) return {};
  if (!tools.is_array()) return refuse("'tools' must be an array.", "tools");
  if (tools.empty()) return {};
  append(tokens_, Mark::tools);
  for (const json& tool : tools) append(tokens_, dumped(tool));
  append(tokens_, Mark::end);
  return {};
}

Renderer::Done Renderer::turn(Mark role, const json& content, std::string_view field) {
  append(tokens_, role);
  if (auto done = this->content(content, field); !done) return done;
  append(tokens_, Mark::end);
  return {};
}

Renderer::Done Renderer::messages(const json& messages) {
  if (!messages.is_array() || messages.empty()) {
    return refuse("'messages' must be an array of at least one message.", "messages");
  }
  for (const json& message : messages) {
    if (auto done = this->message(message, "messages"); !done) return done;
  }
  return {};
}

Renderer::Done Renderer::message(const json& message, std::string_view field) {
  if (!message.is_object()) return refuse("A message must be an object.", field);
  const auto role = message.find("role");
  if (role == message.end() || !role->is_string()) return refuse("A message needs a 'role'.", field);
  const auto mark = mark_of_role(role->get_ref<const std::string&>());
  if (!mark) return refuse("Unknown role '" + role->get<std::string>() + "'.", field);
  append(tokens_, *mark);
  if (const auto content = message.find("content"); content != message.end()) {
    if (auto done = this->content(*content, field); !done) return done;
  }
  if (const auto calls = message.find("tool_calls"); calls != message.end() && !calls->is_null()) {
    append(tokens_, Mark::item);
    append(tokens_, dumped(*calls));
  }
  append(tokens_, Mark::end);
  return {};
}

Renderer::Done Renderer::content(const json& content, std::string_view field) {
  if (content.is_null()) return {};
  if (content.is_string()) {
    append(tokens_, content.get_ref<const std::string&>());
    return {};
  }
  if (!content.is_array()) return refuse("'content' must be a string or an array of parts.", field);
  for (const json& part : content) {
    if (!part.is_object()) return refuse("A content part must be an object.", field);
    if (const auto text = part.find("text"); text != part.end() && text->is_string()) {
      append(tokens_, text->get_ref<const std::string&>());
    } else {
      append(tokens_, Mark::item);
      append(tokens_, dumped(part));
    }
  }
  return {};
}

Renderer::Done Renderer::input_items(const json& input) {
  if (input.is_string()) return turn(Mark::user, input, "input");
  if (!input.is_array() || input.empty()) return refuse("'input' must be a string or an array of items.", "input");
  for (const json& item : input) {
    if (!item.is_object()) return refuse("An input item must be an object.", "input");
    if (item.contains("role")) {
      if (auto done = message(item, "input"); !done) return done;
      continue;
    }
    append(tokens_, Mark::item);
    append(tokens_, dumped(item));
    append(tokens_, Mark::end);
  }
  return {};
}

std::vector<Token> Renderer::take_chat() {
  append(tokens_, Mark::assistant);
  return std::move(tokens_);
}

Renderer::Done append_plain(const json& value, std::string_view field, std::vector<Token>& tokens) {
  if (value.is_string()) {
    append(tokens, value.get_ref<const std::string&>());
    return {};
  }
  if (!value.is_array() || value.empty()) return refuse("A string or an array of token ids is needed.", field);
  for (const json& id : value) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > UINT32_MAX) {
      return refuse("A token id must be an integer of 0 to 2^32 - 1.", field);
    }
    tokens.push_back(id.get<Token>());
  }
  return {};
}

}  // namespace wp::replica
