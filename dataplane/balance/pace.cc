#include "dataplane/balance/pace.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wp::balance {
namespace {

constexpr auto kPaceOrder = std::memory_order_relaxed;

// What was seen is halved each time it exceeds this, so that a change shows within a minute.
constexpr double kSeenPrompts = 64;
// What is presumed weighs as much as so many prompts, half of them of no tokens and half of so many.
constexpr double kPresumedPrompts = 2;
constexpr double kPresumedTokens = 2'000;
// Where all prompts are alike, tokens and prompts cannot be told apart: a token takes at least this part of what it
// would if it were all.
constexpr double kLeastTokenShare = 1.0 / 16;

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

std::int64_t nanos_of(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

}  // namespace

void Pace::Seen::add(double count, double prompt_tokens, double prompt_seconds) {
  prompts += count;
  tokens += count * prompt_tokens;
  seconds += count * prompt_seconds;
  tokens_tokens += count * prompt_tokens * prompt_tokens;
  tokens_seconds += count * prompt_tokens * prompt_seconds;
  if (prompt_seconds > 0) least_seconds = std::min(least_seconds, prompt_seconds);
}

void Pace::Seen::halve() {
  for (double* sum : {&prompts, &tokens, &seconds, &tokens_tokens, &tokens_seconds}) *sum /= 2;
  least_seconds *= 2;
}

// The line of least squares, as far as it makes sense: a prompt costs at most what the fastest took, however long
// others waited for what somebody else had sent there.
Pace::Costs Pace::Seen::costs() const {
  const double most = seconds / tokens;  // a token, if prompts took nothing
  const double variance = prompts * tokens_tokens - tokens * tokens;
  const double slope = variance > 0 ? (prompts * tokens_seconds - tokens * seconds) / variance : most;
  const double steepest = std::clamp(slope, most * kLeastTokenShare, most);
  const double prompt = std::clamp((seconds - steepest * tokens) / prompts, 0.0, least_seconds);
  const double token = (seconds - prompt * prompts) / tokens;
  return {.prompt = static_cast<float>(prompt), .token = static_cast<float>(token)};
}

void Pace::presume(Costs costs) {
  if (!presumed_.load(kPaceOrder) || learning_.exchange(true, std::memory_order_acquire)) return;
  seen_ = {};
  seen_.add(kPresumedPrompts / 2, 0, costs.prompt);
  seen_.add(kPresumedPrompts / 2, kPresumedTokens, costs.of({1, static_cast<std::uint64_t>(kPresumedTokens)}));
  costs_.store(std::bit_cast<std::uint64_t>(costs), kPaceOrder);
  learning_.store(false, std::memory_order_release);
}

void Pace::learn(double tokens, double seconds) {
  if (learning_.exchange(true, std::memory_order_acquire)) return;
  presumed_.store(false, kPaceOrder);
  seen_.add(1, tokens, seconds);
  if (seen_.prompts > kSeenPrompts) seen_.halve();
  costs_.store(std::bit_cast<std::uint64_t>(seen_.costs()), kPaceOrder);
  learning_.store(false, std::memory_order_release);
}

void Pace::charge(Instant now, std::uint32_t tokens) {
  const std::int64_t takes = nanos_of(costs().of({1, tokens}));
  std::int64_t finish = finish_.load(kPaceOrder);
  while (!finish_.compare_exchange_weak(finish, std::max(finish, now.ns) + takes, kPaceOrder)) {
  }
  std::uint64_t before = work_.load(kPaceOrder);
  const auto work = static_cast<float>(decayed(before, now) + static_cast<double>(tokens));
  const std::uint64_t after = std::uint64_t{std::bit_cast<std::uint32_t>(work)} << 32U | stamp(now);
  work_.compare_exchange_strong(before, after, kPaceOrder);
}

double Pace::first_byte(Instant charged, Instant now, std::uint32_t tokens, Backlog left) {
  // It began when it came, or when the one before it was done.
  const std::int64_t began = std::max(charged.ns, last_first_.exchange(now.ns, kPaceOrder));
  const double took = tokens > 0 && now.ns > began ? static_cast<double>(now.ns - began) / 1e9 : 0;
  if (took > 0) learn(tokens, took);
  finish_.store(now.ns + nanos_of(costs().of(left)), kPaceOrder);
  return took;
}

double Pace::work(Instant now) const {
  return decayed(work_.load(kPaceOrder), now);
}

void Pace::reset() {
  finish_.store(0, kPaceOrder);
  last_first_.store(0, kPaceOrder);
  work_.store(0, kPaceOrder);
  presumed_.store(true, kPaceOrder);
  presume(kFirstCosts);
}

}  // namespace wp::balance
