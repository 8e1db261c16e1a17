// Errors that we answer, in the shape of the API that was called, so that every client library raises its own typed
// error.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/base/reasons.h"
#include "dataplane/http/writer.h"
#include "dataplane/prompt/features.h"

namespace wp::proxy {

struct ErrorReply {
  Reason reason = Reason::none;
  prompt::Api api = prompt::Api::none;  // none is answered in OpenAI's shape
  bool keep_alive = false;
  bool head_request = false;  // no body follows, but its length is said
  bool http10 = false;        // the client speaks HTTP/1.0: keep-alive must be said
  bool retry_after = false;   // 503: say when to come back
};

// Writes the whole reply, head and body.
void write_error(http::Writer& out, const ErrorReply& reply);

}  // namespace wp::proxy
