// Conversations: messages, their parts, and what hangs on them. One form serves /v1/chat/completions and /v1/messages,
// and the message items of /v1/responses.
#pragma once

#include "dataplane/base/result.h"
#include "dataplane/prompt/agenda.h"
#include "dataplane/prompt/budget.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/value.h"

namespace wp::prompt {

class TurnWriter {
 public:
  TurnWriter(CanonicalSink& sink, Agenda& agenda, ValueWriter& values)
      : sink_(sink), agenda_(agenda), values_(values) {}

  // An array of messages; what is no step of work is on the agenda, here and below. Errors of all: repeated_key (a
  // member of a message, part or result that is read here), bad_field.
  [[nodiscard]] Result<void> write_messages(Value messages);

  // One message: an object with role, content and the like.
  [[nodiscard]] Result<void> write_message(Value message);

  // A turn of one role and a content.
  [[nodiscard]] Result<void> write_turn(std::string_view role, Value content);

  // A string, or an array of parts; vLLM also takes plain strings for parts.
  [[nodiscard]] Result<void> write_content(Value content);

  // Goes on with the agenda's top, which is one of messages and parts.
  [[nodiscard]] Result<void> go_on(Budget& budget);

 private:
  Result<void> write_part(Value part);
  void write_text(std::string_view text);
  [[nodiscard]] bool write_plain(Value message);
  void begin_turn(std::string_view role);
  void expect_end(std::string_view role);

  CanonicalSink& sink_;
  Agenda& agenda_;
  ValueWriter& values_;
};

}  // namespace wp::prompt
