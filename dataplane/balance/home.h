// The place that the ring gives to a prompt, and how much it counts beside what caches hold and queues say. Gateways
// that do not talk agree by it, and one that starts anew finds by it what it knew: whoever is elsewhere pays as if it
// had to prefill a part of the prompt more.
//
// A ring is even over many sessions only. Where few come to a fleet that idles no queue sets right what it draws, so
// that a replica which was given clearly more than its share over the long run is nobody's new home: the ring's next
// is, as with bounded loads, and where that was given too much as well, nobody.
#pragma once

#include <algorithm>

#include "dataplane/balance/strategy.h"

namespace wp::balance {

class Home {
 public:
  Home(const PickInput& input, Belief belief) : input_(input) {
    // Gateways that are told the same agree by that. A session that somebody named has its place all the same.
    const prompt::Features& features = input.features;
    if (belief == Belief::told && features.session == 0) return;
    preference_ = std::clamp(input.residency->others().share() * kHomeForShare, kLeastHome, 1.0);
    margin_ = preference_ * (features.estimated_tokens + (features.session != 0 ? kSessionTokens : 0));
  }

  // What whoever is not at home pays, in tokens; 0: there is no such place.
  [[nodiscard]] double margin() const { return margin_; }
  [[nodiscard]] bool overworked(const Replica& replica) const;

 private:
  // The part of the prompt is the larger, the more of what is found in caches others put there: of so large a share on
  // it is all of the prompt. Where a session key was sent, somebody wants it kept together however short its prompts
  // are: a few tokens more.
  static constexpr double kLeastHome = 0.1;
  static constexpr double kHomeForShare = 5;
  static constexpr double kSessionTokens = 256;

  const PickInput& input_;
  double preference_ = 0;  // as a part of the prompt: to 1
  double margin_ = 0;
};

}  // namespace wp::balance
