#include "dataplane/prompt/turns.h"

#include "dataplane/prompt/members.h"

namespace wp::prompt {

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

constexpr std::string_view kUser = "user";

// Behind the look at them.
constexpr std::int64_t kMessageCost = 8 * kMemberCost;

bool is_text(std::string_view type) {
  return type.empty() || type == "text" || type == "input_text" || type == "output_text";
}

}  // namespace

Result<void> TurnWriter::write_messages(Value messages) {
  if (!messages.is(Kind::array)) return fail(Reason::bad_field);
  agenda_.push({.task = Task::messages, .left = messages.size(), .at = messages.first()});
  return {};
}

// As many entries as are written at once and as the budget allows, one in any case.
Result<void> TurnWriter::go_on(Budget& budget) {
  const bool messages = agenda_.top().task == Task::messages;
  const std::size_t depth = agenda_.depth();
  while (agenda_.top().left > 0) {
    const Value entry = agenda_.take();
    budget.spend(kMessageCost + (entry.is(Kind::object) ? entry.size() * kMemberCost : 0));
    if (const auto written = messages ? write_message(entry) : write_part(entry); !written) return written;
    if (agenda_.depth() > depth || budget.spent()) return {};
  }
  agenda_.pop();
  return {};
}

Result<void> TurnWriter::write_message(Value message) {
  if (!message.is(Kind::object)) return fail(Reason::bad_field);
  if (write_plain(message)) return {};
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
  // The last first.
  expect_end(*role);
  const auto expect = [&](MessageKey key, Task task, Piece piece) {
    const Value value = members.find(key);
    if (value.exists()) agenda_.push({.task = task, .piece = piece, .at = value});
  };
  if (!call_id->empty()) expect(MessageKey::tool_call_id, Task::text, Piece::tool_call_id);
  expect(MessageKey::function_call, Task::value, Piece::function_call);
  expect(MessageKey::tool_calls, Task::value, Piece::tool_calls);
  expect(MessageKey::content, Task::content, Piece::content);
  expect(MessageKey::reasoning, Task::value, Piece::reasoning);
  expect(MessageKey::reasoning_content, Task::value, Piece::reasoning);
  return {};
}

// Almost every message: a role and a text, as most clients put them. Keys that are known at compile time are compared
// as words.
bool TurnWriter::write_plain(Value message) {
  if (message.size() != 2) return false;
  const Value role_key = message.first();
  const Value role = role_key.next();
  if (role_key.text() != "role" || !role.is(Kind::text)) return false;
  const Value content_key = role.next();
  const Value content = content_key.next();
  if (content_key.text() != "content" || !content.is(Kind::text)) return false;
  if (sink_.counted()) {
    constexpr std::size_t kFrame = 7;  // of two pieces, the ends of their texts and that of the turn
    sink_.count(kFrame + role.text().size() + content.text().size());
    return true;
  }
  begin_turn(role.text());
  write_text(content.text());
  sink_.end();
  sink_.end_turn(role.text() == kUser);
  return true;
}

Result<void> TurnWriter::write_turn(std::string_view role, Value content) {
  begin_turn(role);
  expect_end(role);
  return write_content(content);
}

void TurnWriter::begin_turn(std::string_view role) {
  sink_.begin_turn(role == "system" || role == "developer");
  sink_.piece(Piece::role);
  sink_.text(role);
}

void TurnWriter::expect_end(std::string_view role) {
  agenda_.push({.task = Task::end_turn, .question = role == kUser});
}

Result<void> TurnWriter::write_content(Value content) {
  if (content.is(Kind::text)) return write_text(content.text()), Result<void>{};
  if (!content.is(Kind::array)) return fail(Reason::bad_field);
  agenda_.push({.task = Task::parts, .left = content.size(), .at = content.first()});
  return {};
}

void TurnWriter::write_text(std::string_view text) {
  sink_.piece(Piece::content);
  sink_.text(text);
}

// Text by its text; a tool's result by its id and its own content; images, sound, calls, thinking and what else there
// may be as the value they are, so that two differ where their bytes or addresses differ.
Result<void> TurnWriter::write_part(Value part) {
  if (part.is(Kind::text)) return write_text(part.text()), Result<void>{};
  if (!part.is(Kind::object)) return fail(Reason::bad_field);
  PartMembers members;
  if (const auto read = members.read(part, kPartTable); !read) return read;
  const auto type = members.text(PartKey::type);
  if (!type) return std::unexpected(type.error());
  if (is_text(*type)) {
    const auto text = members.text(PartKey::text);
    if (!text) return std::unexpected(text.error());
    if (members.find(PartKey::text).exists()) return write_text(*text), Result<void>{};
  }
  if (*type == "tool_result") {
    const auto id = members.text(PartKey::tool_use_id);
    if (!id) return std::unexpected(id.error());
    sink_.piece(Piece::result);
    sink_.text(*id);
    agenda_.push({.task = Task::end});
    const Value content = members.find(PartKey::content);
    return content.exists() ? write_content(content) : Result<void>{};
  }
  sink_.piece(Piece::part);
  values_.write_bare(part, true);
  return {};
}

}  // namespace wp::prompt
