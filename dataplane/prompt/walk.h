// One body's way into the canonical stream: what all APIs share, then the API's own prompt, in as many steps as the
// caller wants.
#pragma once

#include <span>

#include "dataplane/base/result.h"
#include "dataplane/prompt/agenda.h"
#include "dataplane/prompt/body_fields.h"
#include "dataplane/prompt/budget.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/prompts.h"
#include "dataplane/prompt/turns.h"
#include "dataplane/prompt/value.h"

namespace wp::prompt {

class BodyWalk {
 public:
  explicit BodyWalk(CanonicalSink& sink)
      : sink_(sink), values_(sink, agenda_), turns_(sink, agenda_, values_), prompts_(sink, agenda_, values_) {}
  BodyWalk(const BodyWalk&) = delete;
  BodyWalk& operator=(const BodyWalk&) = delete;

  // Begins the stream of a body; its fields must stay until all is written. `counted`: only its length is wanted.
  void start(Api api, const BodyFields& fields, bool counted = false);

  // Writes on. True: the whole stream is there. Errors: repeated_key, bad_field; field() is then the member at fault.
  [[nodiscard]] Result<bool> step(Budget& budget);

  [[nodiscard]] Field field() const { return field_; }

 private:
  [[nodiscard]] Result<void> begin_field();
  [[nodiscard]] Result<void> write_label(Piece piece, Value text);
  [[nodiscard]] Result<void> begin_tools(Piece piece, Value tools);
  [[nodiscard]] Result<void> begin_input(Value input);
  [[nodiscard]] Result<void> go_on(Budget& budget);
  [[nodiscard]] Result<void> write_tool(Budget& budget);
  [[nodiscard]] Result<void> write_item(Budget& budget);

  CanonicalSink& sink_;
  Agenda agenda_;
  ValueWriter values_;
  TurnWriter turns_;
  PromptWriter prompts_;
  const BodyFields* fields_ = nullptr;
  Api api_ = Api::none;
  std::span<const Field> plan_;  // fields to come
  bool preamble_ = false;        // plan_ is of what comes before the prompt
  Field field_ = Field::model;
};

}  // namespace wp::prompt
