// What a ring promises to sessions: balance, weights, and that a change moves only what it must.

#include "dataplane/balance/ring.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/ring_builder.h"
#include "dataplane/base/rng.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

constexpr std::uint32_t kKeys = 10'000;

RingMember member_of(std::uint32_t i, std::uint32_t weight = 100) {
  return {ring_identity(testing::name_of(i)), weight};
}

std::vector<RingMember> members_of(std::uint32_t count) {
  std::vector<RingMember> members;
  for (std::uint32_t i = 0; i < count; ++i) members.push_back(member_of(i));
  return members;
}

// A ring whose order is told as identities, which do not change with the members.
struct Named {
  explicit Named(const std::vector<RingMember>& members, std::uint32_t slots = kDefaultRingSlots) {
    RingBuilder builder(slots);
    EXPECT_TRUE(builder.assign(members));
    ring = builder.build();
    for (const RingMember& member : members) identities.push_back(member.identity);
    std::sort(identities.begin(), identities.end());
  }
  std::vector<std::uint64_t> order(std::uint64_t key) const {
    std::vector<std::uint64_t> result;
    for (const std::uint16_t member : ring->order(key)) result.push_back(identities[member]);
    return result;
  }
  std::uint32_t owned(std::uint64_t identity) const {
    const auto at = std::lower_bound(identities.begin(), identities.end(), identity);
    return ring->owned(static_cast<std::uint16_t>(at - identities.begin()));
  }
  std::shared_ptr<const Ring> ring;
  std::vector<std::uint64_t> identities;
};

// The fullest member's slots over the mean.
double imbalance(const Named& named) {
  std::uint32_t most = 0;
  for (const std::uint64_t identity : named.identities) most = std::max(most, named.owned(identity));
  return most * static_cast<double>(named.identities.size()) / named.ring->slots();
}

TEST(Ring, IdentityIsXxh3) {
  EXPECT_EQ(ring_identity(""), 0x2d06800538d394c2ULL);  // published test value of XXH3_64bits of nothing
  EXPECT_NE(ring_identity("a:80"), ring_identity("b:80"));
}

TEST(Ring, WithoutMembersHasNoOrder) {
  EXPECT_TRUE(Ring().order(1).empty());
  EXPECT_EQ(Ring().members(), 0U);
  const Named empty({});
  EXPECT_TRUE(empty.ring->order(1).empty());
  EXPECT_EQ(empty.ring->slots(), kDefaultRingSlots);
}

