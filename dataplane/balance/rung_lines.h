// The memory that a pick by what replicas hold reads of the tables beyond any cache, asked for before it is needed.
//
// The longest rungs come first: where one of them is resident the others are mostly not looked at, and a core has only
// so many lines under way. Internal to balance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/balance/residency.h"
#include "dataplane/balance/strategy.h"
#include "dataplane/prompt/features.h"

namespace wp::balance {

// A prompt's rungs and ends from the longest to the shortest; of equals, the end first.
class Descent {
 public:
  explicit Descent(const prompt::Features& features)
      : ladder_(features.ladder), ends_(features.ends), rungs_(ladder_.size()), end_(ends_.size()) {}

  [[nodiscard]] bool done() const { return rungs_ + end_ == 0; }
  // Not when it is done.
  const prompt::Rung& next() {
    in_ladder_ = end_ == 0 || (rungs_ != 0 && ends_[end_ - 1].end < ladder_[rungs_ - 1].end);
    return in_ladder_ ? ladder_[--rungs_] : ends_[--end_];
  }
  // Whether the last one was of the ladder, and where it stands there.
  [[nodiscard]] bool in_ladder() const { return in_ladder_; }
  [[nodiscard]] std::size_t index() const { return rungs_; }

 private:
  std::span<const prompt::Rung> ladder_;
  std::span<const prompt::Rung> ends_;
  std::size_t rungs_;
  std::size_t end_;
  bool in_ladder_ = false;
};

class RungLines {
 public:
  // Asks for so many of the longest rungs; the prompt has some.
  RungLines(const prompt::Features& features, const Residency& residency, Belief belief, std::uint32_t rungs)
      : features_(features), residency_(residency), belief_(belief), ahead_(features) {
    ask(rungs);
  }

  // Rungs of the ladder behind which none is a root, looked for when somebody asks; 0 also where nobody goes by roots.
  [[nodiscard]] std::size_t roots() {
    if (!roots_) roots_ = find_roots();
    return *roots_;
  }
  // What the ring is asked with where roots() is 0.
  [[nodiscard]] std::uint64_t key_without_root() const {
    if (features_.session != 0) return features_.session;
    return belief_ == Belief::told ? features_.derived_session : features_.ladder.front().hash;
  }

  void ask_ring(const Ring& ring) {
    if (roots() == 0) {
      ring.prefetch(key_without_root());
    } else {
      residency_.prefetch_fan_out(features_.ladder[roots() - 1].hash);
    }
  }
  void ask_rest() { ask(prompt::kMaxRungs); }

 private:
  void ask(std::uint32_t rungs) {
    for (; rungs > 0 && !ahead_.done(); --rungs) {
      const std::uint64_t hash = ahead_.next().hash;
      belief_ == Belief::told ? residency_.told().prefetch(hash) : residency_.prefetch(hash);
    }
  }
  [[nodiscard]] std::size_t find_roots() const {
    if (belief_ == Belief::told || features_.session != 0) return 0;
    std::size_t roots = features_.ladder.size();
    while (roots > 0 && !residency_.may_be_common(features_.ladder[roots - 1].hash)) --roots;
    return roots;
  }

  const prompt::Features& features_;
  const Residency& residency_;
  Belief belief_;
  std::optional<std::size_t> roots_;
  Descent ahead_;  // as far as lines were asked for
};

}  // namespace wp::balance
