// What an operator may set of the request path. Values are copied at start; what can change at run time,
// timeouts among it, is in the Snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/http/head.h"
#include "dataplane/prompt/features.h"
#include "dataplane/stream/body_slabs.h"

namespace wp::proxy {

struct ProxyConfig {
  http::HeadLimits head;
  stream::BodyLimits body;
  std::uint32_t max_clients = 8'192;   // client connections a shard
  std::uint32_t max_requests = 8'192;  // requests in flight a shard
  // Client connections a shard of one source, an IPv4 address or an IPv6 /64; 0: no limit. Behind a TLS terminator all
  // connections have one source.
  std::uint32_t max_per_source = 0;
  // Bytes a second. Timeouts between two pieces alone would let a peer hold its memory for ever with a byte each time.
  std::uint32_t body_min_rate = 512;    // of a request's body, after the first ClientTimeouts::body; 0: none
  std::uint32_t client_min_rate = 128;  // a client's reading, over ClientTimeouts::progress of a full queue; 0: none
  // When room is needed, a connection is let go only if it has been waited for so long: for its first byte or its head,
  // for its body or its reading. Kept-alive connections without a request have no such time.
  Duration shed_head_after = millis(100);
  Duration shed_slow_after = millis(500);
  std::uint32_t max_upstreams = 8'192;              // connections to replicas a shard
  std::uint32_t head_slabs = 2'048;                 // requests whose head is being read or is kept for a retry
  std::uint32_t idle_per_replica = 256;             // pooled connections a replica and shard
  std::uint32_t requests_per_upstream = 1'000'000;  // then the connection is closed
  std::uint32_t attempts = 3;                       // replicas tried for a request that none has begun to answer
  std::uint32_t access_records = 0;  // records of ended requests that wait to be written; 0: no access log
  bool decision_headers = false;     // x-warmpath-decision, -replica and -pool on replies
  // Paths besides the APIs that are passed on, to a least-loaded replica; a prefix ends at a '/' or the path's end.
  std::vector<std::string> pass_paths = {"/v1/", "/tokenize", "/detokenize"};
  // Under it the shard answers /live and /ready itself; without a '/' at its end. Empty: it does not.
  std::string probe_prefix;
  // Headers that may carry the session key, in order of precedence, in lower case.
  std::vector<std::string> session_headers{prompt::kSessionHeaders.begin(), prompt::kSessionHeaders.end()};
  // Members of a body that may, behind the headers.
  std::vector<prompt::SessionField> session_fields = prompt::ExtractLimits{}.session_fields;
  std::uint64_t hash_key = 0;  // keys the session and prefix hashes; the same on nodes that must agree
  std::uint64_t seed = 1;      // of the shard's generator
};

}  // namespace wp::proxy
