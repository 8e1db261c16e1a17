#include "dataplane/balance/others.h"

#include <algorithm>

namespace wp::balance {
namespace {

constexpr auto kOthersOrder = std::memory_order_relaxed;

// Of late: the last million tokens or so.
constexpr float kOthersMemory = 1U << 20U;
// Less may be what the replica wrote itself, which is sent back to it, or a guess that was a little short.
constexpr std::uint32_t kNewsTokens = 1'024;

}  // namespace

void Others::found(std::uint32_t cached, std::uint32_t known) {
  const std::uint32_t more = cached - std::min(cached, known);
  add(static_cast<float>(cached), more > kNewsTokens ? static_cast<float>(more) : 0);
}

void Others::counted(std::uint64_t asked, std::uint64_t ours) {
  add(static_cast<float>(asked), static_cast<float>(asked - std::min(asked, ours)));
}

void Others::add(float all, float theirs) {
  Sums sums = sums_.load(kOthersOrder);
  Sums next{sums.all + all, sums.theirs + theirs};
  if (next.all > kOthersMemory) next = {next.all / 2, next.theirs / 2};
  static_cast<void>(sums_.compare_exchange_strong(sums, next, kOthersOrder));
}

double Others::share() const {
  const Sums sums = sums_.load(kOthersOrder);
  return static_cast<double>(sums.theirs) / static_cast<double>(sums.all);
}

}  // namespace wp::balance
