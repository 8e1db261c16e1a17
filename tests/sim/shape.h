// What kind of world a seed draws. Probabilities are per request unless said otherwise.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/balance/snapshot.h"
#include "dataplane/base/rng.h"
#include "tests/sim/sim_net.h"

namespace wp::sim {

struct Shape {
  std::uint32_t replicas = 2;
  std::uint32_t clients = 4;
  std::uint32_t requests_per_client = 6;
  std::uint32_t max_pipeline = 1;    // requests a client has outstanding
  std::uint32_t max_prompt = 4000;   // bytes of a request's text
  std::uint32_t max_reply = 20'000;  // bytes of a reply's body
  balance::Strategy strategy = balance::Strategy::prefix;
  NetShape net;
  bool small_pools = false;   // buffers so few that the shard must stall and shed
  bool slow_readers = false;  // clients take a few hundred bytes a turn
  bool changes = false;       // replicas join, leave and drain meanwhile
  std::uint32_t slow = 0;     // peers besides that hold what they can, of every kind; pools then have little more than
                              // what the clients need by themselves
  bool calm = false;          // with them and nothing else that may go wrong: every client must be served

  // Faults of replicas.
  double close_before_reply = 0;  // takes the request, says nothing, closes
  double reset_mid_reply = 0;
  double truncate = 0;           // closes in order, too early
  double garbage = 0;            // a reply that is no HTTP
  double close_after_reply = 0;  // closes the connection a moment later, unannounced
  double down = 0;               // per replica: refuses connections for a while
  double silent = 0;             // takes the request and never answers: the shard's time for a first byte is short then
  double chatter = 0;            // bytes that nobody asked for, on a connection that may be idle
  // Faults of clients.
  double leave_early = 0;
  double half_close = 0;  // ends its own side and reads on
  // Ways of asking that are no faults.
  double http10 = 0;         // per client
  double head_requests = 0;  // HEAD on a path that is passed on

  // Nothing of the above can make a request fail.
  [[nodiscard]] bool clean() const;
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] Shape draw_shape(Rng& rng);

}  // namespace wp::sim
