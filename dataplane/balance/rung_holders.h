// Who is believed to hold how much of a prompt, a rung of its ladder at a time. Each is looked up once: both the ring's
// key and the candidates come from them. Internal to balance.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <new>

#include "dataplane/balance/residency.h"
#include "dataplane/balance/rung_lines.h"
#include "dataplane/balance/strategy.h"
#include "dataplane/prompt/features.h"

namespace wp::balance {

// A rung is everybody's behind which Residency::kManyChildren conversations part, or that so large a part of the
// replicas hold, or as many as a line can name: that many of them.
[[nodiscard]] inline std::uint32_t common_holders(const Pool& pool) {
  constexpr double kRootShare = 0.75;
  const auto share = static_cast<std::uint32_t>(std::ceil(kRootShare * static_cast<double>(pool.pickable.size())));
  return std::clamp(share, 2U, Residency::kWays);
}

class RungHolders {
 public:
  RungHolders(const PickInput& input, Belief belief)
      : features_(input.features), residency_(*input.residency), pool_(input.pool), now_(input.now), belief_(belief) {}

  // Of any rung, an end's too.
  [[nodiscard]] Holders of(const prompt::Rung& rung) const {
    if (belief_ == Belief::told) return residency_.told().holders(rung.hash, now_);
    return residency_.holders(rung.hash, rung.end / prompt::kBytesPerToken);
  }

  // Found where they stay: a copy would be read in other pieces than it was written in, and so wait until the core is
  // done with all before it.
  [[nodiscard]] const Holders& at(std::size_t index) {
    const std::uint64_t bit = std::uint64_t{1} << index;
    if ((looked_up_ & bit) == 0) ::new (&found_[index]) Holders(of(features_.ladder[index]));
    looked_up_ |= bit;
    return found_[index];
  }

  // Whether everybody sends what is up to there.
  [[nodiscard]] bool is_root(std::size_t index) {
    const std::uint64_t hash = features_.ladder[index].hash;
    if (!residency_.may_be_common(hash)) return false;
    if (residency_.fan_out(hash) >= Residency::kManyChildren) return true;
    return at(index).count >= common_holders(pool_);
  }

  // How far whoever holds that rung of the ladder, and not the next, is believed to hold the prompt.
  [[nodiscard]] std::uint32_t held_at(std::size_t index) const {
    const prompt::Rung& rung = features_.ladder[index];
    if (!rung.cut || belief_ == Belief::told) return rung.end;
    const bool last = index + 1 == features_.ladder.size();
    const std::uint64_t next = last ? features_.canonical_bytes : features_.ladder[index + 1].end;
    return rung.end + static_cast<std::uint32_t>((next - rung.end) / 2);
  }

  // The most that whoever is found from here on may hold: below an end it may be more than up to that, where the next
  // rung of the ladder counts for half of what is behind it.
  [[nodiscard]] std::uint32_t most_held(const Descent& rungs, std::uint32_t held) const {
    if (rungs.in_ladder() || rungs.index() == 0) return held;
    return std::max(held, held_at(rungs.index() - 1));
  }

 private:
  const prompt::Features& features_;
  const Residency& residency_;
  const Pool& pool_;
  Instant now_;
  Belief belief_;
  std::uint64_t looked_up_ = 0;
  static_assert(prompt::kMaxRungs <= 64);
  std::array<Holders, prompt::kMaxRungs> found_;
};

}  // namespace wp::balance
