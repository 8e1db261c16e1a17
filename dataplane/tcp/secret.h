// What a peer must not be able to guess, from one key a shard: where a flow lies in the table, the initial sequence
// number (RFC 6528), where its timestamps begin (RFC 7323, section 5.4), and from which port we connect (RFC 6056).
#pragma once

#include "dataplane/base/rng.h"
#include "dataplane/base/time.h"
#include "dataplane/tcp/flow.h"
#include "dataplane/tcp/siphash.h"
#include "dataplane/wire/seq.h"

namespace wp::tcp {

class Secret {
 public:
  // `rng` is seeded from the kernel's entropy by the daemon, from the seed by tests.
  explicit Secret(Rng& rng)
      : table_{rng.next(), rng.next()},
        isn_{rng.next(), rng.next()},
        ts_{rng.next(), rng.next()},
        source_{rng.next(), rng.next()} {}

  [[nodiscard]] std::uint64_t table_hash(const Flow& flow) const;

  // RFC 6528, section 3: "ISN = M + F(localip, localport, remoteip, remoteport, secretkey)", M a 4 microsecond timer.
  [[nodiscard]] wire::SeqNumber initial_sequence(const Flow& flow, Instant now) const;

  // Added to the clock of a connection's timestamps. The same for all connections between two hosts, so that the next
  // one's are later than the last one's, which RFC 6191 looks at.
  [[nodiscard]] std::uint32_t timestamp_offset(const Flow& flow) const;

  // A number to choose a connection's source port by, another one each time that `turn` is.
  [[nodiscard]] std::uint64_t source_port(const Flow& flow, std::uint32_t turn) const;

 private:
  HashKey table_;
  HashKey isn_;
  HashKey ts_;
  HashKey source_;
};

}  // namespace wp::tcp
