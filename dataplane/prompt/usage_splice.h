// Where the body of a streamed request can be made to ask for usage, which engines send of a stream only if asked.
#pragma once

#include <string_view>

#include "dataplane/prompt/body_fields.h"
#include "dataplane/prompt/features.h"
#include "dataplane/prompt/scanner.h"

namespace wp::prompt {

// Nothing where there is nothing to do: the API tells usage unasked, the reply is not streamed, or the client has
// stream_options of its own, whatever they say: asking could change what it is sent besides.
[[nodiscard]] UsageSplice find_usage_splice(const Features& features, const BodyFields& fields, const Scanner& body);

}  // namespace wp::prompt
