// The two load accounts of every replica, global over the shards: prefill (estimated uncached tokens, released at the
// first byte of the reply) and streams (released at the end). Charged at the pick, each released exactly once; health
// never touches them. Beside them, what replies said of the tokens that were charged by estimate, what engines report
// of the load that others gave them, and where each session went last.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "dataplane/balance/given.h"
#include "dataplane/balance/pace.h"
#include "dataplane/balance/replica_ref.h"
#include "dataplane/balance/report_table.h"
#include "dataplane/balance/session_table.h"
#include "dataplane/balance/token_table.h"
#include "dataplane/base/assert.h"
#include "dataplane/base/time.h"

namespace wp::balance {

// A replica may be picked while each account, before the charge, is at most
// max(floor, factor * weight * total / weight_sum): bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016) with a floor,
// so that a quiet pool does not spill. A bound is exceeded by at most one request a racing shard.
struct Bounds {
  double factor = 1.25;
  std::uint64_t prefill_floor = 262'144;  // tokens: seconds of prefill, well above the largest usual prompt
  std::uint32_t streams_floor = 64;
};

struct Load {
  std::uint64_t prefill = 0;
  std::uint64_t streams = 0;
};

class Accounts;

// What one request owes. Move-only; whatever is still owed when it goes away is released then, so each part is released
// exactly once on every path.
class Charge {
 public:
  Charge() = default;
  Charge(Charge&& other) noexcept;
  Charge& operator=(Charge&& other) noexcept;
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  ~Charge() { release(); }

  void release_prefill();  // nothing happens the second time
  // As release_prefill(), and the replica's pace is learned from it: the seconds of the prefill, or 0 where that is not
  // known.
  double first_byte(Instant now);
  void release();  // everything
  [[nodiscard]] bool held() const { return accounts_ != nullptr; }
  [[nodiscard]] ReplicaRef replica() const { return replica_; }
  [[nodiscard]] std::uint32_t pool() const { return pool_; }
  [[nodiscard]] std::uint32_t prefill() const { return prefill_; }

 private:
  friend class Accounts;
  Accounts* accounts_ = nullptr;
  ReplicaRef replica_;
  std::uint32_t pool_ = 0;
  std::uint32_t prefill_ = 0;
  Instant charged_;
};

class Accounts {
 public:
  static constexpr std::uint32_t kDefaultSessions = 4'096;
  // `sessions`: that are remembered.
  Accounts(std::uint32_t max_replicas, std::uint32_t max_pools, std::uint32_t sessions = kDefaultSessions);

  // Any thread.
  [[nodiscard]] Charge charge(ReplicaRef replica, std::uint32_t pool, std::uint32_t prefill_tokens, Instant now);
  [[nodiscard]] Load load(std::uint32_t replica_id) const {
    WP_ASSERT(replica_id < max_replicas_);
    const Slot& slot = replicas_[replica_id];
    return {slot.prefill.load(std::memory_order_relaxed), slot.streams.load(std::memory_order_relaxed)};
  }
  [[nodiscard]] Load total(std::uint32_t pool) const;
  // How fast that replica prefills, and how much is before it now.
  [[nodiscard]] const Pace& pace(std::uint32_t replica_id) const {
    WP_ASSERT(replica_id < max_replicas_);
    return replicas_[replica_id].pace;
  }
  [[nodiscard]] double queue(std::uint32_t replica_id, Instant now) const {
    WP_ASSERT(replica_id < max_replicas_);
    const Slot& slot = replicas_[replica_id];
    return slot.pace.queue(now, slot.backlog());
  }
  // What that replica, and all of a pool, were given over the long run.
  [[nodiscard]] std::uint64_t given(std::uint32_t replica_id, Instant now) const {
    WP_ASSERT(replica_id < max_replicas_);
    return replicas_[replica_id].given.tokens(now);
  }
  [[nodiscard]] std::uint64_t given_to_pool(std::uint32_t pool, Instant now) const {
    WP_ASSERT(pool < max_pools_);
    return pools_[pool].given.tokens(now);
  }
  // The id is another's from now on: what was learned by it says nothing. Control thread.
  void forget_replica(std::uint32_t replica_id);
  void forget_pool(std::uint32_t pool);
  // Charges ever made to a replica's slot, and releases: equal when it is idle. For tests and exposition.
  [[nodiscard]] std::uint64_t charged(std::uint32_t replica_id) const;
  [[nodiscard]] std::uint64_t released(std::uint32_t replica_id) const;

  [[nodiscard]] TokenTable& tokens() { return tokens_; }
  [[nodiscard]] const TokenTable& tokens() const { return tokens_; }
  [[nodiscard]] ReportTable& reports() { return reports_; }
  [[nodiscard]] const ReportTable& reports() const { return reports_; }
  [[nodiscard]] SessionTable& sessions() { return sessions_; }
  [[nodiscard]] const SessionTable& sessions() const { return sessions_; }

  // Whether `load` of a replica of that weight is within the bounds.
  [[nodiscard]] static bool within(const Bounds& bounds, Load load, Load total, std::uint32_t weight,
                                   std::uint64_t weight_sum);
  // The most that they let each account hold: the same figures, rounded down. The floors where the weights are 0.
  [[nodiscard]] static Load bound(const Bounds& bounds, Load total, std::uint32_t weight, std::uint64_t weight_sum);

  [[nodiscard]] std::uint32_t max_replicas() const { return max_replicas_; }
  [[nodiscard]] std::uint32_t max_pools() const { return max_pools_; }

 private:
  friend class Charge;
  // What a pick reads of a replica comes first: one cache line of it.
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> prefill{0};
    std::atomic<std::uint32_t> waiting{0};  // charges whose prefill is not released
    std::atomic<std::uint32_t> streams{0};
    Given given;
    Pace pace;  // of a pool: of whichever replica, for those of which nothing was seen yet
    std::atomic<std::uint64_t> charged{0};
    std::atomic<std::uint64_t> released{0};

    [[nodiscard]] Backlog backlog() const {
      return {waiting.load(std::memory_order_relaxed), prefill.load(std::memory_order_relaxed)};
    }
  };
  std::uint32_t max_replicas_;
  std::uint32_t max_pools_;
  std::unique_ptr<Slot[]> replicas_;
  std::unique_ptr<Slot[]> pools_;
  TokenTable tokens_;
  ReportTable reports_;
  SessionTable sessions_;
};

}  // namespace wp::balance
