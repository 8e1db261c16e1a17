// One end of one connection. It is told of segments, of its port and of time, and asked for segments to send, for
// events and for its next deadline. Methods by concern: connection.cc life and events, input.cc what arrives
// (RFC 9293, section 3.10.7), acknowledgment.cc what the peer has, receive.cc what the peer sent, output.cc what is
// sent, timers.cc what time does.
//
// After each call of on_segment, on_port, on_timer or abort, poll_event and poll_transmit are asked until they have
// nothing more, then next_deadline.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/base/time.h"
#include "dataplane/stream/port.h"
#include "dataplane/tcp/challenge.h"
#include "dataplane/tcp/config.h"
#include "dataplane/tcp/counters.h"
#include "dataplane/tcp/newreno.h"
#include "dataplane/tcp/options.h"
#include "dataplane/tcp/reassembly.h"
#include "dataplane/tcp/receive_window.h"
#include "dataplane/tcp/retransmission_timeout.h"
#include "dataplane/tcp/state.h"
#include "dataplane/wire/tcp.h"

namespace wp::tcp {

using wire::SeqNumber;

// What a shard's connections share.
struct Shared {
  Shared(const TcpConfig& settings, std::uint32_t pieces_in_all, Rng& rng)
      : config(settings), pieces(pieces_in_all), challenges(settings.challenges_per_second, rng) {}

  const TcpConfig config;
  PiecePool pieces;
  ChallengeLimit challenges;
  TcpCounters counters;
};

enum class Event : std::uint8_t {
  established,
  peer_closed,  // its FIN; all before it was delivered
  refused,      // a reset answered our SYN
  unreachable,  // nothing answered our SYN, or the peer's handshake was never completed
  reset,
  timed_out,  // no progress, or no answer to keep-alive probes
  finished,   // both sides closed and all was acknowledged, or we have sent our reset
};

// What to send: the header (ports left open) and which of the port's queued bytes follow it.
struct Transmission {
  wire::TcpHeader header{};
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

// Whether a segment found a connection that it could belong to.
enum class Verdict : std::uint8_t { taken, answer_with_reset };

class Connection {
 public:
  struct Opening {
    Instant now{};
    SeqNumber initial{};
    std::uint32_t timestamp_offset = 0;
    std::uint32_t receive_limit = 65'536;  // bytes; the port's
    std::uint16_t mss = kDefaultMss;       // ours, from the MTU
    std::uint16_t peer_mss = kDefaultMss;  // the peer's, when its SYN names none
  };

  // Opens actively.
  Connection(Shared& shared, const Opening& opening);
  // Opens passively: `syn` came for a listener.
  Connection(Shared& shared, const Opening& opening, const wire::TcpHeader& syn);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // `port` is the connection's; nullptr until it has one and after the application and the last byte are gone.
  [[nodiscard]] Verdict on_segment(Instant now, const wire::TcpHeader& header, stream::Slice&& payload,
                                   stream::StreamPort* port);
  // The application queued, consumed, finished or closed.
  void on_port(Instant now, stream::StreamPort& port);
  void on_timer(Instant now, stream::StreamPort* port);
  // A router says that packets above `mtu` bytes do not pass; `sequence` is what it quotes.
  void on_too_big(SeqNumber sequence, std::uint16_t payload_max);
  // Resets the connection; nothing of the port is used any more.
  void abort();

  [[nodiscard]] std::optional<Transmission> poll_transmit(Instant now, stream::StreamPort* port);
  [[nodiscard]] std::optional<Event> poll_event();
  [[nodiscard]] Instant next_deadline() const;

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool opened_actively() const { return active_; }
  // Nothing is left to be sent or told.
  [[nodiscard]] bool is_done() const { return state_ == State::closed && !reset_due_ && events_ == 0; }
  // Whether this segment, in SYN_RECEIVED, would complete the handshake: whoever must find a port asks before.
  [[nodiscard]] bool would_establish(const wire::TcpHeader& header) const;
  // Whether a SYN may take the place of this connection, which is in TIME_WAIT (RFC 6191; RFC 9293, section 3.6.1);
  // the next one must begin beyond end_of_sent().
  [[nodiscard]] bool may_be_replaced_by(const wire::TcpHeader& syn) const;
  [[nodiscard]] SeqNumber end_of_sent() const { return max_; }

  // The first relation between its numbers that does not hold, for tests; empty when all do.
  [[nodiscard]] std::string_view broken_invariant(const stream::StreamPort* port) const;
  [[nodiscard]] const NewReno& congestion() const { return congestion_; }
  [[nodiscard]] const RetransmissionTimeout& timeout() const { return timeout_; }
  [[nodiscard]] const ReceiveWindow& receive_window() const { return window_; }
  [[nodiscard]] SeqNumber unacknowledged() const { return una_; }
  [[nodiscard]] std::uint32_t send_window() const { return send_window_; }
  [[nodiscard]] std::uint16_t mss() const { return mss_; }
  [[nodiscard]] const Negotiated& negotiated() const { return agreed_; }

 private:
  // connection.cc
  Connection(Shared& shared, const Opening& opening, State state);
  [[nodiscard]] wire::TcpOptions syn_options(Instant now) const;
  void on_peer_syn(Instant now, const wire::TcpHeader& syn);
  void establish(Instant now, const wire::TcpHeader& header);
  void tell(Event event) { events_ |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(event)); }
  void end(Event why);
  void enter_time_wait(Instant now);
  [[nodiscard]] std::uint32_t timestamp(Instant now) const;

