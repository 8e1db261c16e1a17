#include "tools/load/samples.h"

#include <algorithm>
#include <cmath>

namespace wp::load {

void Samples::add(Duration d) {
  const std::size_t at = count_ % kBlock;
  if (at == 0) blocks_.push_back(std::make_unique_for_overwrite<std::int64_t[]>(kBlock));
  blocks_.back()[at] = d.ns;
  ++count_;
}

Summary Samples::summarise() const {
  if (count_ == 0) return {};
  std::vector<std::int64_t> all;
  all.reserve(count_);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const std::size_t size = std::min<std::size_t>(kBlock, count_ - i * kBlock);
    all.insert(all.end(), blocks_[i].get(), blocks_[i].get() + size);
  }
  std::ranges::sort(all);
  double sum = 0;
  for (const std::int64_t ns : all) sum += static_cast<double>(ns);
  const auto rank = [&](std::uint64_t per_mille) {
    return nanos(all[std::max<std::uint64_t>((count_ * per_mille + 999) / 1000, 1) - 1]);
  };
  return {count_,           nanos(std::llround(sum / static_cast<double>(count_))),
          rank(500),        rank(900),
          rank(990),        rank(999),
          nanos(all.back())};
}

}  // namespace wp::load
