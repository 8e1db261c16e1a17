// Connections that the application has closed and that still send or linger: until when they may, and who is let go
// first when the shard needs what they hold.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/deadlines.h"
#include "dataplane/base/ready_list.h"
#include "dataplane/net/transport.h"
#include "dataplane/stream/port_table.h"

namespace wp::net {

class Closing {
 public:
  // `ports`: indices are below it.
  Closing(const NetConfig& config, std::uint32_t ports) : config_(config), due_(ports), by_age_(ports), since_(ports) {}

  // The application has closed: from now on sending what is queued must make progress.
  void begin(std::uint32_t index, Instant now) {
    since_[index] = now;
    by_age_.push(index);
    progress(index, now);
  }
  [[nodiscard]] bool begun(std::uint32_t index) const { return by_age_.contains(index); }
  // Something was sent. A peer that takes a byte now and then does not hold its buffers for ever.
  void progress(std::uint32_t index, Instant now) {
    due_.arm(index, earlier(now + config_.drain, since_[index] + config_.drain_most));
  }
  // Our FIN is out and the peer's is awaited.
  void linger(std::uint32_t index, Instant now) { due_.arm(index, now + config_.linger); }
  void forget(std::uint32_t index) {
    due_.disarm(index);
    by_age_.remove(index);
  }

  [[nodiscard]] Instant next() const { return due_.next(); }
  // One whose time is over, as Deadlines::take_due.
  [[nodiscard]] bool take_due(Instant now, std::uint32_t& index) { return due_.take_due(now, index); }
  // The oldest, if it has had its time and the shard needs what it holds. `coming`: ports that were ended already and
  // are only not free yet.
  [[nodiscard]] bool oldest_in_a_crowd(Instant now, stream::PortTable& ports, std::uint32_t coming,
                                       std::uint32_t& index) const {
    return by_age_.front(index) && since_[index] + config_.shed_after <= now && crowded(ports, coming);
  }

 private:
  [[nodiscard]] static bool crowded(stream::PortTable& ports, std::uint32_t coming) {
    return ports.capacity() - ports.live() + coming <= ports.capacity() / 8 || ports.slabs().below_low_mark() ||
           ports.nodes().available() <= ports.limits().nodes / 8;
  }

  const NetConfig config_;
  Deadlines due_;
  ReadyList by_age_;
  std::vector<Instant> since_;
};

}  // namespace wp::net
