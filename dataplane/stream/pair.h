// A transport between two ports, for tests and the stream world: what one side sends the other receives, in pieces of
// a size the caller chooses. It plays net for both ends and obeys credit, half-close and abort as net does.
#pragma once

#include <cstdint>

#include "dataplane/stream/port_table.h"

namespace wp::stream {

class StreamPair {
 public:
  // Joins a port made by a.connect() to a new accepted port of `b`. The tables may be the same.
  StreamPair(PortTable& a, PortId a_id, PortTable& b, const Endpoint& client);

  [[nodiscard]] PortId a() const { return a_.id; }
  [[nodiscard]] PortId b() const { return b_.id; }

  // Moves at most `max` bytes each way, then FINs and aborts that are due, and frees ended ports. True when anything
  // happened. `max` of 1 gives byte-by-byte delivery.
  bool pump(std::uint32_t max = UINT32_MAX);

  // Both ends are gone.
  [[nodiscard]] bool done() const { return a_.gone && b_.gone; }

 private:
  struct End {
    PortTable* table;
    PortId id;
    bool fin_sent = false;
    bool gone = false;
  };

  [[nodiscard]] static StreamPort* live(End& end) { return end.gone ? nullptr : end.table->find(end.id); }
  bool carry(End& from, End& to, std::uint32_t max);
  bool carry_fin(End& from, End& to);
  bool end_side(End& end, End& other);

  End a_;
  End b_;
};

}  // namespace wp::stream
