#include "dataplane/tcp/retransmission_timeout.h"

#include <algorithm>

namespace wp::tcp {
namespace {

// G of section 2: timestamps count milliseconds.
constexpr Duration kGranularity = millis(1);
// Doubling more often only overflows: rto_max is reached long before.
constexpr std::uint8_t kMaxBackoff = 16;
constexpr Duration kAfterLostSyn = seconds(3);

}  // namespace

void RetransmissionTimeout::sample(Duration round_trip) {
  const std::int64_t r = std::max<std::int64_t>(round_trip.ns, 0);
  backoff_ = 0;
  if (!measured_) {
    // (2.2)
    srtt_ = {r};
    rttvar_ = {r / 2};
    measured_ = true;
    distrusted_ = false;
    return;
  }
  // (2.3), with alpha 1/8 and beta 1/4; RTTVAR first, for it uses the old SRTT.
  const std::int64_t off = srtt_.ns > r ? srtt_.ns - r : r - srtt_.ns;
  rttvar_ = {rttvar_.ns - rttvar_.ns / 4 + off / 4};
  srtt_ = {srtt_.ns - srtt_.ns / 8 + r / 8};
}

Duration RetransmissionTimeout::value(const TcpConfig& config) const {
  Duration base = distrusted_ ? std::max(kAfterLostSyn, config.rto_initial) : config.rto_initial;
  if (measured_) base = srtt_ + std::max(kGranularity, rttvar_ * 4);
  base = std::clamp(base, config.rto_min, config.rto_max);
  return std::min(base * (std::int64_t{1} << backoff_), config.rto_max);
}

void RetransmissionTimeout::back_off() {
  if (backoff_ < kMaxBackoff) ++backoff_;
}

}  // namespace wp::tcp
