// Who may take how much of a shard's receive buffers. Credit bounds one connection; the sum of all credits is many
// times the pool, so that the pool itself must be shared out: idle connections hold a fair share of promises, and what
// is left under pressure goes to those whose application keeps up.
#pragma once

#include <cstdint>

#include "dataplane/stream/port_table.h"

namespace wp::net {

struct ReceiveGrant {
  std::uint32_t bytes = 0;  // may be asked of the kernel now; 0: wait
  bool for_pool = false;    // wait for the pool to recover, not for this application to consume
};

// While more than half of the pool is free: the port's credit, at most its share of a quarter of the pool. Below that
// one buffer at a time; in the last eighth only for a port with nothing unread. A port that was paused for want of
// credit gets nothing before half of it is back.
// Every connection that is granted anything can hold one buffer more than it was meant to: with all of them stalled the
// pool lasts only when it has a few buffers for each.
// `promised`: buffers that were granted and not taken yet, where the transport knows; they are as good as gone.
[[nodiscard]] ReceiveGrant receive_grant(const stream::StreamPort& port, stream::PortTable& ports,
                                         std::uint32_t promised = 0);

// Delivers `piece`, a receive buffer filled from its start. A small piece behind unread ones is copied to where they
// end, so that a peer sending single bytes pins twice what it sent, not a buffer a byte. False, and `piece` untouched,
// when the shard has no list node.
[[nodiscard]] bool deliver_piece(stream::StreamPort& port, stream::PortTable& ports, stream::Slice&& piece);

}  // namespace wp::net
