#include "dataplane/prompt/walk.h"

namespace wp::prompt {
namespace {

enum class ItemKey : std::uint8_t { type, role };
constexpr std::array<std::string_view, 2> kItemNames{"type", "role"};
constexpr KeyTable kItemTable(kItemNames);
using ItemMembers = Members<ItemKey, kItemNames.size()>;

// What every engine's template puts before the conversation, and what keeps caches apart.
constexpr std::array kPreamble{Field::model,     Field::cache_salt, Field::adapter, Field::adapter_id, Field::lora,
                               Field::lora_name, Field::lora_path,  Field::tools,   Field::functions};

constexpr std::array kChat{Field::messages};
constexpr std::array kCompletion{Field::prompt};
constexpr std::array kResponse{Field::instructions, Field::input};
constexpr std::array kEmbedding{Field::input};
constexpr std::array kMessages{Field::system, Field::messages};

std::span<const Field> plan_of(Api api, const BodyFields& fields) {
  switch (api) {
    case Api::none: return {};
    case Api::chat_completions: return kChat;
    case Api::completions: return kCompletion;
    case Api::responses: return kResponse;
    case Api::embeddings:
      // vLLM embeds a conversation, too.
      return fields.find(Field::messages).exists() ? std::span<const Field>(kChat) : kEmbedding;
    case Api::messages: return kMessages;
  }
  return {};
}

}  // namespace

void BodyWalk::start(Api api, const BodyFields& fields, bool counted) {
  sink_.start(counted);
  agenda_.clear();
  values_.start();
  api_ = api;
  fields_ = &fields;
  plan_ = kPreamble;
  preamble_ = true;
}

Result<bool> BodyWalk::step(Budget& budget) {
  for (;;) {
    while (!agenda_.empty()) {
      if (budget.spent()) return false;
      if (const auto written = go_on(budget); !written) return std::unexpected(written.error());
    }
    if (plan_.empty()) {
      if (!preamble_) return true;
      preamble_ = false;
      plan_ = plan_of(api_, *fields_);
      continue;
    }
    field_ = plan_.front();
    plan_ = plan_.subspan(1);
    if (const auto begun = begin_field(); !begun) return std::unexpected(begun.error());
  }
}

Result<void> BodyWalk::begin_field() {
  const Value value = fields_->find(field_);
  if (!value.exists()) return {};
  switch (field_) {
    case Field::model: return write_label(Piece::model, value);
    case Field::cache_salt: return write_label(Piece::salt, value);
    case Field::tools: return begin_tools(Piece::tool, value);
    case Field::functions: return begin_tools(Piece::function, value);
    case Field::system:
    case Field::instructions: return turns_.write_turn("system", value);
    case Field::messages: return turns_.write_messages(value);
    case Field::prompt: return prompts_.write(value);
    case Field::input: return api_ == Api::responses ? begin_input(value) : prompts_.write(value);
    default: break;
  }
  sink_.piece(Piece::adapter);
  sink_.text(name(field_));
  values_.write(value);
  return {};
}

Result<void> BodyWalk::write_label(Piece piece, Value text) {
  if (!text.is(Kind::text)) return fail(Reason::bad_field);
  if (text.text().empty()) return {};
  sink_.piece(piece);
  sink_.text(text.text());
  return {};
}

Result<void> BodyWalk::begin_tools(Piece piece, Value tools) {
  if (!tools.is(Kind::array)) return fail(Reason::bad_field);
  agenda_.push({.task = Task::tools, .piece = piece, .left = tools.size(), .at = tools.first()});
  return {};
}

// /v1/responses: a string is the user's turn; an array holds messages, and items such as calls, their outputs and
// reasoning between them.
Result<void> BodyWalk::begin_input(Value input) {
  if (input.is(Kind::text)) return turns_.write_turn("user", input);
  if (!input.is(Kind::array)) return fail(Reason::bad_field);
  agenda_.push({.task = Task::items, .left = input.size(), .at = input.first()});
  return {};
}

Result<void> BodyWalk::go_on(Budget& budget) {
  budget.spend(kMemberCost / 2);
  switch (agenda_.top().task) {
    case Task::entries:
    case Task::members:
    case Task::sorted: return values_.go_on(budget), Result<void>{};
    case Task::messages:
    case Task::parts: return turns_.go_on(budget);
    case Task::prompts:
    case Task::tokens: return prompts_.go_on(budget);
    case Task::tools: return write_tool(budget);
    case Task::items: return write_item(budget);
    default: break;
  }
  const Frame frame = agenda_.top();
  agenda_.pop();
  switch (frame.task) {
    case Task::end: sink_.end(); break;
    case Task::end_turn:
      sink_.end();
      sink_.end_turn(frame.question);
      break;
    case Task::end_bare: sink_.end_turn(frame.question); break;
    case Task::content: return turns_.write_content(frame.at);
    case Task::value:
      sink_.piece(frame.piece);
      values_.write(frame.at);
      break;
    default:
      sink_.piece(frame.piece);
      sink_.text(frame.at.text());
      break;
  }
  return {};
}

Result<void> BodyWalk::write_tool(Budget& budget) {
  if (agenda_.top().left == 0) return agenda_.pop(), Result<void>{};
  budget.spend(kMemberCost);
  const Piece piece = agenda_.top().piece;
  const Value tool = agenda_.take();
  if (!tool.is(Kind::object)) return fail(Reason::bad_field);
  sink_.piece(piece);
  values_.write_bare(tool);
  return {};
}

Result<void> BodyWalk::write_item(Budget& budget) {
  if (agenda_.top().left == 0) return agenda_.pop(), Result<void>{};
  const Value item = agenda_.take();
  if (!item.is(Kind::object)) return fail(Reason::bad_field);
  budget.spend(item.size() * kMemberCost);
  ItemMembers members;
  if (const auto read = members.read(item, kItemTable); !read) return read;
  const auto type = members.text(ItemKey::type);
  if (!type) return std::unexpected(type.error());
  if (*type == "message" || (type->empty() && members.find(ItemKey::role).exists())) return turns_.write_message(item);
  sink_.begin_turn(false);
  sink_.piece(Piece::item);
  agenda_.push({.task = Task::end_bare});
  values_.write(item, true);
  return {};
}

}  // namespace wp::prompt
