#include "dataplane/balance/report_table.h"

#include <algorithm>

#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

// A word stands for itself; nothing is concluded from it about another.
constexpr auto kWordOrder = std::memory_order_relaxed;
constexpr std::uint32_t kTokenBits = 28;
static_assert(ReportTable::kMostTokens == (1U << kTokenBits) - 1);

// 36 bits of milliseconds last for two years of uptime, and then wrap.
constexpr std::uint64_t kStampMask = UINT64_MAX >> kTokenBits;

std::uint64_t stamp_ms(Instant at) {
  return static_cast<std::uint64_t>(at.ns / 1'000'000) & kStampMask;
}

}  // namespace

ReportTable::ReportTable(std::uint32_t max_replicas)
    : max_replicas_(max_replicas), words_(std::make_unique<std::atomic<std::uint64_t>[]>(max_replicas)) {}

void ReportTable::set_others(std::uint32_t replica_id, std::uint64_t tokens, Instant until) {
  WP_ASSERT(replica_id < max_replicas_);
  const std::uint64_t most = std::min<std::uint64_t>(tokens, kMostTokens);
  words_[replica_id].store(most == 0 ? 0 : stamp_ms(until) << kTokenBits | most, kWordOrder);
}

void ReportTable::forget(std::uint32_t replica_id) {
  WP_ASSERT(replica_id < max_replicas_);
  words_[replica_id].store(0, kWordOrder);
}

std::uint32_t ReportTable::others_of(std::uint64_t word, Instant now) {
  if (stamp_ms(now) >= word >> kTokenBits) return 0;
  return static_cast<std::uint32_t>(word) & kMostTokens;
}

}  // namespace wp::balance