TEST(Ring, AWalkNamesEachMemberOnce) {
  for (const std::uint32_t count : {1U, 5U, 8U, 9U, 40U}) {
    const Named named(members_of(count), 1'000);
    EXPECT_EQ(named.ring->members(), count);
    for (std::uint64_t key = 0; key < 200; ++key) {
      std::vector<std::uint64_t> walk = named.order(key);
      ASSERT_EQ(walk.size(), std::min(count, kRingDepth));
      std::sort(walk.begin(), walk.end());
      ASSERT_EQ(std::adjacent_find(walk.begin(), walk.end()), walk.end());
    }
  }
}

TEST(Ring, OwnedSlotsAddUp) {
  const Named named(members_of(12), 1'000);
  std::uint32_t sum = 0;
  for (const std::uint64_t identity : named.identities) sum += named.owned(identity);
  EXPECT_EQ(sum, 1'000U);
}

// Ownership of a slot is a fair draw, so a member's slots deviate by their root: 1 % of 8,192 and 3 % of 1,024 (whose
// largest of 64 is then about 8 % over). Whoever wants 64 members within 5 % gives the ring 2^18 slots.
TEST(Ring, EqualMembersOwnEqualParts) {
  EXPECT_LT(imbalance(Named(members_of(8))), 1.05);
  EXPECT_LT(imbalance(Named(members_of(64))), 1.12);
  EXPECT_LT(imbalance(Named(members_of(64), 1U << 18U)), 1.05);
}

// Over many sets of members the slots deviate as independent draws would, no more: the mean of chi-square over its
// degrees of freedom is 1.
TEST(Ring, TheDrawsAreAsGoodAsIndependent) {
  constexpr std::uint32_t kSlots = 8'192;
  for (const std::uint32_t count : {3U, 16U}) {
    double sum = 0;
    constexpr int kSets = 60;
    for (int set = 0; set < kSets; ++set) {
      std::vector<RingMember> members;
      for (std::uint64_t i = 0; i < count; ++i) members.push_back({std::uint64_t(set) * 100 + i, 100});
      const Named named(members, kSlots);
      const double mean = static_cast<double>(kSlots) / count;
      for (const std::uint64_t identity : named.identities) {
        const double off = named.owned(identity) - mean;
        sum += off * off / mean / (count - 1);
      }
    }
    EXPECT_NEAR(sum / kSets, 1.0, 0.4) << count;
  }
}

TEST(Ring, SlotsFollowTheWeights) {
  const std::vector<std::uint32_t> weights = {50, 100, 100, 150, 200, 300, 400, 1'000};
  std::vector<RingMember> members;
  for (std::uint32_t i = 0; i < weights.size(); ++i) members.push_back(member_of(i, weights[i]));
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const Named named(members);
  for (const RingMember& member : members) {
    const double share = member.weight / sum * kDefaultRingSlots;
    EXPECT_NEAR(named.owned(member.identity), share, share * 0.05) << member.weight;
  }
}

TEST(Ring, KeysFallEvenlyEvenWhenTheyAreConsecutive) {
  const Named named(members_of(8));
  for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{1} << 32U, std::uint64_t{1} << 48U}) {
    std::vector<std::uint32_t> counts(8);
    for (std::uint64_t i = 0; i < kKeys; ++i) ++counts[named.ring->order(i * step).front()];
    for (const std::uint32_t count : counts) EXPECT_NEAR(count, kKeys / 8, 200) << step;
  }
}

// Of 10,000 sessions over 8 replicas, exactly those of the one that left move, each to the one that was its second.
TEST(Ring, RemovalMovesOnlyTheKeysOfTheOneThatLeft) {
  const std::vector<RingMember> all = members_of(8);
  const Named before(all);
  for (const RingMember& gone : all) {
    std::vector<RingMember> rest;
    std::copy_if(all.begin(), all.end(), std::back_inserter(rest), [&](auto m) { return m.identity != gone.identity; });
    const Named after(rest);
    std::uint32_t moved = 0;
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      const std::uint64_t key = mix64(i);
      std::vector<std::uint64_t> expected = before.order(key);
      moved += expected.front() == gone.identity ? 1U : 0U;
      std::erase(expected, gone.identity);
      ASSERT_EQ(after.order(key), expected) << "the rest of the walk keeps its order";
    }
    EXPECT_NEAR(moved, kKeys / 8, 200);
  }
}

TEST(Ring, AdditionMovesKeysOnlyToTheNewOne) {
  const Named before(members_of(8));
  const Named after(members_of(9));
  const std::uint64_t fresh = member_of(8).identity;
  std::uint32_t moved = 0;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    const std::uint64_t key = mix64(i);
    const std::vector<std::uint64_t> was = before.order(key);
    std::vector<std::uint64_t> is = after.order(key);
    if (is.front() != was.front()) {
      ++moved;
      ASSERT_EQ(is.front(), fresh);
      ASSERT_EQ(is[1], was[0]) << "the old first is where it overflows to";
    }
    std::erase(is, fresh);
    ASSERT_TRUE(std::equal(is.begin(), is.end(), was.begin()));
  }
  EXPECT_GT(moved, 0U);
  EXPECT_LE(moved, kKeys * (1.0 / 9 + 0.02));
}

TEST(Ring, MoreWeightTakesKeysAndGivesNone) {
  std::vector<RingMember> members = members_of(8);
  const Named before(members);
  members[3].weight = 150;
  const Named after(members);
  std::uint32_t moved = 0;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    const std::uint64_t was = before.order(mix64(i)).front();
    const std::uint64_t is = after.order(mix64(i)).front();
    if (is == was) continue;
    ++moved;
    ASSERT_EQ(is, members[3].identity);
  }
  EXPECT_NEAR(moved, kKeys * (150.0 / 850 - 100.0 / 800), 120);
}

// Pinned: nodes of different versions must agree. Made with an independent model of the rule, on exact logarithms.
TEST(Ring, IsTheSameAsEver) {
  constexpr std::uint32_t kWeights[] = {100, 50, 200, 1'000, 1};
  std::vector<RingMember> members;
  for (std::uint32_t i = 1; i <= 12; ++i) members.push_back({mix64(i), kWeights[i % 5]});
  const Named named(members, 1'009);
  const auto walk = [&](std::uint64_t key) {
    const auto order = named.ring->order(key);
    return std::vector<std::uint16_t>(order.begin(), order.end());
  };
  EXPECT_EQ(walk(0), (std::vector<std::uint16_t>{9, 1, 3, 6, 0, 8, 4, 7}));
  EXPECT_EQ(walk(1), (std::vector<std::uint16_t>{1, 8, 11, 9, 4, 0, 3, 2}));
  EXPECT_EQ(walk(0xdeadbeef), (std::vector<std::uint16_t>{1, 9, 3, 10, 0, 8, 4, 7}));
  EXPECT_EQ(walk(UINT64_MAX), (std::vector<std::uint16_t>{3, 9, 1, 8, 7, 0, 6, 11}));
  std::uint64_t digest = 0;
  for (std::uint64_t key = 0; key < kKeys; ++key) {
    for (const std::uint16_t member : named.ring->order(key)) digest = mix64(digest ^ member);
  }
  EXPECT_EQ(digest, 0x6c10669e0efdcc9cULL);
}

}  // namespace
}  // namespace wp::balance
