#include "dataplane/balance/token_table.h"

#include <algorithm>
#include <limits>

#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// What the working estimate is worth: the first few receipts outweigh it.
constexpr float kPriorTokens = 256;
constexpr float kLongest = 1U << 20U;
// Bytes a token that text may have in any script and tokenizer. A prompt outside of it is not made of text, or the
// engine had more of it than the body shows.
constexpr std::uint64_t kFewestBytes = 1;
constexpr std::uint64_t kMostBytes = 16;

}  // namespace

TokenTable::TokenTable(std::uint32_t max_replicas, std::uint32_t max_pools)
    : max_replicas_(max_replicas),
      max_pools_(max_pools),
      tellers_(std::make_unique<std::atomic<std::uint64_t>[]>(max_replicas)),
      pools_(std::make_unique<Pool[]>(max_pools)) {
  for (std::uint32_t pool = 0; pool < max_pools; ++pool) reset(pool);
}

double TokenTable::bytes_per_token(std::uint32_t pool) const {
  WP_ASSERT(pool < max_pools_);
  const Ratio ratio = pools_[pool].ratio.load(kRelaxed);
  return static_cast<double>(ratio.bytes) / static_cast<double>(ratio.tokens);
}

std::uint32_t TokenTable::estimate(std::uint32_t pool, std::uint64_t canonical_bytes) const {
  const double tokens = static_cast<double>(canonical_bytes) / bytes_per_token(pool);
  constexpr double kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp(tokens, 1.0, kMost));
}

std::optional<std::uint32_t> TokenTable::cached(ReplicaRef replica, prompt::Api api,
                                                std::optional<std::uint32_t> told) {
  WP_ASSERT(replica.valid() && replica.id < max_replicas_);
  std::atomic<std::uint64_t>& teller = tellers_[replica.id];
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(api);
  const std::uint64_t generation = std::uint64_t{replica.generation} << 32U;
  std::uint64_t known = teller.load(kRelaxed);
  if ((known >> 32U) != replica.generation) known = generation;
  if (!told) return (known & bit) != 0 ? std::optional<std::uint32_t>(0) : std::nullopt;
  // A racing shard's mark may be lost; it comes again with the next reply.
  if ((known & bit) == 0) teller.store(known | bit, kRelaxed);
  return told;
}

bool TokenTable::tells(ReplicaRef replica) const {
  WP_ASSERT(replica.valid() && replica.id < max_replicas_);
  const std::uint64_t known = tellers_[replica.id].load(kRelaxed);
  return (known >> 32U) == replica.generation && static_cast<std::uint32_t>(known) != 0;
}

void TokenTable::restarted(std::uint32_t replica_id) {
  WP_ASSERT(replica_id < max_replicas_);
  tellers_[replica_id].store(0, kRelaxed);
}

void TokenTable::apply(const Receipt& receipt) {
  WP_ASSERT(receipt.pool < max_pools_);
  Pool& pool = pools_[receipt.pool];
  pool.told.fetch_add(1, kRelaxed);
  pool.estimated_tokens.fetch_add(receipt.estimated_tokens, kRelaxed);
  (receipt.cached_tokens ? pool.known_tokens : pool.unknown_tokens).fetch_add(receipt.prompt_tokens, kRelaxed);
  if (receipt.cached_tokens) pool.cached_tokens.fetch_add(*receipt.cached_tokens, kRelaxed);
  pool.completion_tokens.fetch_add(receipt.completion_tokens, kRelaxed);
  learn(pool, receipt);
}

void TokenTable::learn(Pool& pool, const Receipt& receipt) {
  const std::uint64_t tokens = receipt.prompt_tokens;
  const std::uint64_t bytes = receipt.canonical_bytes;
  if (tokens == 0 || bytes < tokens * kFewestBytes || bytes > tokens * kMostBytes) return;
  Ratio ratio = pool.ratio.load(kRelaxed);
  Ratio next{ratio.bytes + static_cast<float>(bytes), ratio.tokens + static_cast<float>(tokens)};
  if (next.tokens > kLongest) next = {next.bytes / 2, next.tokens / 2};
  // Whoever loses the race loses a sample, of thousands.
  static_cast<void>(pool.ratio.compare_exchange_strong(ratio, next, kRelaxed));
}

void TokenTable::count_untold(std::uint32_t pool) {
  WP_ASSERT(pool < max_pools_);
  pools_[pool].untold.fetch_add(1, kRelaxed);
}

TokenTable::Figures TokenTable::figures(std::uint32_t pool) const {
  WP_ASSERT(pool < max_pools_);
  const Pool& from = pools_[pool];
  return {.told = from.told.load(kRelaxed),
          .untold = from.untold.load(kRelaxed),
          .estimated_tokens = from.estimated_tokens.load(kRelaxed),
          .known_tokens = from.known_tokens.load(kRelaxed),
          .unknown_tokens = from.unknown_tokens.load(kRelaxed),
          .cached_tokens = from.cached_tokens.load(kRelaxed),
          .completion_tokens = from.completion_tokens.load(kRelaxed)};
}

void TokenTable::reset(std::uint32_t pool) {
  WP_ASSERT(pool < max_pools_);
  Pool& fresh = pools_[pool];
  fresh.ratio.store({kPriorTokens * prompt::kBytesPerToken, kPriorTokens}, kRelaxed);
  for (auto* figure : {&fresh.told, &fresh.untold, &fresh.estimated_tokens, &fresh.known_tokens, &fresh.unknown_tokens,
                       &fresh.cached_tokens, &fresh.completion_tokens}) {
    figure->store(0, kRelaxed);
  }
}

}  // namespace wp::balance
