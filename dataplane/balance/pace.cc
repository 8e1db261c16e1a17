#include "dataplane/balance/pace.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wp::balance {
namespace {

constexpr auto kPaceOrder = std::memory_order_relaxed;

// What was seen is halved each time it exceeds this: a few dozen prompts, so that a change shows within a minute.
constexpr float kSeenTokens = 200'000;
// The first rate weighs as much as a prompt of this many tokens.
constexpr double kFirstTokens = 2'000;

struct Pair {
  float first = 0;
  float second = 0;
};

Pair unpack(std::uint64_t bits) {
  return {std::bit_cast<float>(static_cast<std::uint32_t>(bits >> 32U)),
          std::bit_cast<float>(static_cast<std::uint32_t>(bits))};
}

std::uint64_t pack(Pair pair) {
  return std::uint64_t{std::bit_cast<std::uint32_t>(pair.first)} << 32U | std::bit_cast<std::uint32_t>(pair.second);
}

// Milliseconds, wrapping after seven weeks: a replica without a request for so long is counted a little wrong once.
std::uint32_t stamp(Instant now) {
  return static_cast<std::uint32_t>(now.ns / 1'000'000);
}

double decayed(std::uint64_t bits, Instant now) {
  const auto tokens = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits >> 32U)));
  const auto idle = static_cast<std::int32_t>(stamp(now) - static_cast<std::uint32_t>(bits));
  if (idle <= 0) return tokens;
  return tokens * std::exp2(-static_cast<double>(idle) / static_cast<double>(Pace::kWorkHalfLife.millis()));
}

}  // namespace

void Pace::charge(Instant now, std::uint32_t tokens) {
  const auto takes = static_cast<std::int64_t>(static_cast<double>(tokens) / rate() * 1e9);
  std::int64_t finish = finish_.load(kPaceOrder);
  while (!finish_.compare_exchange_weak(finish, std::max(finish, now.ns) + takes, kPaceOrder)) {
  }
  std::uint64_t before = work_.load(kPaceOrder);
  const auto work = static_cast<float>(decayed(before, now) + static_cast<double>(tokens));
  const std::uint64_t after = std::uint64_t{std::bit_cast<std::uint32_t>(work)} << 32U | stamp(now);
  work_.compare_exchange_strong(before, after, kPaceOrder);
}

void Pace::first_byte(Instant charged, Instant now, std::uint32_t tokens) {
  // It began when it came, or when the one before it was done.
  const std::int64_t began = std::max(charged.ns, last_first_.exchange(now.ns, kPaceOrder));
  if (tokens == 0 || now.ns <= began) return;
  std::uint64_t before = seen_.load(kPaceOrder);
  Pair seen = unpack(before);
  seen.first += static_cast<float>(tokens);
  seen.second += static_cast<float>(now.ns - began) / 1e9F;
  if (seen.first > kSeenTokens) seen = {seen.first / 2, seen.second / 2};
  seen_.compare_exchange_strong(before, pack(seen), kPaceOrder);
}

double Pace::queue(Instant now, std::uint64_t outstanding) const {
  const std::int64_t ahead = finish_.load(kPaceOrder) - now.ns;
  if (ahead <= 0) return 0;
  return std::min(static_cast<double>(outstanding), static_cast<double>(ahead) / 1e9 * rate());
}

double Pace::rate() const {
  const Pair seen = unpack(seen_.load(kPaceOrder));
  return (static_cast<double>(seen.first) + kFirstTokens) /
         (static_cast<double>(seen.second) + kFirstTokens / kFirstRate);
}

double Pace::work(Instant now) const {
  return decayed(work_.load(kPaceOrder), now);
}

void Pace::reset() {
  finish_.store(0, kPaceOrder);
  last_first_.store(0, kPaceOrder);
  seen_.store(0, kPaceOrder);
  work_.store(0, kPaceOrder);
}

}  // namespace wp::balance
