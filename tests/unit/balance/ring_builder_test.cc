#include "dataplane/balance/ring_builder.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::balance {
namespace {

using Members = std::map<std::uint64_t, std::uint32_t>;  // identity -> weight

std::vector<RingMember> list(const Members& members) {
  std::vector<RingMember> result;
  for (const auto& [identity, weight] : members) result.push_back({identity, weight});
  return result;
}

Ring from_scratch(const std::vector<RingMember>& members, std::uint32_t slots) {
  RingBuilder builder(slots);
  EXPECT_TRUE(builder.assign(members));
  return *builder.build();
}

// The inverse of x ^= x >> shift.
std::uint64_t undo_shift(std::uint64_t x, unsigned shift) {
  std::uint64_t result = x;
  for (unsigned done = shift; done < 64; done += shift) result = x ^ (result >> shift);
  return result;
}

// The inverse of an odd factor modulo 2^64, by Newton's steps, each of which doubles the bits that are right.
std::uint64_t inverse(std::uint64_t factor) {
  std::uint64_t result = factor;
  for (int step = 0; step < 6; ++step) result *= 2 - factor * result;
  return result;
}

std::uint64_t unmix64(std::uint64_t x) {
  x = undo_shift(x, 31) * inverse(0x94d049bb133111ebULL);
  x = undo_shift(x, 27) * inverse(0xbf58476d1ce4e5b9ULL);
  return undo_shift(x, 30) - 0x9e3779b97f4a7c15ULL;
}

TEST(RingBuilder, RefusesWhatDoesNotFitAndChangesNothing) {
  RingBuilder builder(64);
  ASSERT_TRUE(builder.add({1, 100}));
  ASSERT_TRUE(builder.add({2, 100}));
  const auto ring = builder.build();
  EXPECT_FALSE(builder.add({1, 200}));
  EXPECT_FALSE(builder.remove(3));
  EXPECT_FALSE(builder.set_weight(3, 100));
  EXPECT_FALSE(builder.assign(std::vector<RingMember>{{5, 100}, {6, 100}, {5, 100}}));
  EXPECT_EQ(builder.members(), 2U);
  EXPECT_EQ(builder.build(), ring);
}

TEST(RingBuilder, GivesTheSameObjectUntilAChange) {
  RingBuilder builder(64);
  ASSERT_TRUE(builder.add({1, 100}));
  const auto ring = builder.build();
  EXPECT_EQ(builder.build(), ring);
  ASSERT_TRUE(builder.set_weight(1, 100));
  ASSERT_TRUE(builder.assign(std::vector<RingMember>{{1, 100}}));
  EXPECT_EQ(builder.build(), ring) << "nothing has changed";
  ASSERT_TRUE(builder.add({2, 100}));
  EXPECT_NE(builder.build(), ring);
  EXPECT_EQ(ring->members(), 1U) << "what was handed out stays as it was";
}

TEST(RingBuilderDeathTest, WeightsAndSlotsOutOfRangeAreAWrongProgram) {
  const auto add_weight = [](std::uint32_t weight) { return RingBuilder(8).add({1, weight}); };
  EXPECT_TRUE(add_weight(kMaxWeight));
  EXPECT_DEATH(static_cast<void>(add_weight(0)), "assertion failed");
  EXPECT_DEATH(static_cast<void>(add_weight(kMaxWeight + 1)), "assertion failed");
  EXPECT_DEATH(RingBuilder(0), "assertion failed");
}

TEST(RingBuilder, TheOrderOfAddsDoesNotMatter) {
  Rng rng(5);
  std::vector<RingMember> members;
  for (int i = 0; i < 20; ++i) members.push_back({rng.next(), rng.between(1, kMaxWeight)});
  const Ring expected = from_scratch(members, 500);
  for (int shuffle = 0; shuffle < 10; ++shuffle) {
    for (std::size_t i = members.size() - 1; i > 0; --i) {
      std::swap(members[i], members[rng.below(static_cast<std::uint32_t>(i + 1))]);
    }
    RingBuilder builder(500);
    for (const RingMember& member : members) ASSERT_TRUE(builder.add(member));
    ASSERT_EQ(*builder.build(), expected);
  }
}

// Equal scores cannot be waited for: hashes that differ only in the bit that the score drops, turned back into
// identities.
TEST(RingBuilder, EqualScoresAreOrderedByIdentity) {
  Rng rng(9);
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t hash = rng.next();
    const std::uint64_t a = unmix64(hash) ^ mix64(0);
    const std::uint64_t b = unmix64(hash ^ 1U) ^ mix64(0);
    ASSERT_EQ(mix64(mix64(0) ^ a), hash);
    for (const auto& [first, second] : {std::pair(a, b), std::pair(b, a)}) {
      RingBuilder builder(1);
      ASSERT_TRUE(builder.add({first, 100}));
      ASSERT_TRUE(builder.add({second, 100}));
      ASSERT_EQ(builder.build()->order(0).front(), 0U) << "the lower identity";
    }
  }
}

