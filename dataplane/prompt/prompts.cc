#include "dataplane/prompt/prompts.h"

#include <limits>

namespace wp::prompt {
namespace {

constexpr std::uint64_t kEndOfTokens = 0xFFFFFFFF;

}  // namespace

Result<void> PromptWriter::write(Value prompts) {
  if (prompts.is(Kind::text)) return write_text(prompts.text()), Result<void>{};
  if (!prompts.is(Kind::array)) return fail(Reason::bad_field);
  if (prompts.size() == 0) return {};
  if (prompts.first().is(Kind::integer)) {
    begin_tokens(prompts);
  } else {
    agenda_.push({.task = Task::prompts, .left = prompts.size(), .at = prompts.first()});
  }
  return {};
}

Result<void> PromptWriter::go_on(Budget& budget) {
  if (agenda_.top().task == Task::tokens) return write_tokens(budget);
  if (agenda_.top().left == 0) return agenda_.pop(), Result<void>{};
  budget.spend(kMemberCost);
  return write_entry(agenda_.take());
}

void PromptWriter::write_text(std::string_view text) {
  sink_.begin_turn(false);
  sink_.piece(Piece::prompt);
  sink_.text(text);
  sink_.end_turn(true);
}

void PromptWriter::begin_tokens(Value tokens) {
  sink_.begin_turn(false);
  sink_.piece(Piece::prompt_tokens);
  agenda_.push({.task = Task::tokens, .left = tokens.size(), .at = tokens.first()});
}

// Four bytes a token, so that the estimate of tokens from bytes is exact here.
Result<void> PromptWriter::write_tokens(Budget& budget) {
  while (agenda_.top().left > 0) {
    budget.spend(kMemberCost / 4);
    const Value token = agenda_.take();
    const bool integer = token.is(Kind::integer);
    if (!integer || token.integer() < 0 || token.integer() > std::numeric_limits<std::int32_t>::max()) {
      return fail(Reason::bad_field);
    }
    sink_.put_little_endian(token.natural(), 4);
    if (budget.spent()) return {};
  }
  agenda_.pop();
  sink_.put_little_endian(kEndOfTokens, 4);
  sink_.end_turn(true);
  return {};
}

Result<void> PromptWriter::write_entry(Value entry) {
  switch (entry.kind()) {
    case Kind::text: write_text(entry.text()); return {};
    case Kind::array: begin_tokens(entry); return {};
    case Kind::object:
      sink_.begin_turn(false);
      sink_.piece(Piece::part);
      agenda_.push({.task = Task::end_bare, .question = true});
      values_.write(entry, true);
      return {};
    default: return fail(Reason::bad_field);
  }
}

}  // namespace wp::prompt
