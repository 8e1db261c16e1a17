// Measured durations, all of them kept: percentiles are exact, not bucketed, and a long tail cannot hide.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/base/time.h"

namespace wp::load {

struct Summary {
  std::uint64_t count = 0;
  Duration mean;
  Duration p50;
  Duration p90;
  Duration p99;
  Duration p999;
  Duration max;
};

class Samples {
 public:
  void add(Duration d);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // All zero without samples. A percentile is the smallest sample that so large a share of them does not exceed
  // (nearest rank).
  [[nodiscard]] Summary summarise() const;

 private:
  // Blocks, so that growing never copies what is there: a pause of the generator would be measured as the server's.
  static constexpr std::size_t kBlock = 65536;
  std::vector<std::unique_ptr<std::int64_t[]>> blocks_;
  std::uint64_t count_ = 0;
};

}  // namespace wp::load
