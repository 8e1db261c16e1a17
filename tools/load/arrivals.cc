#include "tools/load/arrivals.h"

#include <algorithm>
#include <cmath>

#include "dataplane/base/assert.h"

namespace wp::load {

PoissonArrivals::PoissonArrivals(double rate, std::uint64_t seed, Instant start) : rate_(rate), rng_(seed), at_(start) {
  WP_ASSERT(rate > 0);
}

Instant PoissonArrivals::next() {
  const double gap = -std::log1p(-rng_.unit()) / rate_;
  at_ = at_ + nanos(std::llround(gap * 1e9));
  return at_;
}

Zipf::Zipf(std::uint32_t n, double exponent) : below_(n) {
  WP_ASSERT(n > 0);
  double sum = 0;
  for (std::uint32_t k = 0; k < n; ++k) below_[k] = sum += std::pow(k + 1.0, -exponent);
  for (double& share : below_) share /= sum;
}

std::uint32_t Zipf::draw(Rng& rng) const {
  const auto found = std::ranges::upper_bound(below_, rng.unit());
  return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(found - below_.begin(), std::ssize(below_) - 1));
}

}  // namespace wp::load
