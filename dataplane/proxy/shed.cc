// Making room: when a pool is nearly used up, the peers that get on least are let go before anybody is refused. First
// who has sent nothing, then half a head, kept-alive connections, replies that lie unread behind their last byte,
// bodies without progress, and last who does not read a reply that a replica is still working on. By a reset, which
// gives back at once all that they hold; but a kept-alive connection is closed in order, for its last reply may be on
// its way still. Only where the transport has hardly a buffer left to receive replies into, also who sent a next
// request ahead of its reply: all of them together could hold every buffer and wait for what no buffer is left for.
#include "dataplane/base/assert.h"
#include "dataplane/proxy/proxy.h"

namespace wp::proxy {
namespace {

Reason reason_of(Wait what) {
  switch (what) {
    case Wait::silent: return Reason::shed_silent;
    case Wait::head: return Reason::shed_head;
    case Wait::idle: return Reason::shed_idle;
    case Wait::body: return Reason::shed_body;
    case Wait::unread:
    case Wait::reader: return Reason::shed_reader;
    case Wait::ahead: return Reason::shed_ahead;
    case Wait::slot:
    case Wait::slab0:
    case Wait::slab1:
    case Wait::slab2:
    case Wait::slab3:  // they wait for us
    case Wait::none: break;
  }
  WP_ASSERT(false);
  return Reason::none;
}

constexpr int kShedPerTurn = 64;
// What was shed gives its buffers back when the transport has let go of them, a turn or two later.
constexpr Duration kShedPause = millis(1);

}  // namespace

void Proxy::shed(Handle h, Wait what) {
  const Reason why = reason_of(what);
  if (what == Wait::idle) return close_client(h, why);
  if (const Handle e = clients_.get(h).exchange; e.valid()) cancel(e, why);
  abort_client(h, why);
}

bool Proxy::shed_oldest(Wait what) {
  Duration patience = config_.shed_slow_after;
  if (what == Wait::idle) patience = {};
  if (what == Wait::silent || what == Wait::head) patience = config_.shed_head_after;
  std::uint32_t index = 0;
  if (!waits_.oldest(what, now_ - patience, index)) return false;
  shed(clients_.at(index), what);
  return true;
}

bool Proxy::shed_for_client() {
  for (const Wait what : {Wait::silent, Wait::head, Wait::idle, Wait::unread, Wait::body, Wait::reader}) {
    if (shed_oldest(what)) return true;
  }
  return false;
}

// Somebody slow that holds a slab of this size. Large ones are few, so that a short look at the list must do.
bool Proxy::shed_for_body(const stream::SlicePool& slabs) {
  constexpr int kLooks = 64;
  const Instant before = now_ - config_.shed_slow_after;
  std::uint32_t index = 0;
  bool more = waits_.oldest(Wait::body, before, index);
  for (int i = 0; i < kLooks && more; ++i, more = waits_.next(before, index)) {
    const Handle h = clients_.at(index);
    if (intake_.get(clients_.get(h).request).body.pool() != &slabs) continue;
    shed(h, Wait::body);
    return true;
  }
  return false;
}

void Proxy::relieve() {
  relieve_clients();
  const std::uint32_t slots = config_.head_slabs;
  const std::uint32_t wanted = slots / 8 + waits_.size(Wait::slot);
  for (int i = 0; i < kShedPerTurn && slots - intake_.held() <= wanted && shed_for_head(); ++i) continue;
  relieve_bodies();
  relieve_buffers();
  ports_.admission().look(stream::PoolName::heads, slots - intake_.held(), slots);
}

// Only accepting takes of these, and it pauses when none is left: a newcomer must find one free, for nobody else would
// make it room.
void Proxy::relieve_clients() {
  const std::uint32_t most = ports_.limits().accepted;
  for (int i = 0; i < kShedPerTurn && most - ports_.accepted() <= most / 16 && shed_for_client(); ++i) continue;
  ports_.admission().set(stream::PoolName::clients, ports_.accepted() >= most);
}

void Proxy::relieve_bodies() {
  const stream::BodySlabs& bodies = intake_.bodies();
  std::uint32_t free = 0;
  std::uint32_t entries = 0;
  for (std::size_t i = 0; i < stream::BodySlabs::kClasses; ++i) {
    const stream::SlicePool& slabs = bodies.of_class(i);
    const std::uint32_t wanted = slabs.entries() / 16 + waits_.size(wait_for_slab(i));
    // A slab that the transport receives into comes back a turn later, and is not to be asked for twice.
    std::uint32_t coming = 0;
    for (int n = 0; n < kShedPerTurn && slabs.free() + coming <= wanted; ++n) {
      const std::uint32_t before = slabs.free();
      if (!shed_for_body(slabs)) break;
      if (slabs.free() == before) ++coming;
    }
    free += slabs.free();
    entries += slabs.entries();
  }
  ports_.admission().look(stream::PoolName::bodies, free, entries);
}

void Proxy::relieve_buffers() {
  const stream::SlicePool& slabs = ports_.slabs();
  const stream::SlicePool& receive = ports_.receive_pool();
  const std::uint32_t receivable = receive.free() + receive.lent();
  const bool scarce = slabs.below_low_mark() || ports_.nodes().available() <= ports_.limits().nodes / 8 ||
                      receivable <= receive.entries() / 8;
  if (!scarce || now_ < shed_again_) return;
  shed_again_ = now_ + kShedPause;
  const bool nearly_none = receivable <= receive.entries() / 16;
  for (int i = 0; i < kShedPerTurn / 2; ++i) {
    if (shed_oldest(Wait::unread) || shed_oldest(Wait::reader)) continue;
    if (!nearly_none || !shed_oldest(Wait::ahead)) return;
  }
}

void Proxy::note_pools() {
  gauges_.note(PoolGauges::ports, ports_.live());
  gauges_.note(PoolGauges::nodes, ports_.limits().nodes - ports_.nodes().available());
  gauges_.note(PoolGauges::receive, ports_.receive_pool().held());
  gauges_.note(PoolGauges::slabs, ports_.slabs().held());
  gauges_.note(PoolGauges::heads, intake_.held());
  gauges_.note(PoolGauges::reply_heads, relay_.heads());
  for (std::size_t i = 0; i < stream::BodySlabs::kClasses; ++i) {
    gauges_.note(PoolGauges::bodies + i, intake_.bodies().of_class(i).held());
  }
  gauges_.note(PoolGauges::clients, clients_.live());
  gauges_.note(PoolGauges::requests, exchanges_.live());
  gauges_.note(PoolGauges::upstreams, upstreams_.live());
}

}  // namespace wp::proxy
