// How many challenge acknowledgments may be sent (RFC 5961, section 7). A fixed limit over all connections is a side
// channel: who makes us spend it on his own connection learns from what is missing there whether a guess hit another
// one (CVE-2016-5696). So each connection has its own limit, which nobody else can use up, and the one over all is
// drawn anew each second.
#pragma once

#include <cstdint>

#include "dataplane/base/rng.h"
#include "dataplane/base/time.h"

namespace wp::tcp {

// The limit over all connections of a shard.
class ChallengeLimit {
 public:
  // On average `per_second`, each second between half and three halves of it.
  ChallengeLimit(std::uint32_t per_second, Rng& rng) : per_second_(per_second), rng_(&rng) {}

  [[nodiscard]] bool take(Instant now) {
    if (now >= renewed_at_) {
      left_ = per_second_ / 2 + rng_->below(per_second_ + 1);
      renewed_at_ = now + seconds(1);
    }
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  std::uint32_t per_second_;
  Rng* rng_;
  Instant renewed_at_{};
  std::uint32_t left_ = 0;
};

// One connection's.
class AckLimit {
 public:
  [[nodiscard]] bool take(Instant now, Duration interval) {
    if (now < next_at_) return false;
    next_at_ = now + interval;
    return true;
  }

 private:
  Instant next_at_{};
};

}  // namespace wp::tcp
