// What /v1/completions and /v1/embeddings take: a string, tokens, or an array of either.
#pragma once

#include <simdjson.h>

#include "dataplane/base/result.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/value.h"

namespace wp::prompt {

// Writes each prompt as a turn; the question ends with the first one, by which a batch is placed. Objects in the array
// (SGLang's multimodal inputs) are written as parts. Errors: bad_field, also for a token id outside 0..2^31-1.
[[nodiscard]] Result<void> write_prompts(CanonicalSink& sink, ValueWriter& values, simdjson::dom::element prompts);

}  // namespace wp::prompt
