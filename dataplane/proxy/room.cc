// Requests that wait for room: for a slot to be read into, or a slab for their body. Who holds it may be slow without
// being known for it yet; so they wait as long as that takes to show, in the order of their coming, and are refused
// only when nobody slow held what they needed.
#include "dataplane/proxy/proxy.h"

namespace wp::proxy {

void Proxy::wait_for_room(Handle h, Reason lack) {
  waits_.enter(h.index, lack == Reason::no_head_slab ? Wait::slot : Wait::slab, now_);
  arm_client(h, now_ + config_.shed_slow_after + kLookAgain);
}

bool Proxy::waits_for_room(Handle h) const {
  const Wait what = waits_.of(h.index);
  return what == Wait::slot || what == Wait::slab;
}

// Its time is over, and so nobody who could have been let go had what it needs.
void Proxy::refuse_for_room(Handle h) {
  refuse(h, waits_.of(h.index) == Wait::slot ? Reason::no_head_slab : Reason::no_body_slab, false);
}

void Proxy::read_waiting(Handle h) {
  const Instant began = waits_.since(h.index);
  waits_.leave(h.index);
  counters_.room_wait.record(now_ - began);
  read_request(h, began);
  const Client* client = clients_.find(h);
  if (client == nullptr || !client->exchange.valid()) return;
  // A FIN that came during the wait found nothing to cancel, and is not told of again.
  const stream::StreamPort& port = ports_.get(client->port);
  if (port.peer_closed() && port.rx().empty()) ports_.requeue_for_application(client->port);
}

void Proxy::serve_waiting() {
  std::uint32_t index = 0;
  while (intake_.held() < config_.head_slabs && waits_.oldest(Wait::slot, now_, index)) {
    read_waiting(clients_.at(index));
  }
  // Slabs differ in size, so whoever waits behind one that waits for a large slab may have his turn first.
  constexpr int kLooks = 64;
  bool more = waits_.oldest(Wait::slab, now_, index);
  for (int i = 0; i < kLooks && more; ++i) {
    const Handle h = clients_.at(index);
    const std::uint32_t bytes = intake_.get(clients_.get(h).request).room_wanted;
    more = waits_.next(now_, index);
    if (!intake_.bodies().has_room(bytes)) continue;
    read_waiting(h);
  }
}

}  // namespace wp::proxy
