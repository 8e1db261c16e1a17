// net/epoll: the kernel's TCP through epoll, for where io_uring is refused. Edge-triggered: an event only notes that a
// socket may be read or written; what is done about it follows credit and fairness, a bounded piece a turn.
//
// Threads: create() and listen() may run elsewhere before the first enter(); from then on everything but wake() and the
// counters is one thread's.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <sys/epoll.h>
#include <sys/types.h>

#include "dataplane/base/ready_list.h"
#include "dataplane/net/closing.h"
#include "dataplane/net/socket.h"
#include "dataplane/net/transport.h"
#include "dataplane/stream/port_table.h"

namespace wp::net {

class EpollNet {
 public:
  // The ports must outlive the net. The error is one line.
  [[nodiscard]] static std::expected<std::unique_ptr<EpollNet>, std::string> create(const NetConfig& config,
                                                                                    stream::PortTable& ports);
  EpollNet(const EpollNet&) = delete;
  EpollNet& operator=(const EpollNet&) = delete;
  // Closes all sockets, resetting what is open. Ports stay.
  ~EpollNet();

  // Accepts on `at`; port 0 lets the kernel choose. Returns where it listens.
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
  enum class Stage : std::uint8_t { vacant, connecting, open, ended };

  // What the transport knows about one port; it lives at the port's own index.
  struct Conn {
    stream::PortId id;
    int fd = -1;
    std::uint32_t linger_left = 0;  // bytes still read and dropped for a closing port
    Stage stage = Stage::vacant;
    Reason broken = Reason::none;  // sending failed; told once what had arrived before is delivered
    bool accepted = false;         // by us; else we connected
    bool readable = false;
    bool writable = false;
    bool hung_up = false;    // the kernel holds the peer's FIN or reset: a short read is not the last
    bool lost = false;       // the peer's reset was seen; edges are not repeated
    bool stopped = false;    // not read for want of credit or buffers
    bool closing = false;    // the port's close() was seen
    bool lingering = false;  // our FIN is out and the peer's is awaited, with a deadline
    bool fin_sent = false;
    bool peer_fin = false;

    [[nodiscard]] Leg leg() const {
      return stage == Stage::connecting ? Leg::connecting : (accepted ? Leg::accepted : Leg::connected);
    }
  };
  struct Listener {
    int fd;
    Endpoint bound;
  };

  EpollNet(const NetConfig& config, stream::PortTable& ports);

  // epoll_net.cc
  void dispatch(const epoll_event& event);
  void on_stream_event(Conn& conn, stream::StreamPort& port, std::uint32_t events);
  void service(stream::PortId id);
  void pump(Conn& conn, stream::StreamPort& port);

  // accept.cc
  void accept_some(const Listener& listener);
  bool adopt(int fd, const Endpoint& remote, const Listener& listener);
  void set_accepting(bool accepting);
  void begin_connect(Conn& conn, stream::StreamPort& port);
  void finish_connect(Conn& conn, stream::StreamPort& port);
  [[nodiscard]] bool watch(Conn& conn);

  // receive.cc
  void want_bytes(Conn& conn, stream::StreamPort& port);
  void read_some(Conn& conn, stream::StreamPort& port);
  bool read_once(Conn& conn, stream::StreamPort& port, std::uint32_t& left);
  bool read_nothing(Conn& conn, stream::StreamPort& port, ssize_t got, int error);
  void land_some(Conn& conn, stream::StreamPort& port);
  void resume_reading(Conn& conn, stream::StreamPort& port);
  void stop_reading(Conn& conn, stream::StreamPort& port, bool for_pool);
  void take_bytes(Conn& conn, stream::StreamPort& port, stream::Slice&& piece);
  void take_fin(Conn& conn, stream::StreamPort& port);
  void serve_starved();

  // send.cc
  void send_queued(Conn& conn, stream::StreamPort& port);
  void send_fin(Conn& conn);

  // close.cc
  void close_gracefully(Conn& conn);
  void abort(Conn& conn);
  void fail(Conn& conn, stream::StreamPort& port, Reason why);
  enum class How : std::uint8_t { orderly, reset };
  void end(Conn& conn, How how);
  void release(Conn& conn);
  void expire_lingers();
  void shed_closings();

  static constexpr std::uint32_t kEvents = 512;

  const NetConfig config_;
  stream::PortTable& ports_;
  NetCounters counters_;
  std::vector<Conn> conns_;  // by port index
  ReadyList readable_;       // may be read now
  ReadyList starved_;        // found no buffer or list node
  ReadyList rationed_;       // hold unread bytes while the pool is nearly empty
  Closing closing_;
  std::vector<Listener> listeners_;
  std::array<epoll_event, kEvents> events_;
  std::uint32_t event_count_ = 0;
  Instant now_{};
  Instant accept_again_{};  // accepting failed for want of descriptors or memory
  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  bool accepting_ = true;
};

static_assert(Transport<EpollNet>);

}  // namespace wp::net
