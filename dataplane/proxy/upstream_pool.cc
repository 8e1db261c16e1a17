#include "dataplane/proxy/upstream_pool.h"

#include <algorithm>

#include "dataplane/base/assert.h"

namespace wp::proxy {

UpstreamPool::UpstreamPool(const ProxyConfig& config, std::uint32_t max_replicas, stream::PortTable& ports,
                           ProxyCounters& counters)
    : config_(config),
      ports_(ports),
      counters_(counters),
      upstreams_(config.max_upstreams),
      deadlines_(config.max_upstreams),
      idle_(max_replicas) {}

void UpstreamPool::unlink(std::uint32_t index) {
  Upstream& upstream = upstreams_.get(upstreams_.at(index));
  WP_ASSERT(upstream.idle);
  IdleList& list = idle_[upstream.replica.id];
  const auto neighbour = [&](std::uint32_t i) -> Upstream& { return upstreams_.get(upstreams_.at(i)); };
  (upstream.newer == kEnd ? list.newest : neighbour(upstream.newer).older) = upstream.older;
  (upstream.older == kEnd ? list.oldest : neighbour(upstream.older).newer) = upstream.newer;
  --list.size;
  upstream.idle = false;
  upstream.newer = upstream.older = kEnd;
  counters_.upstream_idle.sub();
  counters_.upstream_busy.add();
}

Handle UpstreamPool::reuse(const balance::Replica& replica, Handle exchange) {
  IdleList& list = idle_[replica.ref.id];
  while (list.newest != kEnd) {
    const Handle h = upstreams_.at(list.newest);
    Upstream& upstream = upstreams_.get(h);
    const stream::StreamPort& port = ports_.get(upstream.port);
    const bool same = upstream.replica == replica.ref &&
                      std::ranges::find(replica.endpoints, port.remote()) != replica.endpoints.end();
    if (!same) {
      close(h, Reason::replica_gone);
      continue;
    }
    // The close may have been told in this very turn, after this request was read: do not send into it.
    if (port.failed() || port.peer_closed() || !port.rx().empty()) {
      close(h, port.rx().empty() ? Reason::peer_closed : Reason::unasked_bytes);
      continue;
    }
    unlink(h.index);
    upstream.exchange = exchange;
    ++upstream.requests;
    counters_.upstream_reused.add();
    return h;
  }
  return {};
}

Handle UpstreamPool::open(const balance::Replica& replica, std::size_t endpoint, Handle exchange, Instant now,
                          Duration patience) {
  WP_ASSERT(!replica.endpoints.empty());
  if (upstreams_.full() && !make_room()) return {};
  const stream::PortId port = ports_.connect(replica.endpoints[endpoint % replica.endpoints.size()]);
  if (!port.valid()) return {};
  const Handle h = upstreams_.make();
  Upstream& upstream = upstreams_.get(h);
  upstream.port = port;
  upstream.replica = replica.ref;
  upstream.exchange = exchange;
  upstream.since = now;
  upstream.requests = 1;
  ports_.get(port).set_owner(kUpstreamOwner | h.index);
  arm(h, now + patience);
  counters_.upstream_opened.add();
  counters_.upstream_busy.add();
  return h;
}

// Idle connections must not keep a request from a replica that has none. In turn over the replicas, so that no one of
// them loses all; a scan of the lists, made only while every slot is taken.
bool UpstreamPool::make_room() {
  if (counters_.upstream_idle.value() == 0) return false;
  for (std::size_t seen = 0; seen < idle_.size(); ++seen) {
    room_from_ = (room_from_ + 1) % idle_.size();
    if (idle_[room_from_].oldest == kEnd) continue;
    close(upstreams_.at(idle_[room_from_].oldest), Reason::surplus_idle);
    return true;
  }
  return false;
}

void UpstreamPool::park(Handle h, Instant now, Duration idle) {
  Upstream& upstream = upstreams_.get(h);
  WP_ASSERT(!upstream.idle);
  upstream.exchange = {};
  if (upstream.requests >= config_.requests_per_upstream) return close(h, Reason::surplus_idle);
  IdleList& list = idle_[upstream.replica.id];
  if (list.size >= config_.idle_per_replica) return close(h, Reason::surplus_idle);
  upstream.idle = true;
  upstream.older = list.newest;
  upstream.newer = kEnd;
  if (list.newest != kEnd) upstreams_.get(upstreams_.at(list.newest)).newer = h.index;
  list.newest = h.index;
  if (list.oldest == kEnd) list.oldest = h.index;
  ++list.size;
  counters_.upstream_busy.sub();
  counters_.upstream_idle.add();
  arm(h, now + idle);
}

void UpstreamPool::forget(Handle h) {
  if (upstreams_.get(h).idle) unlink(h.index);
  counters_.upstream_busy.sub();
  deadlines_.disarm(h.index);
  upstreams_.destroy(h);
}

void UpstreamPool::close(Handle h, Reason why) {
  ports_.get(upstreams_.get(h).port).close();
  counters_.reasons.count(why);
  forget(h);
}

void UpstreamPool::abort(Handle h, Reason why) {
  ports_.get(upstreams_.get(h).port).abort(why);
  forget(h);
}

void UpstreamPool::sweep(const balance::Snapshot& snapshot) {
  for (IdleList& list : idle_) {
    std::uint32_t at = list.newest;
    while (at != kEnd) {
      const Handle h = upstreams_.at(at);
      const Upstream& upstream = upstreams_.get(h);
      at = upstream.older;
      if (snapshot.find(upstream.replica) == nullptr) close(h, Reason::replica_gone);
    }
  }
}

void UpstreamPool::close_all_idle(Reason why) {
  for (IdleList& list : idle_) {
    while (list.newest != kEnd) close(upstreams_.at(list.newest), why);
  }
}

bool UpstreamPool::take_due(Instant now, Handle& upstream) {
  std::uint32_t index = 0;
  while (deadlines_.take_due(now, index)) {
    const Handle h = upstreams_.at(index);
    if (!upstreams_.get(h).idle) {
      upstream = h;
      return true;
    }
    close(h, Reason::idle_timeout);
  }
  return false;
}

}  // namespace wp::proxy
