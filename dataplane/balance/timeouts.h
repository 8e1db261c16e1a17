// How long a request's two sides may take. Part of the Snapshot, so that a reload changes them for what begins after
// it; what has begun keeps the times it copied.
#pragma once

#include "dataplane/base/time.h"

namespace wp::balance {

// Of a pool's replicas.
struct UpstreamTimeouts {
  Duration connect = seconds(5);       // a handshake
  Duration first_byte = seconds(600);  // from the request sent to the first byte of the reply's body
  Duration progress = seconds(120);    // between two pieces of a reply's body
  // An idle pooled connection. Below the 5 s after which uvicorn (vLLM, SGLang) and llama.cpp close theirs.
  Duration idle = seconds(4);

  friend bool operator==(const UpstreamTimeouts&, const UpstreamTimeouts&) = default;
};

// Of clients.
struct ClientTimeouts {
  Duration head = seconds(10);        // a request's head, from its first byte
  Duration body = seconds(30);        // between two pieces of a request's body
  Duration keep_alive = seconds(75);  // an idle connection
  Duration progress = seconds(120);   // one that takes nothing of a queued reply

  friend bool operator==(const ClientTimeouts&, const ClientTimeouts&) = default;
};

}  // namespace wp::balance
