// What /v1/completions and /v1/embeddings take: a string, tokens, or an array of either.
#pragma once

#include "dataplane/base/result.h"
#include "dataplane/prompt/agenda.h"
#include "dataplane/prompt/budget.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/value.h"

namespace wp::prompt {

class PromptWriter {
 public:
  PromptWriter(CanonicalSink& sink, Agenda& agenda, ValueWriter& values)
      : sink_(sink), agenda_(agenda), values_(values) {}

  // Writes each prompt as a turn; the question ends with the first one, by which a batch is placed. Objects in the
  // array (SGLang's multimodal inputs) are written as parts. Errors: bad_field, also for a token id outside 0..2^31-1.
  [[nodiscard]] Result<void> write(Value prompts);

  // Goes on with the agenda's top, which is one of prompts and tokens.
  [[nodiscard]] Result<void> go_on(Budget& budget);

 private:
  void write_text(std::string_view text);
  void begin_tokens(Value tokens);
  [[nodiscard]] Result<void> write_tokens(Budget& budget);
  [[nodiscard]] Result<void> write_entry(Value entry);

  CanonicalSink& sink_;
  Agenda& agenda_;
  ValueWriter& values_;
};

}  // namespace wp::prompt
