// One body's way into the canonical stream: what all APIs share, then the API's own prompt.
#pragma once

#include "dataplane/base/result.h"
#include "dataplane/prompt/body_fields.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/turns.h"
#include "dataplane/prompt/value.h"

namespace wp::prompt {

class BodyWalk {
 public:
  BodyWalk(CanonicalSink& sink, ValueWriter& values, const BodyFields& fields)
      : sink_(sink), values_(values), turns_(sink, values), fields_(fields) {}

  // Writes the whole stream. Errors: repeated_key, bad_field; field() is then the member at fault.
  [[nodiscard]] Result<void> write(Api api);

  [[nodiscard]] Field field() const { return field_; }

 private:
  const simdjson::dom::element* enter(Field field);
  Result<void> write_prologue();
  Result<void> write_tools(Field field, Piece piece);
  Result<void> write_messages();
  Result<void> write_system(Field field);
  Result<void> write_prompt(Field field);
  Result<void> write_input();
  Result<void> write_item(simdjson::dom::object item);

  CanonicalSink& sink_;
  ValueWriter& values_;
  TurnWriter turns_;
  const BodyFields& fields_;
  Field field_ = Field::model;
};

}  // namespace wp::prompt
