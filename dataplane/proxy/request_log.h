// What a shard notes of its requests: how long each was in its hands, and the record of each that ended.
//
// Own time of a request is the sum of the durations of those turns of the shard's loop that moved it: in which its
// connection had bytes, credit or a deadline to serve, or its replica's had. A turn lasts from the moment the wait for
// the kernel returned to the end of Transport::flush. So everything is in it that the shard did meanwhile, for other
// requests too, for that is time the request was held; bytes that wait in the kernel until the loop comes round are
// not, nor is the system call that hands over what an io_uring flush has queued. Two moments of clock reading a turn,
// one list entry a connection and turn.
//
// A turn's duration is known when it is over: whatever ended in it waits for that, and is then shown all at once.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/access_record.h"
#include "dataplane/base/record_ring.h"
#include "dataplane/base/time.h"
#include "dataplane/proxy/counters.h"

namespace wp::proxy {

using AccessRing = RecordRing<AccessRecord>;

// Connections of clients are named by their index: one request at a time on each.
class RequestLog {
 public:
  RequestLog(std::uint32_t max_clients, ProxyCounters& counters);

  // Where records go; the ring outlives the log. Without one, or when it is not open, there is own time only.
  void write_to(AccessRing& ring) { ring_ = &ring; }
  [[nodiscard]] bool writes() const { return ring_ != nullptr && ring_->is_open(); }

  // The client's next request begins: what was done on the connection before is not its.
  void begin(std::uint32_t client) { spent_[client].own = {}; }
  // This turn moves the client's request.
  void touch(std::uint32_t client);
  // The client's request is over. Its own time is added to the record when the turn is.
  void end(std::uint32_t client, const AccessRecord& record);
  void turn_ended(Duration took);

 private:
  struct Spent {
    Duration own;
    bool touched = false;  // in this turn, and so in touched_
  };
  struct Ended {
    Duration own;
    AccessRecord* record;  // nullptr: dropped, or not wanted
  };

  ProxyCounters& counters_;
  AccessRing* ring_ = nullptr;
  std::vector<Spent> spent_;  // by client
  std::vector<std::uint32_t> touched_;
  std::vector<Ended> ended_;
};

}  // namespace wp::proxy
