// Conversations: messages, their parts, and what hangs on them. One form serves /v1/chat/completions and /v1/messages,
// and the message items of /v1/responses.
#pragma once

#include <simdjson.h>

#include "dataplane/base/result.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/value.h"

namespace wp::prompt {

class TurnWriter {
 public:
  TurnWriter(CanonicalSink& sink, ValueWriter& values) : sink_(sink), values_(values) {}

  // An array of messages. Errors of all: repeated_key (a member of a message, part or result that is read here),
  // bad_field.
  [[nodiscard]] Result<void> write_messages(simdjson::dom::element messages);

  // One message: an object with role, content and the like.
  [[nodiscard]] Result<void> write_message(simdjson::dom::object message);

  // A turn of one role and a content.
  [[nodiscard]] Result<void> write_turn(std::string_view role, simdjson::dom::element content);

 private:
  Result<void> write_content(simdjson::dom::element content);
  Result<void> write_part(simdjson::dom::object part);
  void write_text(std::string_view text);
  void begin_turn(std::string_view role);
  void end_turn(std::string_view role);

  CanonicalSink& sink_;
  ValueWriter& values_;
};

}  // namespace wp::prompt
