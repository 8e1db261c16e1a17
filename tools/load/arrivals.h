// When requests are meant to be sent, and which of many things is asked for: the two distributions of a workload.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/rng.h"
#include "dataplane/base/time.h"

namespace wp::load {

// A Poisson process: independent of what the server does, as users who do not know each other are.
class PoissonArrivals {
 public:
  // `rate`: arrivals a second, above zero.
  PoissonArrivals(double rate, std::uint64_t seed, Instant start);
  [[nodiscard]] Instant next();

 private:
  double rate_;
  Rng rng_;
  Instant at_;
};

// Numbers below n, number k drawn in proportion to 1 / (k + 1)^exponent. Exponent 0 is uniform.
class Zipf {
 public:
  Zipf(std::uint32_t n, double exponent);
  [[nodiscard]] std::uint32_t draw(Rng& rng) const;

 private:
  std::vector<double> below_;  // share of the numbers up to and with this one
};

}  // namespace wp::load
