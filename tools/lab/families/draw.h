// What families draw their parameters and their requests from.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "dataplane/base/rng.h"

namespace wp::lab {

// Uniform, and uniform in the logarithm: for what may differ by a factor.
[[nodiscard]] inline double draw_between(Rng& rng, double low, double high) {
  return low + (high - low) * rng.unit();
}
[[nodiscard]] inline double draw_factor(Rng& rng, double low, double high) {
  return low * std::pow(high / low, rng.unit());
}
[[nodiscard]] inline std::uint32_t draw_count(Rng& rng, double low, double high) {
  return static_cast<std::uint32_t>(std::lround(draw_factor(rng, low, high)));
}

// Gaps between what comes of its own accord.
[[nodiscard]] inline double draw_gap(Rng& rng, double mean) {
  return -mean * std::log1p(-rng.unit());
}

// Lengths in tokens: log-normal, as those of real prompts nearly are, cut at both ends.
struct Lengths {
  double median = 1;
  double spread = 0;  // standard deviation of the logarithm
  std::uint32_t least = 1;
  std::uint32_t most = 100'000;

  [[nodiscard]] std::uint32_t draw(Rng& rng) const {
    // Box and Muller 1958.
    const double normal = std::sqrt(-2 * std::log1p(-rng.unit())) * std::cos(2 * 3.14159265358979 * rng.unit());
    const double tokens = std::clamp(median * std::exp(spread * normal), double{1}, double{1e6});
    return std::clamp(static_cast<std::uint32_t>(tokens), least, most);
  }
};

// The first of `count` most often, the k-th as often as k to the power of -`skew`.
class Popularity {
 public:
  Popularity(std::uint32_t count, double skew) {
    double sum = 0;
    for (std::uint32_t k = 1; k <= count; ++k) sums_.push_back(sum += std::pow(k, -skew));
  }
  [[nodiscard]] std::uint32_t draw(Rng& rng) const {
    const auto at = std::ranges::upper_bound(sums_, rng.unit() * sums_.back());
    return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(at - sums_.begin(), std::ssize(sums_) - 1));
  }

 private:
  std::vector<double> sums_;
};

}  // namespace wp::lab
