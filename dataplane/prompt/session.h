// Whose conversation this is, by what the caller says: a header, else the first present of the body's fields.
#pragma once

#include <cstdint>

#include "dataplane/base/result.h"
#include "dataplane/prompt/body_fields.h"
#include "dataplane/prompt/features.h"

namespace wp::prompt {

struct Session {
  std::uint64_t hash = 0;  // 0: none
  SessionSource source = SessionSource::none;
};

// H(seed = H(seed = key, credential), id), H being keyed_hash: a caller cannot name another's session, and no pair of
// credential and id can be read as another pair.
[[nodiscard]] std::uint64_t session_hash(std::uint64_t key, std::string_view credential, std::string_view id);

// From the headers alone. An empty value is an absent one, here and below.
[[nodiscard]] Session header_session(std::uint64_t key, const HeaderHints& hints);

// From the headers, else from prompt_cache_key, conversation (a string or an object with an id), session_id, user and,
// of /v1/messages, metadata.user_id, in this order. An integer counts as its decimal digits. Errors: bad_field,
// repeated_key; `culprit` is then the member at fault.
[[nodiscard]] Result<Session> find_session(std::uint64_t key, const HeaderHints& hints, Api api,
                                           const BodyFields& fields, Field& culprit);

}  // namespace wp::prompt
