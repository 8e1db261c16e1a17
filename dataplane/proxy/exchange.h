// One request and its reply, from the pick of a replica to the last byte. Owned by its client connection; it names the
// connections and the request by handles, and no pointer into a Snapshot outlives the turn.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "dataplane/balance/accounts.h"
#include "dataplane/balance/prefill_times.h"
#include "dataplane/balance/timeouts.h"
#include "dataplane/base/access_record.h"
#include "dataplane/base/pool.h"
#include "dataplane/base/reasons.h"
#include "dataplane/base/time.h"
#include "dataplane/http/body_reader.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/http/sse_scanner.h"
#include "dataplane/prompt/features.h"
#include "dataplane/proxy/reply_usage.h"
#include "dataplane/proxy/usage_cut.h"
#include "dataplane/stream/slice.h"

namespace wp::proxy {

inline constexpr std::uint32_t kMaxAttempts = 4;

struct Exchange {
  Handle client;
  Handle request;   // kept for a retry until the reply begins
  Handle upstream;  // invalid between attempts
  balance::Charge charge;
  balance::UpstreamTimeouts timeouts;  // of the pool, when the replica was picked

  // What the client asked, copied because the request is let go when the reply begins.
  prompt::Api api = prompt::Api::none;
  http::Method method = http::Method::get;
  bool http10 = false;
  bool keep_alive = true;
  std::uint64_t canonical_bytes = 0;   // of the prompt
  std::uint64_t last_rung = 0;         // hash of its ladder's last; 0: it has none
  std::uint32_t estimated_tokens = 0;  // of it, as charged at the last pick
  std::uint32_t expected_cached = 0;   // of these, and by how old an entry (balance::Pick)
  std::uint32_t expected_age = 0;
  std::uint32_t known_cached = 0;
  std::uint64_t note = 0;  // its number in the PromptTap, at the last pick; 0: none

  // Attempts.
  std::array<balance::ReplicaRef, kMaxAttempts> failed{};  // replicas not to be tried again
  std::uint32_t failures = 0;
  Reason decision = Reason::none;
  bool on_reused = false;    // this attempt went out on a pooled connection
  bool stale_retry = false;  // the one retry that a stale pooled connection is owed was used
  bool usage_asked = false;  // for the reply's usage, which the client did not
  std::uint32_t endpoint = 0;

  // The reply.
  Handle reply_head;  // while its head is being read
  http::BodyReader body;
  http::SseScanner events;
  ReplyUsage usage;
  UsageCut cut;
  http::Framing framing = http::Framing::none;  // towards the client
  std::uint16_t status = 0;
  std::uint8_t interims = 0;
  bool replying = false;  // the head went to the client: nothing can be retried any more
  bool upstream_reusable = false;
  bool unasked_bytes = false;  // more came than the reply
  bool event_stream = false;
  bool first_byte_seen = false;
  bool blocked = false;  // the client takes no more for now

  balance::Prefill prefill;       // of this attempt, once its first token came
  Instant received;               // the whole request was in
  Instant sent;                   // it was queued towards the replica, last time
  Instant piece;                  // the last piece of the reply's body was handed on, once there was one
  std::uint64_t client_took = 0;  // of everything sent on the client's connection, when it was last blocked

  AccessRecord record;  // of its texts, features and beginning only what an access log wants
};

// A reply head being read.
struct ReplyIntake {
  ReplyIntake(const http::HeadLimits& limits, stream::Slice&& slab) : reader(limits), text(std::move(slab)) {}

  http::ReplyHeadReader reader;
  stream::Slice text;
};

}  // namespace wp::proxy
