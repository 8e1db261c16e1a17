#include "dataplane/tcp/newreno.h"

#include <algorithm>

namespace wp::tcp {
namespace {

constexpr std::uint8_t kLossAfter = 3;  // duplicate acknowledgments
// Windows are below 2^30 (RFC 7323, section 2.3); a congestion window beyond never binds.
constexpr std::uint32_t kMaxWindow = 1U << 30U;
constexpr std::uint32_t kInitialBytes = 14600;  // RFC 6928, section 2

}  // namespace

void NewReno::start(std::uint32_t mss, std::uint32_t initial_segments, bool syn_was_lost, wire::SeqNumber una) {
  mss_ = mss;
  initial_ = std::min(initial_segments * mss, std::max(2 * mss, kInitialBytes));
  cwnd_ = syn_was_lost ? mss : initial_;
  recover_ = una;
}

std::uint32_t NewReno::window() const {
  // RFC 3042: a new segment for each of the first two, so that small windows, too, see a third duplicate.
  return recovering_ ? cwnd_ : cwnd_ + std::min<std::uint32_t>(duplicates_, kLossAfter - 1) * mss_;
}

// RFC 5681, equation 4.
std::uint32_t NewReno::halved(std::uint32_t flight) const {
  return std::max(flight / 2, 2 * mss_);
}

void NewReno::open(const NewAck& ack) {
  // RFC 7661's concern in its simplest form: a window that was not used has not been tried.
  if (!ack.window_was_full) return;
  if (cwnd_ < ssthresh_) {
    // RFC 5681, equation 2: never more than a segment an acknowledgment, so that dividing them gains nothing.
    cwnd_ += std::min(ack.bytes, mss_);
  } else {
    // A segment a window's worth of acknowledged bytes.
    since_growth_ += ack.bytes;
    if (since_growth_ >= cwnd_) {
      since_growth_ -= cwnd_;
      cwnd_ += mss_;
    }
  }
  cwnd_ = std::min(cwnd_, kMaxWindow);
}

NewReno::Kind NewReno::on_new_ack(const NewAck& ack) {
  duplicates_ = 0;
  if (!recovering_) {
    // Kept near, lest it seem to lie ahead once the numbers have wrapped.
    if (recover_ < ack.una) recover_ = ack.una;
    open(ack);
    return Kind::whole;
  }
  if (ack.una >= recover_) {
    // RFC 6582, section 3.2, step 3, full acknowledgments, option 1: no burst when little is outstanding.
    cwnd_ = std::min(ssthresh_, std::max(ack.flight, mss_) + mss_);
    recovering_ = false;
    since_growth_ = 0;
    return Kind::whole;
  }
  // Partial: deflate by what was acknowledged, add back a segment for the one that left.
  cwnd_ = cwnd_ > ack.bytes ? cwnd_ - ack.bytes : 0;
  if (ack.bytes >= mss_) cwnd_ += mss_;
  cwnd_ = std::max(cwnd_, mss_);
  const Kind kind = partial_seen_ ? Kind::later_partial : Kind::first_partial;
  partial_seen_ = true;
  return kind;
}

bool NewReno::on_duplicate_ack(wire::SeqNumber una, wire::SeqNumber max, std::uint32_t flight) {
  if (recovering_) {
    cwnd_ = std::min(cwnd_ + mss_, kMaxWindow);  // step 3: another segment has left the network
    return false;
  }
  if (duplicates_ == 0) flight_ = flight;
  if (duplicates_ < kLossAfter) ++duplicates_;
  // Step 2: "the Cumulative Acknowledgment field covers more than recover", else these are echoes of what a timeout
  // sent again.
  if (duplicates_ < kLossAfter || una < recover_) return false;
  recovering_ = true;
  partial_seen_ = false;
  recover_ = max;
  ssthresh_ = halved(flight_);
  cwnd_ = ssthresh_ + kLossAfter * mss_;
  since_growth_ = 0;
  duplicates_ = 0;
  return true;
}

void NewReno::on_timeout(wire::SeqNumber max, std::uint32_t flight, bool again) {
  // RFC 5681, section 3.1: the threshold is halved once for a segment, however often it is lost.
  if (!again) ssthresh_ = halved(flight);
  cwnd_ = mss_;
  recover_ = max;  // RFC 6582, section 4
  recovering_ = false;
  duplicates_ = 0;
  since_growth_ = 0;
}

void NewReno::on_idle() {
  cwnd_ = std::min(cwnd_, initial_);
}

}  // namespace wp::tcp
