#include "dataplane/balance/prefill_times.h"

#include <algorithm>
#include <bit>

namespace wp::balance {
namespace {

// A prompt shows what a token takes when it has so many, and not this part of them was believed to be cached.
constexpr std::uint32_t kShowingTokens = 512;
constexpr std::uint32_t kHardly = 8;
constexpr double kTokenShare = 1.0 / 8;  // of one such prompt in what was seen before

constexpr std::uint32_t kOctaveTokens = 1'024;

// Slow prompts of at least that age before any is taken for a miss, and how much more often they have to come.
constexpr float kFewestMissed = 4;
constexpr float kTimesAsOften = 2;
// All that was seen is halved beyond so many prompts.
constexpr float kRememberedPrompts = 512;

std::size_t octave_of(std::uint32_t age) {
  return static_cast<std::size_t>(std::bit_width(age / kOctaveTokens));
}

}  // namespace

std::optional<std::uint32_t> PrefillTimes::cached(const Prefill& prefill) {
  if (prefill.seconds <= 0 || busy_.exchange(true, std::memory_order_acquire)) return std::nullopt;
  const auto judged = judge(prefill);
  busy_.store(false, std::memory_order_release);
  return judged;
}

std::optional<std::uint32_t> PrefillTimes::judge(const Prefill& prefill) {
  if (prefill.charged >= kShowingTokens && prefill.expected < prefill.charged / kHardly) {
    const double one = prefill.seconds / prefill.charged;
    token_ += token_ == 0 ? one : (one - token_) * kTokenShare;
  }
  if (token_ == 0) return std::nullopt;
  const double tokens = static_cast<double>(prefill.charged) + prefill.expected;
  const double had = tokens - prefill.seconds / token_;
  const auto cached = static_cast<std::uint32_t>(std::max(had, 0.0));
  if (cached / 2 > prefill.expected && cached >= kTellingTokens) return cached;
  // Only where it takes half as long again if it is not there.
  if (prefill.expected < std::max(prefill.charged / 2, kTellingTokens)) return std::nullopt;
  const bool missed = cached < prefill.expected / 2;
  const std::size_t octave = octave_of(prefill.room());
  count(octave, missed);
  return missed && is_age(octave) ? std::optional(cached) : std::nullopt;
}

void PrefillTimes::count(std::size_t octave, bool missed) {
  seen_[octave].prompts += 1;
  seen_[octave].missed += missed ? 1 : 0;
  float prompts = 0;
  for (const Seen& each : seen_) prompts += each.prompts;
  if (prompts <= kRememberedPrompts) return;
  for (Seen& each : seen_) {
    each.prompts /= 2;
    each.missed /= 2;
  }
}

bool PrefillTimes::is_age(std::size_t octave) const {
  Seen younger;
  Seen older;
  for (std::size_t i = 0; i < kOctaves; ++i) {
    Seen& sum = i < octave ? younger : older;
    sum.prompts += seen_[i].prompts;
    sum.missed += seen_[i].missed;
  }
  // As if one more younger prompt had missed and one had not: none seen is no evidence.
  const float usual = (younger.missed + 1) / (younger.prompts + 2);
  return older.missed >= kFewestMissed && older.missed >= kTimesAsOften * usual * older.prompts;
}

void PrefillTimes::reset() {
  while (busy_.exchange(true, std::memory_order_acquire)) {  // a shard has it for some nanoseconds
  }
  token_ = 0;
  seen_ = {};
  busy_.store(false, std::memory_order_release);
}

}  // namespace wp::balance
