// net/kernel: the kernel's TCP through io_uring. One ring a shard, one io_uring_enter a turn: what flush() prepares is
// submitted by the next enter(), which also brings what has completed.
//
// Threads: create() and listen() may run elsewhere before the first enter(), which binds the object to its caller's
// thread. From then on everything but wake() and the counters is that thread's. Destroy it there or after it ended.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/ready_list.h"
#include "dataplane/net/closing.h"
#include "dataplane/net/kernel/buffer_ring.h"
#include "dataplane/net/kernel/conn.h"
#include "dataplane/net/kernel/held.h"
#include "dataplane/net/kernel/uring.h"
#include "dataplane/net/transport.h"

namespace wp::net {

// What the kernel offers may be left unused, to test the ways of older kernels on newer ones.
struct KernelFeatures {
  bool limit_receives = true;  // else every receive is for one buffer
};

class KernelNet {
 public:
  // The ports must outlive the net. The error is one line that says what refused io_uring.
  [[nodiscard]] static std::expected<std::unique_ptr<KernelNet>, std::string> create(const NetConfig& config,
                                                                                     stream::PortTable& ports,
                                                                                     KernelFeatures features = {});
  KernelNet(const KernelNet&) = delete;
  KernelNet& operator=(const KernelNet&) = delete;
  // Cancels everything, closes all sockets (resetting what is open) and returns all lent buffers. Ports stay.
  ~KernelNet();

  // Accepts on `at` from the next enter() on; port 0 lets the kernel choose. Returns where it listens.
  [[nodiscard]] std::expected<Endpoint, std::string> listen(const Endpoint& at);
  // Closes all listeners; connections stay.
  void stop_listening();

  // Ends a sleeping enter(). Any thread, also a signal handler.
  void wake() noexcept;

  void enter(Duration wait);
  void receive(Instant now);
  void flush(Instant now);
  [[nodiscard]] Instant next_deadline() const;

  [[nodiscard]] const NetCounters& counters() const { return counters_; }

 private:
  struct Listener {
    int fd;
    Endpoint bound;
    bool armed = false;
    bool cancelling = false;
    bool closing = false;
  };
  // Accepted while the table was full or being filled: gets its port when there is room.
  struct Waiting {
    int fd;
    std::uint32_t listener;
  };

  KernelNet(const NetConfig& config, stream::PortTable& ports, KernelFeatures features);

  // kernel_net.cc
  void start();
  void arm_wake();
  void dispatch(const Completion& completion);
  void service(stream::PortId id);
  void pump(Conn& conn, stream::StreamPort& port);
  io_uring_sqe& prepare(Conn& conn, Op op);

  // accept.cc
  void arm_listeners();
  void pause_accepting();
  void close_listener(Listener& listener);
  void on_accept(const Completion& completion);
  void adopt_waiting();
  void adopt(int fd, const Listener& listener);

  // connect.cc
  void begin_connect(Conn& conn, stream::StreamPort& port);
  void on_connect(Conn& conn, stream::StreamPort& port, std::int32_t result);

  // receive.cc
  void receive_more(Conn& conn, stream::StreamPort& port);
  void arm_receive(Conn& conn, stream::StreamPort& port, std::uint32_t bytes);
  void arm_landing(Conn& conn, stream::StreamPort& port);
  void starve(Conn& conn);
  void watch(Conn& conn);
  void on_receive(Conn& conn, stream::StreamPort& port, const Completion& completion);
  void promise(Conn& conn, std::uint32_t buffers);
  void take_buffers(Conn& conn, stream::StreamPort& port, const Completion& completion);
  void on_landing(Conn& conn, stream::StreamPort& port, const Completion& completion);
  void on_receive_ended(Conn& conn, stream::StreamPort& port, std::int32_t result);
  void on_watch(Conn& conn, stream::StreamPort& port, const Completion& completion);
  void take_bytes(Conn& conn, stream::StreamPort& port, stream::Slice&& piece);
  void take_fin(Conn& conn, stream::StreamPort& port);
  void deliver_held(Conn& conn, stream::StreamPort& port);
  void serve_starved();

  // send.cc
  void send_queued(Conn& conn, stream::StreamPort& port);
  void send_fin(Conn& conn);
  void on_send(Conn& conn, stream::StreamPort& port, std::int32_t result);

  // close.cc
  void close_gracefully(Conn& conn);
  void close_unconnected(Conn& conn, stream::StreamPort& port);
  void abort(Conn& conn);
  void fail(Conn& conn, stream::StreamPort& port, Reason why);
  enum class How : std::uint8_t { orderly, reset };
  void end(Conn& conn, How how);
  void cancel_all(Conn& conn);
  void retire(Conn& conn);
  void release(Conn& conn);
  void expire_lingers();
  void shed_closings();
  void cancel_everything();

  const NetConfig config_;
  const KernelFeatures features_;
  stream::PortTable& ports_;
  NetCounters counters_;
  std::unique_ptr<BufferRing> buffers_;  // before the ring, so that it is freed after it
  std::unique_ptr<Uring> ring_;
  std::vector<Conn> conns_;     // by port index
  std::uint32_t promised_ = 0;  // of all of them
  HeldPieces held_;
  ReadyList starved_;      // found no buffer; first come, first served
  ReadyList rationed_;     // hold unread bytes while the pool is nearly empty
  ReadyList undelivered_;  // have held pieces
  Closing closing_;
  std::vector<Listener> listeners_;
  std::vector<Waiting> waiting_;
  Instant now_{};
  Instant accept_again_{};  // accepting failed for want of descriptors or memory
  int wake_fd_ = -1;
  std::uint64_t woken_ = 0;  // where the kernel stores the eventfd's count
  bool accept_paused_ = false;
};

static_assert(Transport<KernelNet>);

}  // namespace wp::net
