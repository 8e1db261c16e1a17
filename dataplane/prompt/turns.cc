#include "dataplane/prompt/turns.h"

#include "dataplane/prompt/members.h"

namespace wp::prompt {

namespace dom = simdjson::dom;

namespace {

enum class MessageKey : std::uint8_t {
  role,
  name,
  reasoning_content,
  reasoning,
  content,
  tool_calls,
  function_call,
  tool_call_id,
};
constexpr std::array<std::string_view, 8> kMessageNames{"role",    "name",       "reasoning_content", "reasoning",
                                                        "content", "tool_calls", "function_call",     "tool_call_id"};
constexpr KeyTable kMessageTable(kMessageNames);
using MessageMembers = Members<MessageKey, kMessageNames.size()>;

enum class PartKey : std::uint8_t { type, text, content, tool_use_id };
constexpr std::array<std::string_view, 4> kPartNames{"type", "text", "content", "tool_use_id"};
constexpr KeyTable kPartTable(kPartNames);
using PartMembers = Members<PartKey, kPartNames.size()>;

bool is_text(std::string_view type) {
  return type.empty() || type == "text" || type == "input_text" || type == "output_text";
}

}  // namespace

Result<void> TurnWriter::write_messages(dom::element messages) {
  dom::array array;
  if (messages.get_array().get(array) != simdjson::SUCCESS) return fail(Reason::bad_field);
  for (const dom::element entry : array) {
    dom::object message;
    if (entry.get_object().get(message) != simdjson::SUCCESS) return fail(Reason::bad_field);
    if (const auto written = write_message(message); !written) return written;
  }
  return {};
}

Result<void> TurnWriter::write_message(dom::object message) {
  MessageMembers members;
  if (const auto read = members.read(message, kMessageTable); !read) return read;
  const auto role = members.text(MessageKey::role);
  const auto name = members.text(MessageKey::name);
  const auto call_id = members.text(MessageKey::tool_call_id);
  if (!role || !name || !call_id) return fail(Reason::bad_field);

  begin_turn(*role);
  if (!name->empty()) {
    sink_.piece(Piece::name);
    sink_.text(*name);
  }
  const auto write_value = [&](MessageKey key, Piece piece) {
    const dom::element* value = members.find(key);
    if (value == nullptr) return;
    sink_.piece(piece);
    values_.write(*value);
  };
  write_value(MessageKey::reasoning_content, Piece::reasoning);
  write_value(MessageKey::reasoning, Piece::reasoning);
  if (const dom::element* content = members.find(MessageKey::content); content != nullptr) {
    if (const auto written = write_content(*content); !written) return written;
  }
  write_value(MessageKey::tool_calls, Piece::tool_calls);
  write_value(MessageKey::function_call, Piece::function_call);
  if (!call_id->empty()) {
    sink_.piece(Piece::tool_call_id);
    sink_.text(*call_id);
  }
  end_turn(*role);
  return {};
}

Result<void> TurnWriter::write_turn(std::string_view role, dom::element content) {
  begin_turn(role);
  if (const auto written = write_content(content); !written) return written;
  end_turn(role);
  return {};
}

void TurnWriter::begin_turn(std::string_view role) {
  sink_.begin_turn(role == "system" || role == "developer");
  sink_.piece(Piece::role);
  sink_.text(role);
}

void TurnWriter::end_turn(std::string_view role) {
  sink_.end();
  sink_.end_turn(role == "user");
}

// A string, or an array of parts; vLLM also takes plain strings for parts.
Result<void> TurnWriter::write_content(dom::element content) {
  std::string_view text;
  if (content.get_string().get(text) == simdjson::SUCCESS) {
    write_text(text);
    return {};
  }
  dom::array parts;
  if (content.get_array().get(parts) != simdjson::SUCCESS) return fail(Reason::bad_field);
  for (const dom::element entry : parts) {
    if (entry.get_string().get(text) == simdjson::SUCCESS) {
      write_text(text);
      continue;
    }
    dom::object part;
    if (entry.get_object().get(part) != simdjson::SUCCESS) return fail(Reason::bad_field);
    if (const auto written = write_part(part); !written) return written;
  }
  return {};
}

void TurnWriter::write_text(std::string_view text) {
  sink_.piece(Piece::content);
  sink_.text(text);
}

// Text by its text; a tool's result by its id and its own content; images, sound, calls, thinking and what else there
// may be as the value they are, so that two differ where their bytes or addresses differ.
Result<void> TurnWriter::write_part(dom::object part) {
  PartMembers members;
  if (const auto read = members.read(part, kPartTable); !read) return read;
  const auto type = members.text(PartKey::type);
  if (!type) return std::unexpected(type.error());
  if (is_text(*type)) {
    const auto text = members.text(PartKey::text);
    if (!text) return std::unexpected(text.error());
    if (members.find(PartKey::text) != nullptr) {
      write_text(*text);
      return {};
    }
  }
  if (*type == "tool_result") {
    const auto id = members.text(PartKey::tool_use_id);
    if (!id) return std::unexpected(id.error());
    sink_.piece(Piece::result);
    sink_.text(*id);
    if (const dom::element* content = members.find(PartKey::content); content != nullptr) {
      if (const auto written = write_content(*content); !written) return written;
    }
    sink_.end();
    return {};
  }
  sink_.piece(Piece::part);
  values_.write_object(part, "cache_control");
  return {};
}

}  // namespace wp::prompt
