// Whose conversation this is, by what the caller says: a header, else the first present of the body's fields.
#pragma once

#include <cstdint>
#include <span>

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

// What is left of a session when the headers are gone: theirs, and what body fields are hashed with.
struct SessionSeed {
  Session from_header;
  std::uint64_t seed = 0;
};
[[nodiscard]] SessionSeed session_seed(std::uint64_t key, const HeaderHints& hints);

// From the headers, else from the first of `order` that is present. An integer counts as its decimal digits. Errors:
// bad_field, repeated_key; `culprit` is then the member at fault.
[[nodiscard]] Result<Session> find_session(const SessionSeed& seed, std::span<const SessionField> order, Api api,
                                           const BodyFields& fields, Field& culprit);

}  // namespace wp::prompt
