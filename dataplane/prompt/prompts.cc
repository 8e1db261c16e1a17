#include "dataplane/prompt/prompts.h"

#include <limits>

namespace wp::prompt {

namespace dom = simdjson::dom;

namespace {

constexpr std::uint64_t kEndOfTokens = 0xFFFFFFFF;

void write_text(CanonicalSink& sink, std::string_view text) {
  sink.begin_turn(false);
  sink.piece(Piece::prompt);
  sink.text(text);
  sink.end_turn(true);
}

// Four bytes a token, so that the estimate of tokens from bytes is exact here.
Result<void> write_tokens(CanonicalSink& sink, dom::array tokens) {
  sink.begin_turn(false);
  sink.piece(Piece::prompt_tokens);
  for (const dom::element entry : tokens) {
    std::int64_t id = 0;
    const bool integer = entry.get_int64().get(id) == simdjson::SUCCESS;
    if (!integer || id < 0 || id > std::numeric_limits<std::int32_t>::max()) return fail(Reason::bad_field);
    sink.put_little_endian(static_cast<std::uint64_t>(id), 4);
  }
  sink.put_little_endian(kEndOfTokens, 4);
  sink.end_turn(true);
  return {};
}

Result<void> write_entry(CanonicalSink& sink, ValueWriter& values, dom::element entry) {
  std::string_view text;
  if (entry.get_string().get(text) == simdjson::SUCCESS) {
    write_text(sink, text);
    return {};
  }
  dom::array tokens;
  if (entry.get_array().get(tokens) == simdjson::SUCCESS) return write_tokens(sink, tokens);
  dom::object part;
  if (entry.get_object().get(part) != simdjson::SUCCESS) return fail(Reason::bad_field);
  sink.begin_turn(false);
  sink.piece(Piece::part);
  values.write_object(part, {});
  sink.end_turn(true);
  return {};
}

}  // namespace

Result<void> write_prompts(CanonicalSink& sink, ValueWriter& values, dom::element prompts) {
  std::string_view text;
  if (prompts.get_string().get(text) == simdjson::SUCCESS) {
    write_text(sink, text);
    return {};
  }
  dom::array array;
  if (prompts.get_array().get(array) != simdjson::SUCCESS) return fail(Reason::bad_field);
  const auto first = array.begin();
  if (first == array.end()) return {};
  if ((*first).is<std::int64_t>()) return write_tokens(sink, array);
  for (const dom::element entry : array) {
    if (const auto written = write_entry(sink, values, entry); !written) return written;
  }
  return {};
}

}  // namespace wp::prompt
