// RFC 6298: how long to wait for an acknowledgment. Karn's rule (section 3, no sample from a segment that was sent
// twice) is for whoever takes the samples.
#pragma once

#include <cstdint>

#include "dataplane/base/time.h"
#include "dataplane/tcp/config.h"

namespace wp::tcp {

class RetransmissionTimeout {
 public:
  // A round trip was measured; negative ones count as zero. Ends the backoff: until then, section 5 and Karn have it
  // stay, for an estimate that was too short would else time out for ever.
  void sample(Duration round_trip);
  // The timer, backoff included.
  [[nodiscard]] Duration value(const TcpConfig& config) const;
  // The timer ran out (section 5.5).
  void back_off();
  // The waiting was the peer's, who had closed its window, and says nothing of the path.
  void forgive() { backoff_ = 0; }
  // Section 5.7, at the end of a handshake whose SYN had to be repeated: what follows begins with 3 s until a round
  // trip is measured.
  void distrust() {
    if (measured_) return;
    distrusted_ = true;
    backoff_ = 0;
  }

  [[nodiscard]] bool measured() const { return measured_; }
  [[nodiscard]] Duration smoothed() const { return srtt_; }
  [[nodiscard]] unsigned backoff() const { return backoff_; }

 private:
  Duration srtt_{};
  Duration rttvar_{};
  std::uint8_t backoff_ = 0;
  bool measured_ = false;
  bool distrusted_ = false;
};

}  // namespace wp::tcp
