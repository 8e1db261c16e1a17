// A modelled peer that holds what it can and does as little as it may: says nothing, sends half a head, a body of a
// byte now and then, reads hardly anything, or opens more connections than one source may have. Whoever is let go comes
// back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/base/rng.h"
#include "dataplane/base/time.h"
#include "tests/sim/sim_net.h"

namespace wp::sim {

enum class SlowMode : std::uint8_t { silent, head, body, reader, crowd };
inline constexpr std::uint32_t kSlowModes = 5;

class SlowPeer {
 public:
  // All peers of the mode `crowd` have one address, every other its own.
  SlowPeer(SimNet& net, SlowMode mode, std::uint32_t number, std::uint64_t seed);

  void step(Instant now);
  // For good.
  void leave();

 private:
  void begin();
  void act();
  void let_go(Instant now);

  SimNet& net_;
  SlowMode mode_;
  Rng rng_;
  std::uint64_t next_number_;
  Endpoint address_;
  std::shared_ptr<SimConn> conn_;
  Instant next_;  // when it does its little next, or comes back
};

}  // namespace wp::sim
