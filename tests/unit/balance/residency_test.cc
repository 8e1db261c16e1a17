#include "dataplane/balance/residency.h"

#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/pick.h"
#include "dataplane/base/rng.h"

namespace wp::balance {
namespace {

using prompt::Rung;

// Rungs of a prompt that begins as others of that `family` do, and goes on as its own from rung `common` on.
std::vector<Rung> ladder_of(std::uint64_t family, std::uint64_t own, std::size_t rungs, std::size_t common) {
  std::vector<Rung> ladder;
  for (std::size_t i = 0; i < rungs; ++i) {
    ladder.push_back({mix64(mix64(i < common ? family : own) + i), static_cast<std::uint32_t>(256 * (i + 1))});
  }
  return ladder;
}

std::vector<std::uint32_t> ids_of(const Residency& residency, std::uint64_t hash) {
  std::vector<std::uint32_t> ids;
  const Holders holders = residency.holders(hash);
  for (const Holder& holder : holders.alive()) ids.push_back(holder.replica_id);
  return ids;
}

TEST(Residency, WhatWasSentIsHeldAndNothingElse) {
  Residency residency(1024, 8);
  const auto sent = ladder_of(1, 2, 5, 2);
  const Rung end[] = {{mix64(99), 1500}};
  residency.record(3, sent, end, 400, 0);
  for (const Rung& rung : sent) EXPECT_EQ(ids_of(residency, rung.hash), std::vector<std::uint32_t>{3});
  EXPECT_EQ(ids_of(residency, end[0].hash), std::vector<std::uint32_t>{3});
  EXPECT_TRUE(ids_of(residency, mix64(12345)).empty());
}

TEST(Residency, ARungMayHaveSeveralHolders) {
  Residency residency(1024, 8);
  const auto sent = ladder_of(1, 2, 1, 1);
  for (const std::uint32_t id : {1U, 4U, 1U, 6U}) residency.record(id, sent, {}, 1, 0);
  EXPECT_EQ(ids_of(residency, sent[0].hash), (std::vector<std::uint32_t>{1, 4, 6}));
}

TEST(Residency, AnEntryLivesAsLongAsWhatCameAfterItFitsIntoTheCache) {
  Residency residency(4096, 2);
  residency.set_capacity(0, 10'000);
  const auto first = ladder_of(1, 1, 1, 1);
  residency.record(0, first, {}, 1'000, 0);
  residency.record(0, ladder_of(2, 2, 1, 1), {}, 9'000, 0);
  EXPECT_EQ(ids_of(residency, first[0].hash).size(), 1U);
  residency.record(0, ladder_of(3, 3, 1, 1), {}, 2'000, 0);
  EXPECT_TRUE(ids_of(residency, first[0].hash).empty());
  residency.set_capacity(0, 0);  // nothing is known of it any more
  EXPECT_EQ(ids_of(residency, first[0].hash).size(), 1U);
}

TEST(Residency, UseKeepsAnEntryYoung) {
  Residency residency(4096, 2);
  residency.set_capacity(0, 10'000);
  const auto kept = ladder_of(1, 1, 1, 1);
  for (int i = 0; i < 20; ++i) {
    residency.record(0, kept, {}, 1, 0);
    residency.record(0, ladder_of(2, static_cast<std::uint64_t>(i), 1, 0), {}, 5'000, 0);
    EXPECT_EQ(ids_of(residency, kept[0].hash).size(), 1U) << i;
  }
}

// An LRU cache of 100,000 tokens answers: what was forgotten in it teaches how large it is.
TEST(Residency, TheCapacityIsLearnedFromReplies) {
  constexpr std::uint32_t kTrue = 100'000;
  Residency residency(4096, 2);
  EXPECT_EQ(residency.capacity(0), 0U);
  residency.learn(0, 5'000, 50'000, 5'000);  // it was there
  residency.learn(0, 100, 90'000, 0);        // too little to tell
  EXPECT_EQ(residency.capacity(0), 0U);
  Rng rng(3);
  for (int i = 0; i < 400; ++i) {
    const std::uint32_t age = rng.below(4 * kTrue);
    const bool believed = residency.capacity(0) == 0 || age <= residency.capacity(0);
    residency.learn(0, believed ? 5'000 : 0, age, age <= kTrue ? 5'000 : 0);
  }
  EXPECT_GT(residency.capacity(0), 0.7 * kTrue);
  EXPECT_LT(residency.capacity(0), 1.4 * kTrue);

  residency.set_capacity(0, 7'000);  // who knows is believed
  EXPECT_EQ(residency.capacity(0), 7'000U);
  residency.set_capacity(0, 0);
  residency.wipe(0);
  EXPECT_EQ(residency.capacity(0), 0U);
}

// An engine knows how large its cache is, and not how much of it is left for what was sent before.
TEST(Residency, TheBlocksOfACacheAreLearnedFromReplies) {
  Residency table(64, 2);
  EXPECT_EQ(table.block_tokens(0), 16U);
  table.learn_block(0, 0);
  EXPECT_EQ(table.block_tokens(0), 16U);
  table.learn_block(0, 3 * 4'096);
  EXPECT_EQ(table.block_tokens(0), 1'024U);  // more than that is chance
  table.learn_block(0, 5 * 64);
  EXPECT_EQ(table.block_tokens(0), 64U);
  table.learn_block(0, 4'096);
  EXPECT_EQ(table.block_tokens(0), 64U);
  EXPECT_EQ(table.block_tokens(1), 16U);
  table.wipe(0);
  EXPECT_EQ(table.block_tokens(0), 16U);
}

TEST(Residency, TheEngineBoundsWhatIsLearned) {
  Residency residency(4096, 2);
  residency.set_bound(0, 20'000);
  EXPECT_EQ(residency.capacity(0), 20'000U);
  residency.learn(0, 5'000, 90'000, 0);
  EXPECT_EQ(residency.capacity(0), 20'000U);
  residency.wipe(0);
  residency.learn(0, 5'000, 12'000, 0);
  EXPECT_EQ(residency.capacity(0), 12'000U) << "whoever starts anew tells it again";
  residency.set_bound(0, 20'000);
  EXPECT_EQ(residency.capacity(0), 12'000U);
  residency.set_capacity(0, 50'000);
  EXPECT_EQ(residency.capacity(0), 50'000U) << "who configured it is believed";
}

TEST(Residency, WhatWasSentAndBelievedAddsUp) {
  Residency residency(4096, 2);
  residency.record(1, ladder_of(1, 1, 1, 1), {}, 700, 0);
  residency.believe(1, 300, 10 * Residency::kTokensPerTick + 5);
  residency.record(1, ladder_of(1, 1, 1, 1), {}, 50, 0);
  residency.believe(1, 0, 99'999);
  const Residency::Sent sent = residency.sent(1);
  EXPECT_EQ(sent.uncached, 750U);
  EXPECT_EQ(sent.believed, 300U);
  EXPECT_EQ(sent.ages, 3'000U);
  EXPECT_EQ(residency.sent(0).uncached, 0U);
}

TEST(Residency, TheClocksOfReplicasAreTheirOwn) {
  Residency residency(4096, 2);
  residency.set_capacity(0, 1'000);
  residency.set_capacity(1, 1'000);
  const auto sent = ladder_of(1, 1, 1, 1);
  residency.record(0, sent, {}, 1, 0);
  residency.record(1, sent, {}, 1, 0);
  residency.record(0, ladder_of(2, 2, 1, 1), {}, 5'000, 0);
  EXPECT_EQ(ids_of(residency, sent[0].hash), std::vector<std::uint32_t>{1});
}

TEST(Residency, TheEndOfAPromptGoesFirst) {
  Residency residency(1024, 1);
  residency.set_capacity(0, 10'000);
  const auto sent = ladder_of(1, 1, 1, 1);
  residency.record(0, sent, {}, 8'000, 0);
  residency.record(0, ladder_of(2, 2, 1, 1), {}, 4'000, 0);
  EXPECT_EQ(residency.holders(sent[0].hash, 5'000).count, 1U);
  EXPECT_EQ(residency.holders(sent[0].hash, 7'000).count, 0U);
  residency.set_capacity(0, 0);
  EXPECT_EQ(residency.holders(sent[0].hash, 7'000).count, 1U);
}

TEST(Residency, ACacheIsTooSmallForWhatItForgotAndWhatCameSince) {
  Residency residency(1024, 1);
  learn(residency, {.replica = {0, 1}, .expected_cached = 5'000, .expected_age = 20'000, .cached_tokens = 0});
  EXPECT_EQ(residency.capacity(0), 25'000U);
}

TEST(Residency, AWipedReplicaHoldsNothingAndStartsAnew) {
  Residency residency(1024, 2);
  const auto sent = ladder_of(1, 1, 3, 3);
  residency.record(0, sent, {}, 1, 0);
  residency.record(1, sent, {}, 1, 0);
  residency.wipe(0);
  EXPECT_EQ(ids_of(residency, sent[2].hash), std::vector<std::uint32_t>{1});
  residency.record(0, sent, {}, 1, 0);
  EXPECT_EQ(ids_of(residency, sent[2].hash).size(), 2U);
}

// One line: what is dead goes first, then what is oldest.
TEST(Residency, AFullLineForgetsTheDeadThenTheOldest) {
  Residency residency(1, 4);
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t i = 0; i < Residency::kWays; ++i) {
    hashes.push_back(mix64(i + 1));
    const Rung rung[] = {{hashes.back(), 256}};
    residency.record(i == 5 ? 1 : 0, rung, {}, 1'000, 0);
  }
  residency.wipe(1);
  const Rung next[] = {{mix64(100), 256}};
  residency.record(0, next, {}, 1'000, 0);
  EXPECT_EQ(ids_of(residency, next[0].hash).size(), 1U);
  EXPECT_EQ(ids_of(residency, hashes[0]).size(), 1U);  // the dead one's place was taken

  const Rung last[] = {{mix64(101), 256}};
  residency.record(0, last, {}, 1'000, 0);
  EXPECT_TRUE(ids_of(residency, hashes[0]).empty());
  EXPECT_EQ(ids_of(residency, hashes[1]).size(), 1U);
}

TEST(Residency, FanOutCountsConversationsNotRequests) {
  Residency residency(4096, 2);
  const std::uint64_t root = ladder_of(1, 0, 3, 3)[2].hash;
  for (std::uint64_t conversation = 1; conversation <= 12; ++conversation) {
    for (int turn = 0; turn < 5; ++turn) residency.record(0, ladder_of(1, conversation, 5, 3), {}, 1, 0);
  }
  EXPECT_GE(residency.fan_out(root), 9U);
  EXPECT_LE(residency.fan_out(root), 15U);
  EXPECT_EQ(residency.fan_out(ladder_of(1, 7, 5, 3)[3].hash), 1U);
  EXPECT_EQ(residency.fan_out(mix64(4711)), 0U);
}

// An agent that branches from one history a hundred times is one conversation.
TEST(Residency, WhatMayBeCommonIsKnownWithoutALook) {
  Residency residency(1024, 8);
  const auto lone = ladder_of(1, 2, 6, 0);
  residency.record(3, lone, {}, 1, 0, 4);
  for (std::uint32_t id = 0; id < 3; ++id) residency.record(id, ladder_of(7, 8, 2, 0), {}, 1, 0, 4);
  for (const Rung& rung : lone) EXPECT_FALSE(residency.may_be_common(rung.hash));
  const std::uint64_t held = ladder_of(7, 8, 2, 0)[1].hash;
  EXPECT_FALSE(residency.may_be_common(held));
  residency.record(3, ladder_of(7, 8, 2, 0), {}, 1, 0, 4);
  EXPECT_TRUE(residency.may_be_common(held));

  const std::uint64_t root = ladder_of(9, 9, 3, 3)[2].hash;
  for (std::uint64_t own = 100; residency.fan_out(root) < Residency::kManyChildren; ++own) {
    EXPECT_FALSE(residency.may_be_common(root));
    residency.record(5, ladder_of(9, own, 5, 3), {}, 1, 0, 4);
  }
  EXPECT_TRUE(residency.may_be_common(root));
}

TEST(Residency, BranchesOfOneSessionAreNoFanOut) {
  Residency residency(4096, 2);
  for (std::uint64_t branch = 1; branch <= 100; ++branch) {
    residency.record(0, ladder_of(1, branch, 5, 3), {}, 1, 42);
  }
  EXPECT_EQ(residency.fan_out(ladder_of(1, 0, 3, 3)[2].hash), 1U);
}

TEST(Residency, ManyPrefixesAreRememberedAtOnce) {
  Residency residency(4096, 16);
  for (std::uint64_t i = 0; i < 8'192; ++i) {
    const Rung rung[] = {{mix64(i), 256}};
    residency.record(static_cast<std::uint32_t>(i % 16), rung, {}, 1, 0);
  }
  // A quarter full: lines overflow by chance only.
  std::uint32_t found = 0;
  for (std::uint64_t i = 0; i < 8'192; ++i) {
    const auto ids = ids_of(residency, mix64(i));
    found += ids.size() == 1 && ids[0] == i % 16 ? 1 : 0;
  }
  EXPECT_GT(found, 8'190U);
}

// Shards write the same few lines while the control thread wipes: whatever is read was written by somebody.
TEST(Residency, ShardsWriteAtOnce) {
  constexpr std::uint32_t kReplicas = 8;
  Residency residency(16, kReplicas);
  {
    std::vector<std::jthread> shards;
    for (std::uint64_t shard = 0; shard < 3; ++shard) {
      shards.emplace_back([&residency, shard] {
        Rng rng(shard);
        for (int i = 0; i < 3'000; ++i) {
          const auto ladder = ladder_of(1, rng.below(30), 6, 2);
          residency.record(rng.below(kReplicas), ladder, {}, rng.below(2'000), rng.below(3));
          for (const Rung& rung : ladder) {
            for (const std::uint32_t id : ids_of(residency, rung.hash)) EXPECT_LT(id, kMaxReplicaIds);
          }
          residency.learn(rng.below(kReplicas), 1'000, rng.below(50'000), rng.below(2'000));
        }
      });
    }
    for (std::uint32_t i = 0; i < 300; ++i) {
      residency.wipe(i % kReplicas);
      residency.set_capacity(i % kReplicas, i % 3 * 10'000);
    }
  }
  for (std::uint32_t id = 0; id < kReplicas; ++id) residency.wipe(id);
  EXPECT_TRUE(ids_of(residency, ladder_of(1, 0, 6, 2)[0].hash).empty());
}

}  // namespace
}  // namespace wp::balance
