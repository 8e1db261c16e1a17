// What the transport knows about one port. It lives at the port's own index and never outlives it: a port is destroyed
// only after the last completion of its socket, because queued bytes and buffers belong to the kernel until then.
#pragma once

#include <cstdint>

#include "dataplane/base/reasons.h"
#include "dataplane/net/kernel/held.h"
#include "dataplane/net/kernel/uring.h"
#include "dataplane/stream/port_table.h"

namespace wp::net {

enum class Stage : std::uint8_t {
  vacant,  // no socket yet
  connecting,
  open,
  ending,  // operations are being cancelled, then the socket is closed
  ended,   // no socket any more; the application has not ended its side
};

struct Conn {
  stream::PortId id;
  int fd = -1;
  std::uint32_t linger_left = 0;  // bytes still read and dropped for a closing port
  std::uint32_t promised = 0;     // buffers that the receive in flight was granted and may still take
  HeldPieces::Queue held;
  Stage stage = Stage::vacant;
  Reason broken = Reason::none;  // sending failed; told once what had arrived before is delivered
  std::uint8_t pending = 0;      // operations in flight, a bit an Op
  bool more_to_read = false;     // the last receive left bytes in the socket
  bool landing = false;          // the receive in flight goes to memory of the application's
  bool bundled = false;          // the receive in flight may fill several buffers at a time
  bool accepted = false;         // by us; else we connected
  bool cancelling = false;       // a cancel is in flight
  bool closing = false;          // the port's close() was seen
  bool lingering = false;        // our FIN is out and the peer's is awaited, with a deadline
  bool fin_sent = false;
  bool peer_fin = false;

  [[nodiscard]] bool has(Op op) const { return (pending & bit(op)) != 0; }
  void begin(Op op) { pending |= bit(op); }
  void settle(Op op) { pending &= static_cast<std::uint8_t>(~bit(op)); }
  [[nodiscard]] Leg leg() const {
    return stage == Stage::connecting ? Leg::connecting : (accepted ? Leg::accepted : Leg::connected);
  }

 private:
  [[nodiscard]] static std::uint8_t bit(Op op) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(op)); }
};

}  // namespace wp::net
