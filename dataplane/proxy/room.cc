// Requests that wait for room: for a slot to be read into, or a slab for their body. Who holds it may be slow without
// being known for it yet; so they wait as long as that takes to show, in the order of their coming, and are refused
// only when nobody slow held what they needed.
#include <algorithm>

#include "dataplane/proxy/proxy.h"

namespace wp::proxy {

void Proxy::wait_for_room(Handle h, Reason lack) {
  Wait what = Wait::slot;
  std::uint32_t places = config_.head_slabs;
  if (lack == Reason::no_body_slab) {
    const stream::BodySlabs& bodies = intake_.bodies();
    const std::size_t size_class = bodies.class_of(intake_.get(clients_.get(h).request).room_wanted);
    what = wait_for_slab(size_class);
    places = bodies.of_class(size_class).entries();
  }
  // Those before it may be slow as well, and take all the places that the first ones leave, for as long again.
  const std::uint32_t rounds = 1 + waits_.size(what) / std::max(places, 1U);
  const Duration round = config_.shed_slow_after + kLookAgain;
  waits_.enter(h.index, what, now_);
  arm_client(h, now_ + std::clamp(round * rounds, round, std::max(round, snapshot_->client.head)));
}

bool Proxy::waits_for_room(Handle h) const {
  return waits_.of(h.index) >= Wait::slot;
}

// Its time is over, and so nobody who could have been let go had what it needs.
void Proxy::refuse_for_room(Handle h) {
  refuse(h, waits_.of(h.index) == Wait::slot ? Reason::no_head_slab : Reason::no_body_slab, false);
}

// The smallest class of slabs that somebody waits for: these and larger ones are not a newcomer's.
std::size_t Proxy::awaited_slabs() const {
  std::size_t size_class = 0;
  while (size_class < stream::BodySlabs::kClasses && waits_.empty(wait_for_slab(size_class))) ++size_class;
  return size_class;
}

bool Proxy::someone_waits_for_room() const {
  return !waits_.empty(Wait::slot) || awaited_slabs() < stream::BodySlabs::kClasses;
}

// Who has waited longest for a slab, where one of `size_class` would do.
bool Proxy::next_for_slab(std::size_t size_class, std::uint32_t& client) const {
  bool found = false;
  for (std::size_t wanted = 0; wanted <= size_class; ++wanted) {
    std::uint32_t other = 0;
    if (!waits_.oldest(wait_for_slab(wanted), now_, other)) continue;
    if (!found || waits_.since(other) < waits_.since(client)) client = other;
    found = true;
  }
  return found;
}

void Proxy::read_waiting(Handle h, std::size_t slabs_below) {
  const Instant began = waits_.since(h.index);
  waits_.leave(h.index);
  counters_.room_wait.record(now_ - began);
  read_request(h, began, slabs_below);
}

// From the smallest class up, so that nobody takes a larger slab than he must. Each turn of a loop takes what it is
// about, or ends somebody's waiting.
void Proxy::serve_waiting() {
  std::uint32_t index = 0;
  while (intake_.held() < config_.head_slabs && waits_.oldest(Wait::slot, now_, index)) {
    read_waiting(clients_.at(index), awaited_slabs());
  }
  constexpr std::size_t kClasses = stream::BodySlabs::kClasses;
  for (std::size_t i = 0; i < kClasses; ++i) {
    const stream::SlicePool& slabs = intake_.bodies().of_class(i);
    while (slabs.free() > 0 && next_for_slab(i, index)) read_waiting(clients_.at(index), kClasses);
  }
}

}  // namespace wp::proxy
