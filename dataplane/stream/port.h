// A StreamPort is one full-duplex byte stream as both wings see it: two bounded chains, credit, half-close each way,
// abort, and polled events. The application (proxy) holds one side, the transport (net) the other; neither calls the
// other. Each side's calls leave the port on the other side's ready list, so that a turn's work is what is ready, not
// what exists.
//
// Life: made by PortTable::accept (transport) or PortTable::connect (application). The application ends its side with
// close() or abort() and forgets the handle; the transport flushes, lingers or resets, then calls PortTable::destroy.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "dataplane/base/endpoint.h"
#include "dataplane/base/pool.h"
#include "dataplane/base/reasons.h"
#include "dataplane/stream/chain.h"

namespace wp::stream {

class PortTable;
using PortId = Handle;

// What take_events() tells the application. Bits of one byte.
enum PortEvent : std::uint8_t {
  kOpened = 1,      // accepted, or the handshake that connect() asked for is complete
  kReadable = 2,    // rx grew
  kWritable = 4,    // tx shrank as notify_writable() or notify_drained() asked
  kPeerClosed = 8,  // the peer's FIN: nothing follows what is in rx
  kFailed = 16,     // the stream is dead, failure() says why; what is in rx is all there will ever be
};

class StreamPort {
 public:
  StreamPort(PortTable& table, PortId id, NodePool& nodes, std::uint32_t rx_limit, std::uint32_t tx_limit)
      : table_(&table), rx_(nodes, rx_limit), tx_(nodes, tx_limit), id_(id) {}
  StreamPort(const StreamPort&) = delete;
  StreamPort& operator=(const StreamPort&) = delete;

  [[nodiscard]] PortId id() const { return id_; }
  [[nodiscard]] const Endpoint& local() const { return local_; }
  [[nodiscard]] const Endpoint& remote() const { return remote_; }

  // --- the application's side

  // Events since the last call.
  [[nodiscard]] std::uint8_t take_events();
  [[nodiscard]] const Chain& rx() const { return rx_; }
  [[nodiscard]] bool is_open() const { return open_; }
  [[nodiscard]] bool peer_closed() const { return peer_closed_; }
  [[nodiscard]] bool failed() const { return failure_ != Reason::none; }
  [[nodiscard]] Reason failure() const { return failure_; }

  // Frees `n` received bytes; this is what opens the TCP window or re-arms the receive.
  void consume(std::uint32_t n);
  // The application has copied `n` bytes that were received here: for PortTable::copied().
  void count_copied(std::uint32_t n);
  // Takes the first received slice whole.
  [[nodiscard]] Slice pop_rx();

  // Offers memory for what is received next, so that a long body needs no copy: `room` is part of a pool's entry that
  // the application leaves alone meanwhile. The transport may use it for the next bytes, once, when nothing is unread,
  // or deliver to rx as ever; so whoever consumes rx withdraws first, and offers again what is then missing. Without
  // effect while bytes may be on their way into an earlier offer.
  void offer_landing(Slice&& room);
  // Takes the offer back, unless bytes may be on their way into it: then rx stays empty until they are there.
  void withdraw_landing();
  // Bytes that came into the offered memory, at its start, since the last call. They come before those in rx.
  [[nodiscard]] std::uint32_t take_landed() { return std::exchange(landed_, 0); }

  // Queues bytes to send; see Chain for what false means. Credit is advice to the caller, not enforced here.
  [[nodiscard]] bool push(Slice&& slice);
  [[nodiscard]] bool append(Bytes bytes);
  [[nodiscard]] std::uint32_t tx_credit() const { return tx_.credit(); }
  [[nodiscard]] std::uint32_t tx_bytes() const { return tx_.bytes(); }
  // What the transport took of all that was queued since the port was made.
  [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }
  // Asks for one kWritable, once tx has drained to half its limit; at once when nothing is queued.
  void notify_writable() { notify_below(tx_.limit() / 2); }
  // The same, once all that is queued was sent.
  void notify_drained() { notify_below(0); }

