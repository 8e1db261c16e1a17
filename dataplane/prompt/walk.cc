#include "dataplane/prompt/walk.h"

#include "dataplane/prompt/prompts.h"

namespace wp::prompt {

namespace dom = simdjson::dom;

namespace {

enum class ItemKey : std::uint8_t { type, role };
constexpr std::array<std::string_view, 2> kItemNames{"type", "role"};
constexpr KeyTable kItemTable(kItemNames);
using ItemMembers = Members<ItemKey, kItemNames.size()>;

}  // namespace

const dom::element* BodyWalk::enter(Field field) {
  field_ = field;
  return fields_.find(field);
}

Result<void> BodyWalk::write(Api api) {
  if (const auto written = write_prologue(); !written) return written;
  switch (api) {
    case Api::none: return {};
    case Api::chat_completions: return write_messages();
    case Api::completions: return write_prompt(Field::prompt);
    case Api::responses:
      if (const auto written = write_system(Field::instructions); !written) return written;
      return write_input();
    case Api::embeddings:
      // vLLM embeds a conversation, too.
      return fields_.find(Field::messages) != nullptr ? write_messages() : write_prompt(Field::input);
    case Api::messages:
      if (const auto written = write_system(Field::system); !written) return written;
      return write_messages();
  }
  return {};
}

// What every engine's template puts before the conversation, and what keeps caches apart: model, salt, adapter, tools.
Result<void> BodyWalk::write_prologue() {
  const auto write_text = [this](Field field, Piece piece) -> Result<void> {
    field_ = field;
    const auto text = fields_.text(field);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return {};
    sink_.piece(piece);
    sink_.text(*text);
    return {};
  };
  if (const auto written = write_text(Field::model, Piece::model); !written) return written;
  if (const auto written = write_text(Field::cache_salt, Piece::salt); !written) return written;
  for (const Field adapter : {Field::adapter, Field::adapter_id, Field::lora, Field::lora_name, Field::lora_path}) {
    const dom::element* value = enter(adapter);
    if (value == nullptr) continue;
    sink_.piece(Piece::adapter);
    sink_.text(name(adapter));
    values_.write(*value);
  }
  if (const auto written = write_tools(Field::tools, Piece::tool); !written) return written;
  return write_tools(Field::functions, Piece::function);
}

Result<void> BodyWalk::write_tools(Field field, Piece piece) {
  const dom::element* tools = enter(field);
  if (tools == nullptr) return {};
  dom::array array;
  if (tools->get_array().get(array) != simdjson::SUCCESS) return fail(Reason::bad_field);
  for (const dom::element entry : array) {
    dom::object tool;
    if (entry.get_object().get(tool) != simdjson::SUCCESS) return fail(Reason::bad_field);
    sink_.piece(piece);
    values_.write_object(tool, "cache_control");
  }
  return {};
}

Result<void> BodyWalk::write_messages() {
  const dom::element* messages = enter(Field::messages);
  return messages == nullptr ? Result<void>{} : turns_.write_messages(*messages);
}

Result<void> BodyWalk::write_system(Field field) {
  const dom::element* content = enter(field);
  return content == nullptr ? Result<void>{} : turns_.write_turn("system", *content);
}

Result<void> BodyWalk::write_prompt(Field field) {
  const dom::element* prompt = enter(field);
  return prompt == nullptr ? Result<void>{} : write_prompts(sink_, values_, *prompt);
}

// /v1/responses: a string is the user's turn; an array holds messages, and items such as calls, their outputs and
// reasoning between them.
Result<void> BodyWalk::write_input() {
  const dom::element* input = enter(Field::input);
  if (input == nullptr) return {};
  if (input->is_string()) return turns_.write_turn("user", *input);
  dom::array items;
  if (input->get_array().get(items) != simdjson::SUCCESS) return fail(Reason::bad_field);
  for (const dom::element entry : items) {
    dom::object item;
    if (entry.get_object().get(item) != simdjson::SUCCESS) return fail(Reason::bad_field);
    if (const auto written = write_item(item); !written) return written;
  }
  return {};
}

Result<void> BodyWalk::write_item(dom::object item) {
  ItemMembers members;
  if (const auto read = members.read(item, kItemTable); !read) return read;
  const auto type = members.text(ItemKey::type);
  if (!type) return std::unexpected(type.error());
  if (*type == "message" || (type->empty() && members.find(ItemKey::role) != nullptr)) {
    return turns_.write_message(item);
  }
  sink_.begin_turn(false);
  sink_.piece(Piece::item);
  values_.write_object(item, {});
  sink_.end_turn(false);
  return {};
}

}  // namespace wp::prompt
