// Congestion control: RFC 5681 with the fast recovery of RFC 6582 (NewReno), limited transmit (RFC 3042) and an initial
// window of ten segments (RFC 6928). All in bytes. It knows sequence numbers only to tell one loss from the next.
#pragma once

#include <cstdint>

#include "dataplane/wire/seq.h"

namespace wp::tcp {

class NewReno {
 public:
  // The handshake is complete. RFC 6928, section 2: with a SYN lost, the window begins at one segment.
  void start(std::uint32_t mss, std::uint32_t initial_segments, bool syn_was_lost, wire::SeqNumber una);

  // What may be outstanding.
  [[nodiscard]] std::uint32_t window() const;
  [[nodiscard]] std::uint32_t congestion_window() const { return cwnd_; }
  [[nodiscard]] std::uint32_t slow_start_threshold() const { return ssthresh_; }
  [[nodiscard]] bool recovering() const { return recovering_; }

  struct NewAck {
    wire::SeqNumber una{};         // after it
    std::uint32_t bytes = 0;       // that it acknowledged
    std::uint32_t flight = 0;      // outstanding after it
    bool window_was_full = false;  // the congestion window was what held the sender back
  };
  // Partial: the segment at `una` is lost, too, and to be sent again now. Only the first one of a recovery restarts the
  // timer (RFC 6582, section 4: the "impatient" variant), so that many losses in one window end in a timeout.
  enum class Kind : std::uint8_t { whole, first_partial, later_partial };
  [[nodiscard]] Kind on_new_ack(const NewAck& ack);

  // True when the segment at `una` is taken for lost and is to be sent again now. `max` is the end of what was sent.
  [[nodiscard]] bool on_duplicate_ack(wire::SeqNumber una, wire::SeqNumber max, std::uint32_t flight);

  // The retransmission timer ran out; `again` when it did for the same segment before.
  void on_timeout(wire::SeqNumber max, std::uint32_t flight, bool again);

  // Nothing was sent for longer than a timeout (RFC 5681, section 4.1).
  void on_idle();

  // Segments became smaller (RFC 1191): windows are kept in bytes, only the step changes.
  void set_mss(std::uint32_t mss) { mss_ = mss; }

 private:
  void open(const NewAck& ack);
  [[nodiscard]] std::uint32_t halved(std::uint32_t flight) const;

  std::uint32_t mss_ = 536;
  std::uint32_t cwnd_ = 536;
  std::uint32_t ssthresh_ = UINT32_MAX;
  std::uint32_t initial_ = 536;
  std::uint32_t since_growth_ = 0;  // bytes acknowledged towards the next step in congestion avoidance
  std::uint32_t flight_ = 0;        // at the first duplicate: without what limited transmit adds
  wire::SeqNumber recover_{};       // RFC 6582: a loss before this belongs to one that is known
  std::uint8_t duplicates_ = 0;
  bool recovering_ = false;
  bool partial_seen_ = false;
};

}  // namespace wp::tcp
