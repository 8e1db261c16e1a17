// What all worlds of a run were like, and what befell them: a test that never sees a fault proves nothing about it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/packet/world.h"

namespace wp::sim::packet {

class Summary {
 public:
  void add(const Shape& shape, const WorldResult& result);
  [[nodiscard]] std::string text() const;

 private:
  std::uint64_t worlds_ = 0;
  std::uint64_t segments_ = 0;
  std::uint64_t most_segments_ = 0;
  std::uint64_t talks_ = 0;
  std::uint64_t ended_by_faults_ = 0;
  std::vector<std::uint64_t> kinds_;    // worlds, in the order of kind_names()
  std::vector<std::uint64_t> packets_;  // in the order of packet_names()
  std::vector<std::uint64_t> events_;   // what the stacks counted, in the order of TcpCounters
};

}  // namespace wp::sim::packet