  // input.cc
  [[nodiscard]] Verdict on_syn_sent(Instant now, const wire::TcpHeader& header, stream::Slice&& payload,
                                    stream::StreamPort* port);
  [[nodiscard]] bool pass_timestamps(Instant now, const wire::TcpHeader& header, std::uint32_t length);
  [[nodiscard]] bool is_acceptable(SeqNumber sequence, std::uint32_t length) const;
  void answer_unacceptable(Instant now, const wire::TcpHeader& header, std::uint32_t payload);
  void on_reset(Instant now, const wire::TcpHeader& header);
  [[nodiscard]] bool pass_acknowledgment(Instant now, const wire::TcpHeader& header);
  void challenge(Instant now);

  // acknowledgment.cc
  void on_acknowledgment(Instant now, const wire::TcpHeader& header, bool is_bare, stream::StreamPort* port);
  void on_new_data_acknowledged(Instant now, const wire::TcpHeader& header, stream::StreamPort* port);
  void measure(Instant now, const wire::TcpHeader& header);
  void update_send_window(const wire::TcpHeader& header, const stream::StreamPort* port);
  void on_fin_acknowledged(Instant now, const stream::StreamPort* port);

  // receive.cc
  void on_payload(Instant now, SeqNumber sequence, stream::Slice&& payload, bool fin, stream::StreamPort* port);
  [[nodiscard]] bool deliver(stream::Slice&& payload, stream::StreamPort* port);
  void keep_for_later(SeqNumber sequence, stream::Slice&& payload, const stream::StreamPort* port);
  void on_peer_fin(Instant now);
  void schedule_acknowledgment(Instant now, bool at_once);

  // output.cc
  struct Range {
    SeqNumber from{};
    std::uint32_t length = 0;
    bool fin = false;
  };
  [[nodiscard]] std::optional<Transmission> transmit_syn(Instant now);
  [[nodiscard]] std::optional<Range> next_range(std::uint32_t room, const stream::StreamPort* port);
  [[nodiscard]] std::optional<Range> next_new(std::uint32_t room, std::uint32_t queued, bool finishing);
  void on_sent(Instant now, const Range& range);
  [[nodiscard]] wire::TcpHeader header(Instant now, SeqNumber sequence, wire::TcpFlags flags,
                                       const stream::StreamPort* port);
  [[nodiscard]] SeqNumber place_of_bare() const;
  [[nodiscard]] wire::TcpOptions options(Instant now);
  void arm_idle_sender(Instant now, const stream::StreamPort* port);

  // timers.cc
  void on_retransmission_timer(Instant now, const stream::StreamPort* port);
  void on_keepalive_timer(Instant now);
  void on_linger_timer();
  void give_up();

  [[nodiscard]] std::uint32_t outstanding() const { return static_cast<std::uint32_t>(max_ - una_); }

  Shared* shared_;

  // What we send. una <= next <= max: `next` falls back to una when a timeout has all sent again. The front of the
  // port's queue is the byte at una.
  SeqNumber initial_{};
  SeqNumber una_{};
  SeqNumber next_{};
  SeqNumber max_{};
  SeqNumber fin_at_{};             // where our FIN stands, once fin_sent_
  std::uint32_t send_window_ = 0;  // the peer's, scaled
  std::uint32_t largest_window_ = 0;
  SeqNumber window_sequence_{};  // SND.WL1
  SeqNumber window_ack_{};       // SND.WL2
  SeqNumber timed_end_{};        // the segment whose round trip is measured ends here
  SeqNumber timed_out_at_{};     // una when the retransmission timer last ran out
  Instant timed_at_{};
  Instant progress_at_{};  // when data was last acknowledged, or sent with none outstanding
  NewReno congestion_;
  RetransmissionTimeout timeout_;

  // What we receive.
  ReceiveWindow window_;
  Reassembly early_;
  SeqNumber peer_fin_at_{};
  SeqNumber latest_{};        // the last segment that came early
  SeqNumber acknowledged_{};  // Last.ACK.sent of RFC 7323
  std::uint32_t recent_timestamp_ = 0;
  Instant recent_timestamp_at_{};
  Instant heard_at_{};
  std::uint32_t timestamp_offset_;
  std::uint32_t receive_limit_;
  std::uint32_t drained_ = 0;

  // kNever: not running.
  Instant retransmit_at_ = kNever;  // also probes of a closed window, and the override of silly windows
  Instant acknowledge_at_ = kNever;
  Instant keepalive_at_ = kNever;
  Instant linger_at_ = kNever;  // the handshake, FIN_WAIT_2, TIME_WAIT
  AckLimit challenge_limit_;
  AckLimit outside_limit_;

  Negotiated agreed_{};
  std::uint16_t our_mss_;
  std::uint16_t peer_default_mss_;
  std::uint16_t mss_ = kDefaultMss;  // payload of a full segment
  State state_ = State::closed;
  std::uint8_t events_ = 0;
  std::uint8_t quick_left_;
  std::uint8_t unacknowledged_segments_ = 0;
  std::uint8_t keepalives_sent_ = 0;
  bool active_;
  bool timing_ : 1 = false;
  bool syn_lost_ : 1 = false;
  bool fin_sent_ : 1 = false;
  bool fin_acknowledged_ : 1 = false;
  bool peer_fin_known_ : 1 = false;
  bool acknowledge_now_ : 1 = false;
  bool reset_due_ : 1 = false;
  bool send_first_again_ : 1 = false;
  bool probe_due_ : 1 = false;
  bool probing_ : 1 = false;           // the window is closed and probes were sent
  bool probe_unanswered_ : 1 = false;  // the last of them
  bool override_due_ : 1 = false;
  bool keepalive_due_ : 1 = false;
};

}  // namespace wp::tcp
