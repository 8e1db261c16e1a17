#include "dataplane/balance/accounts.h"

#include <algorithm>
#include <utility>

#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

// Every figure stands for itself: no reader concludes anything about other memory from it, so no order is needed.
constexpr auto kOrder = std::memory_order_relaxed;

// The division comes last: with weights and totals as they occur the products are exact in 53 bits, and so is the
// comparison at the bound.
bool within_one(std::uint64_t account, std::uint64_t floor, double share, double weight_sum) {
  return account <= floor || static_cast<double>(account) <= share / weight_sum;
}

std::uint64_t bound_one(std::uint64_t floor, double share, double weight_sum) {
  return std::max(floor, static_cast<std::uint64_t>(share / weight_sum));
}

}  // namespace

Charge::Charge(Charge&& other) noexcept
    : accounts_(std::exchange(other.accounts_, nullptr)),
      replica_(other.replica_),
      pool_(other.pool_),
      prefill_(std::exchange(other.prefill_, 0)),
      charged_(other.charged_) {}

Charge& Charge::operator=(Charge&& other) noexcept {
  if (this == &other) return *this;
  release();
  accounts_ = std::exchange(other.accounts_, nullptr);
  replica_ = other.replica_;
  pool_ = other.pool_;
  prefill_ = std::exchange(other.prefill_, 0);
  charged_ = other.charged_;
  return *this;
}

double Charge::first_byte(Instant now) {
  if (accounts_ == nullptr || prefill_ == 0) return 0;
  const std::uint32_t tokens = prefill_;
  release_prefill();
  Accounts::Slot& replica = accounts_->replicas_[replica_.id];
  const double took = replica.pace.first_byte(charged_, now, tokens, replica.backlog());
  if (took > 0) accounts_->pools_[pool_].pace.learn(tokens, took);
  return took;
}

void Charge::release_prefill() {
  if (accounts_ == nullptr || prefill_ == 0) return;
  accounts_->replicas_[replica_.id].prefill.fetch_sub(prefill_, kOrder);
  accounts_->replicas_[replica_.id].waiting.fetch_sub(1, kOrder);
  accounts_->pools_[pool_].prefill.fetch_sub(prefill_, kOrder);
  prefill_ = 0;
}

void Charge::release() {
  if (accounts_ == nullptr) return;
  release_prefill();
  Accounts::Slot& replica = accounts_->replicas_[replica_.id];
  replica.streams.fetch_sub(1, kOrder);
  replica.released.fetch_add(1, kOrder);
  accounts_->pools_[pool_].streams.fetch_sub(1, kOrder);
  accounts_ = nullptr;
}

Accounts::Accounts(std::uint32_t max_replicas, std::uint32_t max_pools, std::uint32_t sessions)
    : max_replicas_(max_replicas),
      max_pools_(max_pools),
      replicas_(std::make_unique<Slot[]>(max_replicas)),
      pools_(std::make_unique<Slot[]>(max_pools)),
      tokens_(max_replicas, max_pools),
      reports_(max_replicas),
      sessions_(sessions, max_pools) {}

Charge Accounts::charge(ReplicaRef replica, std::uint32_t pool, std::uint32_t prefill_tokens, Instant now) {
  WP_ASSERT(replica.valid() && replica.id < max_replicas_ && pool < max_pools_);
  Slot& slot = replicas_[replica.id];
  slot.prefill.fetch_add(prefill_tokens, kOrder);
  if (prefill_tokens > 0) slot.waiting.fetch_add(1, kOrder);
  slot.streams.fetch_add(1, kOrder);
  slot.charged.fetch_add(1, kOrder);
  slot.pace.presume(pools_[pool].pace.costs());
  slot.pace.charge(now, prefill_tokens);
  slot.given.add(now, prefill_tokens);
  pools_[pool].prefill.fetch_add(prefill_tokens, kOrder);
  pools_[pool].streams.fetch_add(1, kOrder);
  pools_[pool].given.add(now, prefill_tokens);
  Charge charge;
  charge.accounts_ = this;
  charge.replica_ = replica;
  charge.pool_ = pool;
  charge.prefill_ = prefill_tokens;
  charge.charged_ = now;
  return charge;
}

void Accounts::forget_replica(std::uint32_t replica_id) {
  WP_ASSERT(replica_id < max_replicas_);
  replicas_[replica_id].pace.reset();
  replicas_[replica_id].given.reset();
  reports_.forget(replica_id);
}

void Accounts::forget_pool(std::uint32_t pool) {
  WP_ASSERT(pool < max_pools_);
  pools_[pool].pace.reset();
  pools_[pool].given.reset();
  tokens_.reset(pool);
  sessions_.reset(pool);
}

Load Accounts::total(std::uint32_t pool) const {
  WP_ASSERT(pool < max_pools_);
  return {pools_[pool].prefill.load(kOrder), pools_[pool].streams.load(kOrder)};
}

std::uint64_t Accounts::charged(std::uint32_t replica_id) const {
  WP_ASSERT(replica_id < max_replicas_);
  return replicas_[replica_id].charged.load(kOrder);
}

std::uint64_t Accounts::released(std::uint32_t replica_id) const {
  WP_ASSERT(replica_id < max_replicas_);
  return replicas_[replica_id].released.load(kOrder);
}

bool Accounts::within(const Bounds& bounds, Load load, Load total, std::uint32_t weight, std::uint64_t weight_sum) {
  WP_ASSERT(weight_sum > 0);
  const double scale = bounds.factor * static_cast<double>(weight);
  const auto sum = static_cast<double>(weight_sum);
  return within_one(load.prefill, bounds.prefill_floor, scale * static_cast<double>(total.prefill), sum) &&
         within_one(load.streams, bounds.streams_floor, scale * static_cast<double>(total.streams), sum);
}

Load Accounts::bound(const Bounds& bounds, Load total, std::uint32_t weight, std::uint64_t weight_sum) {
  if (weight_sum == 0) return {bounds.prefill_floor, bounds.streams_floor};
  const double scale = bounds.factor * static_cast<double>(weight);
  const auto sum = static_cast<double>(weight_sum);
  return {bound_one(bounds.prefill_floor, scale * static_cast<double>(total.prefill), sum),
          bound_one(bounds.streams_floor, scale * static_cast<double>(total.streams), sum)};
}

}  // namespace wp::balance
