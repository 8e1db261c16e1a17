// Shards that race: picks and charges from several threads over the same accounts. Verdicts are invariants that hold in
// every interleaving, and each is shown to be breakable by the same run without the bound.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/accounts.h"
#include "dataplane/balance/pick.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using testing::Fleet;

constexpr std::uint32_t kShards = 4;
constexpr std::uint32_t kReplicas = 8;
constexpr std::uint64_t kHotSession = 77;

// Runs one shard a thread, all let go at once.
void race(const std::function<void(std::uint32_t shard)>& shard_main) {
  std::atomic<std::uint32_t> waiting{kShards};
  std::vector<std::thread> shards;
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    shards.emplace_back([&, shard] {
      waiting.fetch_sub(1);
      while (waiting.load() != 0) std::this_thread::yield();
      shard_main(shard);
    });
  }
  for (std::thread& shard : shards) shard.join();
}

struct Extremes {
  std::uint64_t most = 0;    // streams of the fullest replica
  std::uint64_t beyond = 0;  // how many it has above its bound
};

// Every shard sends `requests` requests of one hot session and ends none of them: the total only grows, so the bound at
// each pick is at most the bound at the end.
Extremes pile_up(const Bounds& bounds, std::uint32_t requests) {
  Fleet fleet(kReplicas, Strategy::prefix);
  fleet.pool().bounds = bounds;
  std::vector<std::vector<Charge>> held(kShards);
  race([&](std::uint32_t shard) {
    Rng rng(shard + 1);
    std::uint32_t turn = shard;
    prompt::Features features;
    features.session = kHotSession;
    for (std::uint32_t i = 0; i < requests; ++i) {
      const PickInput input{fleet.snapshot, fleet.pool(), fleet.accounts, rng, turn, {}, features};
      const Pick picked = pick(input);
      held[shard].push_back(fleet.accounts.charge(picked.replica->ref, 0, 0, {}));
    }
  });
  EXPECT_EQ(fleet.accounts.total(0).streams, std::uint64_t{kShards} * requests);
  Extremes extremes;
  const double share = bounds.factor * static_cast<double>(fleet.accounts.total(0).streams) / kReplicas;
  const std::uint64_t bound = std::max<std::uint64_t>(bounds.streams_floor, static_cast<std::uint64_t>(share));
  for (std::uint32_t id = 0; id < kReplicas; ++id) {
    extremes.most = std::max(extremes.most, fleet.accounts.load(id).streams);
  }
  extremes.beyond = extremes.most > bound ? extremes.most - bound : 0;
  return extremes;
}

TEST(AccountsRace, AGrowingPoolExceedsItsBoundByAtMostOneRequestAShard) {
  const Bounds bounds{.factor = 1.25, .prefill_floor = UINT64_MAX, .streams_floor = 16};
  const Extremes extremes = pile_up(bounds, 1'000);
  EXPECT_LE(extremes.beyond, kShards);
  EXPECT_GE(extremes.most, 500U) << "at least the mean: all were charged";
}

// The same run where the floor leaves the check nothing to refuse: all of it lands on the session's own replica.
TEST(AccountsRace, WithoutABoundTheHotReplicaGetsEverything) {
  const Bounds bounds{.factor = 1.25, .prefill_floor = UINT64_MAX, .streams_floor = UINT32_MAX};
  EXPECT_EQ(pile_up(bounds, 1'000).most, 4'000U);
}

constexpr std::uint32_t kHeld = 24;  // requests that a busy shard has under way

// Requests come and end, and the floor is the bound throughout: 4 shards hold at most 24 each, and 1.25 * 96 / 8 is
// below 16. What a replica has right after a charge, this one included, is the bound, and one for every shard.
std::uint64_t highest_while_busy(const Bounds& bounds) {
  Fleet fleet(kReplicas, Strategy::prefix);
  fleet.pool().bounds = bounds;
  std::atomic<std::uint64_t> highest{0};
  race([&](std::uint32_t shard) {
    Rng rng(shard + 1);
    std::uint32_t turn = shard;
    prompt::Features features;
    features.session = kHotSession;
    std::vector<Charge> held;
    std::uint64_t seen = 0;
    for (std::uint32_t i = 0; i < 5'000; ++i) {
      if (held.size() == kHeld) {
        std::swap(held[rng.below(kHeld)], held.back());
        held.pop_back();
      }
      const PickInput input{fleet.snapshot, fleet.pool(), fleet.accounts, rng, turn, {}, features};
      const Pick picked = pick(input);
      held.push_back(fleet.accounts.charge(picked.replica->ref, 0, 64, {}));
      seen = std::max(seen, fleet.accounts.load(picked.replica->ref.id).streams);
      if (rng.below(2) == 0) held.back().release_prefill();
    }
    std::uint64_t before = highest.load();
    while (seen > before && !highest.compare_exchange_weak(before, seen)) {
    }
  });
  for (std::uint32_t id = 0; id < kReplicas; ++id) {
    EXPECT_EQ(fleet.accounts.load(id).prefill, 0U) << id;
    EXPECT_EQ(fleet.accounts.load(id).streams, 0U) << id;
    EXPECT_EQ(fleet.accounts.charged(id), fleet.accounts.released(id)) << id;
  }
  EXPECT_EQ(fleet.accounts.total(0).prefill, 0U);
  EXPECT_EQ(fleet.accounts.total(0).streams, 0U);
  EXPECT_EQ(fleet.accounts.given_to_pool(0, {}), std::uint64_t{kShards} * 5'000 * 64);
  return highest.load();
}

TEST(AccountsRace, ABusyPoolKeepsToTheBoundAndIsZeroAtTheEnd) {
  const Bounds bounds{.factor = 1.25, .prefill_floor = UINT64_MAX, .streams_floor = 16};
  EXPECT_LE(highest_while_busy(bounds), 16U + kShards);
}

// Each shard alone holds 24 at a time of the one session, so without the check no interleaving stays within 20.
TEST(AccountsRace, TheBusyRunWithoutABoundGoesBeyondIt) {
  const Bounds bounds{.factor = 1.25, .prefill_floor = UINT64_MAX, .streams_floor = UINT32_MAX};
  EXPECT_GT(highest_while_busy(bounds), 16U + kShards);
}

// Charges cross threads as they cross from an exchange to its retry: made in one, moved, released in another.
TEST(AccountsRace, ChargesReleasedByAnotherThreadLeaveNothing) {
  constexpr std::uint32_t kCharges = 4'000;
  Accounts accounts(2, 1);
  std::vector<Charge> charges;
  for (std::uint32_t i = 0; i < kCharges; ++i) charges.push_back(accounts.charge({i % 2, 1}, 0, i, {}));
  race([&](std::uint32_t shard) {
    for (std::uint32_t i = shard; i < kCharges; i += kShards) {
      Charge mine = std::move(charges[i]);
      if (i % 3 == 0) mine.release_prefill();
      if (i % 5 == 0) mine.release();
      const Charge extra = accounts.charge({i % 2, 1}, 0, 1, {});
    }
  });
  for (std::uint32_t id = 0; id < 2; ++id) {
    EXPECT_EQ(accounts.load(id).prefill, 0U);
    EXPECT_EQ(accounts.load(id).streams, 0U);
    EXPECT_EQ(accounts.charged(id), kCharges);
    EXPECT_EQ(accounts.released(id), kCharges);
  }
  EXPECT_EQ(accounts.total(0).prefill, 0U);
  EXPECT_EQ(accounts.total(0).streams, 0U);
}

}  // namespace
}  // namespace wp::balance
