// Whether a session stays with its replica, and if not, why: for counters, no pick depends on it.
#pragma once

#include <cstdint>

#include "dataplane/balance/pick.h"
#include "dataplane/balance/session_table.h"

namespace wp::balance {

// A session in its pool, as SessionTable knows it: the one that was sent, else the derived one. 0: what has no prompt,
// or embeds texts without naming a session, has none.
[[nodiscard]] std::uint64_t session_key(const Pool& pool, const prompt::Features& features);

// What `pick`, which found a replica, means for a session that was at `last` before. Of several causes the first in the
// order of SessionFate counts.
[[nodiscard]] SessionFate session_fate(const PickInput& input, const Pick& pick, const LastReplica& last);

// After a pick and before its charge: remembers where the session is and counts its fate. Nothing where the key is 0.
void note_session(SessionTable& sessions, std::uint64_t key, const PickInput& input, const Pick& pick);

}  // namespace wp::balance
