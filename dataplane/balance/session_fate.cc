#include "dataplane/balance/session_fate.h"

#include <algorithm>

#include "dataplane/balance/strategy.h"
#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

// Null where it is no more.
const Replica* find_last(const Snapshot& snapshot, const LastReplica& last) {
  if (last.id >= snapshot.by_id.size()) return nullptr;
  const std::uint16_t index = snapshot.by_id[last.id];
  if (index == kNoReplica || !last.is(snapshot.replicas[index].ref)) return nullptr;
  return &snapshot.replicas[index];
}

}  // namespace

std::uint64_t session_key(const Pool& pool, const prompt::Features& features) {
  if (features.api == prompt::Api::none) return 0;
  std::uint64_t session = features.session;
  if (session == 0 && features.api != prompt::Api::embeddings) session = features.derived_session;
  return session == 0 ? 0 : std::max<std::uint64_t>(1, session ^ mix64(pool.id));
}

SessionFate session_fate(const PickInput& input, const Pick& pick, const LastReplica& last) {
  if (!last.known) return SessionFate::first;
  if (last.is(pick.replica->ref)) return SessionFate::kept;
  const auto tried = [&last](ReplicaRef ref) { return last.is(ref); };
  if (std::ranges::any_of(input.excluded, tried)) return SessionFate::failed;
  const Replica* replica = find_last(input.snapshot, last);
  if (replica == nullptr) return SessionFate::left;
  const auto index = static_cast<std::uint16_t>(replica - input.snapshot.replicas.data());
  if (!input.pool.is_pickable(index)) return SessionFate::unavailable;
  if (!within_bounds(input, *replica, input.accounts.total(input.pool.id))) return SessionFate::over_bound;
  const bool ring = pick.decision == Reason::session || pick.decision == Reason::prefix;
  return ring ? SessionFate::ring : SessionFate::choice;
}

void note_session(SessionTable& sessions, std::uint64_t key, const PickInput& input, const Pick& pick) {
  if (key == 0) return;
  WP_ASSERT(pick.replica != nullptr);
  const LastReplica last = sessions.move(key, pick.replica->ref, input.now);
  sessions.count(input.pool.id, session_fate(input, pick, last));
}

}  // namespace wp::balance
