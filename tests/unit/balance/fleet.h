// A pool of replicas for tests of picks: a sealed snapshot with its ring, accounts to load, and what a shard passes in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/accounts.h"
#include "dataplane/balance/pick.h"
#include "dataplane/balance/ring_builder.h"
#include "dataplane/balance/seal.h"
#include "dataplane/balance/snapshot.h"
#include "dataplane/base/rng.h"

namespace wp::balance::testing {

inline std::string name_of(std::uint32_t i) {
  return "replica-" + std::to_string(i) + ":8000";
}

inline Replica replica_of(std::uint32_t i, std::uint32_t weight = 100) {
  Replica replica;
  replica.ref = {i, 1};
  replica.name = name_of(i);
  replica.endpoints.push_back({.port = 8000, .family = Endpoint::Family::v4});
  replica.weight = weight;
  return replica;
}

class Fleet {
 public:
  explicit Fleet(std::uint32_t size, Strategy strategy = Strategy::prefix) : Fleet(equal(size), strategy) {}

  Fleet(std::vector<std::uint32_t> weights, Strategy strategy, std::uint32_t ring_slots = kRingSlots)
      : accounts(static_cast<std::uint32_t>(weights.size()), 1), builder_(ring_slots) {
    Pool pool;
    pool.strategy = strategy;
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      snapshot.replicas.push_back(replica_of(i, weights[i]));
      pool.members.push_back(static_cast<std::uint16_t>(i));
    }
    snapshot.pools.push_back(pool);
    reseal();
  }

  // After a change of the snapshot.
  void reseal() {
    seal(snapshot);
    EXPECT_TRUE(builder_.assign(ring_members(snapshot, pool())));
    pool().ring = builder_.build();
  }

  Pool& pool() { return snapshot.pools.front(); }
  const Replica& replica(std::uint32_t id) const { return snapshot.replicas[id]; }

  PickInput input(std::uint64_t session, std::uint64_t first_chunk = 1, std::span<const ReplicaRef> excluded = {}) {
    features.session = session;
    features.first_chunk = first_chunk;
    features.estimated_tokens = 1;
    return {snapshot, pool(), accounts, rng, turn, now, features, &residency, excluded};
  }
  // With the features as they are.
  PickInput input_again() { return {snapshot, pool(), accounts, rng, turn, now, features, &residency, {}}; }

  // Holds a charge until the fleet goes away.
  void load(std::uint32_t id, std::uint32_t prefill, std::uint32_t streams = 1) {
    for (std::uint32_t i = 0; i < streams; ++i) held.push_back(accounts.charge({id, 1}, 0, i == 0 ? prefill : 0, now));
  }

  // So many tokens to each, and done: no small charge makes anybody's share of the long run too large from then on.
  void give_all(std::uint32_t tokens) {
    for (const Replica& replica : snapshot.replicas) {
      static_cast<void>(accounts.charge(replica.ref, 0, tokens, now));
    }
  }

  // The ids that the ring walks through for a key.
  std::vector<std::uint32_t> walk(std::uint64_t key) {
    std::vector<std::uint32_t> ids;
    for (const std::uint16_t member : pool().ring->order(key)) {
      ids.push_back(snapshot.replicas[pool().pickable[member]].ref.id);
    }
    return ids;
  }

  Snapshot snapshot;
  Accounts accounts;
  Residency residency{1024, 4096, 1024};
  prompt::Features features;  // what input() refers to
  Instant now;
  Rng rng{1};
  std::uint32_t turn = 0;
  std::vector<Charge> held;

 private:
  static constexpr std::uint32_t kRingSlots = 4096;

  static std::vector<std::uint32_t> equal(std::uint32_t size) { return std::vector<std::uint32_t>(size, 100); }

  RingBuilder builder_;
};

}  // namespace wp::balance::testing