  // Half-close: FIN after what is queued. No push or append may follow.
  void finish();
  // Ends this side: sends what is queued, then FIN, reads and drops what the peer still sends (bounded by the
  // transport), then frees the port. The application must not use the port again.
  void close();
  // Ends both directions now: queued bytes are dropped, the peer sees a reset.
  void abort(Reason why);

  // The application's own mark, to find its object again; 0 in a fresh port.
  void set_owner(std::uint64_t owner) { owner_ = owner; }
  [[nodiscard]] std::uint64_t owner() const { return owner_; }

  // --- the transport's side

  [[nodiscard]] const Chain& tx() const { return tx_; }
  [[nodiscard]] std::uint32_t rx_credit() const { return rx_.credit(); }
  [[nodiscard]] bool wants_connect() const { return wants_connect_; }
  [[nodiscard]] bool finishing() const { return finishing_; }  // nothing will be added to what is queued
  [[nodiscard]] bool wants_fin() const { return finishing_ && tx_.empty(); }
  [[nodiscard]] bool closing() const { return closing_; }    // close() was called
  [[nodiscard]] bool aborting() const { return aborting_; }  // abort() was called

  void set_local(const Endpoint& local) { local_ = local; }
  // connect() is under way; the request is not seen again.
  void connect_started() { wants_connect_ = false; }
  void opened();
  // Hands received bytes over. False when the node pool is empty: the transport keeps the slice and counts. Bytes for
  // an application that has closed are dropped.
  [[nodiscard]] bool deliver(Slice&& slice);
  // As deliver(), by copy into the shard's slabs: for a piece too small to pin a receive buffer of its own. False when
  // slabs or nodes are too few.
  [[nodiscard]] bool deliver_copy(Bytes bytes);
  void deliver_fin();
  // Received bytes may go where the application wants them.
  [[nodiscard]] bool can_land() const { return landing_.owns() && !landing_busy_ && landed_ == 0 && rx_.empty(); }
  // An offer was made since the last call: what comes next begins with a head that more such offers will follow, so
  // little should be received before it is read.
  [[nodiscard]] bool take_offered() { return std::exchange(offered_, false); }
  // The offered memory, at most `most` bytes, the transport's until landed().
  [[nodiscard]] std::span<std::byte> begin_landing(std::uint32_t most);
  // The first `n` bytes of it were received; with 0 the offer stands. Bytes for an application that has closed are
  // dropped, as in deliver().
  void landed(std::uint32_t n);
  // The first `n` queued bytes were sent.
  void sent(std::uint32_t n);
  void fail(Reason why);
  // The transport stopped receiving for want of credit: consume() puts the port on its ready list once half of the
  // credit is back.
  void set_rx_paused(bool paused) { rx_paused_ = paused; }
  [[nodiscard]] bool rx_paused() const { return rx_paused_; }

 private:
  friend class PortTable;
  void after_consume();
  void notify_below(std::uint32_t bytes);
  void tell_application(std::uint8_t event);
  void tell_transport();
  void forget_application();

  PortTable* table_;
  Chain rx_;
  Chain tx_;
  Slice landing_;
  std::uint32_t landed_ = 0;
  std::uint64_t owner_ = 0;
  std::uint64_t bytes_sent_ = 0;
  Endpoint local_;
  Endpoint remote_;
  PortId id_;
  std::uint8_t events_ = 0;
  Reason failure_ = Reason::none;
  bool accepted_ = false;
  bool open_ = false;
  bool wants_connect_ = false;
  bool peer_closed_ = false;
  bool finishing_ = false;
  bool closing_ = false;
  bool aborting_ = false;
  bool rx_paused_ = false;
  bool notify_ = false;
  bool landing_busy_ = false;
  bool offered_ = false;
  std::uint32_t notify_below_ = 0;
};

}  // namespace wp::stream