TEST(RingBuilder, MembersAreNumberedByAscendingIdentity) {
  RingBuilder builder(256);
  for (const std::uint64_t identity : {30U, 10U, 20U}) ASSERT_TRUE(builder.add({identity, 100}));
  ASSERT_TRUE(builder.set_weight(30, kMaxWeight));
  ASSERT_TRUE(builder.set_weight(10, 1));
  const auto three = builder.build();
  EXPECT_GT(three->owned(2), three->owned(1));
  EXPECT_GT(three->owned(1), three->owned(0));
  ASSERT_TRUE(builder.remove(10));
  const auto two = builder.build();
  EXPECT_EQ(two->members(), 2U);
  EXPECT_GT(two->owned(1), two->owned(0)) << "30 is now number 1";
}

// Any sequence of additions, removals, weights and assignments ends in the ring that a build from scratch makes, bit by
// bit: sizes around the depth, so that rows run short and fill again, and places that are used again.
TEST(RingBuilder, IncrementalChangesEqualABuildFromScratch) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Rng rng(seed);
    const std::uint32_t slots = rng.between(1, 400);
    const std::uint32_t most = rng.between(1, 24);
    RingBuilder builder(slots);
    Members members;
    for (int step = 0; step < 120; ++step) {
      const std::uint64_t identity = mix64(rng.below(2 * most));
      const std::uint32_t weight = rng.chance(0.5) ? 100 : rng.between(1, kMaxWeight);
      const bool there = members.contains(identity);
      switch (rng.below(5)) {
        case 0:
        case 1:
          if (!there && members.size() >= most) break;
          ASSERT_EQ(builder.add({identity, weight}), !there);
          members.emplace(identity, weight);
          break;
        case 2:
          ASSERT_EQ(builder.remove(identity), there);
          members.erase(identity);
          break;
        case 3:
          ASSERT_EQ(builder.set_weight(identity, weight), there);
          if (there) members[identity] = weight;
          break;
        default:
          // Sometimes one change, which is made in place, sometimes many, which is not.
          for (std::uint32_t changes = rng.below(3) == 0 ? most : 1; changes > 0; --changes) {
            const std::uint64_t other = mix64(rng.below(2 * most));
            if (rng.chance(0.5)) members[other] = weight;
            if (rng.chance(0.4)) members.erase(other);
          }
          ASSERT_TRUE(builder.assign(list(members)));
      }
      ASSERT_EQ(builder.members(), members.size());
      ASSERT_EQ(*builder.build(), from_scratch(list(members), slots)) << "seed " << seed << " step " << step;
    }
  }
}

TEST(RingBuilder, ManyMembersChangeInPlace) {
  constexpr std::uint32_t kSlots = 2'048;
  Members members;
  for (std::uint64_t i = 0; i < 300; ++i) members[mix64(i)] = 100;
  RingBuilder builder(kSlots);
  ASSERT_TRUE(builder.assign(list(members)));
  members.erase(mix64(7));
  members[mix64(8)] = 500;
  members[mix64(1'000)] = 100;
  ASSERT_TRUE(builder.assign(list(members)));
  EXPECT_EQ(*builder.build(), from_scratch(list(members), kSlots));
}

TEST(RingBuilder, EmptiesAndFillsAgain) {
  RingBuilder builder(100);
  ASSERT_TRUE(builder.add({1, 100}));
  const Ring one = *builder.build();
  ASSERT_TRUE(builder.remove(1));
  EXPECT_EQ(builder.build()->members(), 0U);
  EXPECT_TRUE(builder.build()->order(5).empty());
  ASSERT_TRUE(builder.assign({}));
  ASSERT_TRUE(builder.add({1, 100}));
  EXPECT_EQ(*builder.build(), one);
}

}  // namespace
}  // namespace wp::balance
