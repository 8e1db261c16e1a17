#include "dataplane/balance/residency_image.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::balance {
namespace {

constexpr std::uint32_t kLines = 64;
constexpr std::uint32_t kSlots = 16;
constexpr ImageContext kContext{.hash_key = 7, .now_s = 1'700'000'000};

using Ladder = std::array<prompt::Rung, 2>;

Ladder ladder_of(std::uint64_t conversation) {
  return {{{.hash = mix64(1), .end = 256}, {.hash = mix64(conversation + 100), .end = 320}}};
}

std::string image_of(const Residency& residency, std::span<const NamedReplica> replicas,
                     const ImageContext& context = kContext) {
  std::string image;
  ImageWriter writer(residency, replicas, context);
  for (std::string_view piece = writer.next(); !piece.empty(); piece = writer.next()) image += piece;
  return image;
}

// A process with replicas a, b and c of ids 2, 3 and 4, to which conversations of these numbers were sent.
struct Before {
  Before() {
    for (const NamedReplica& replica : replicas) {
      table.wipe(replica.id);
      table.record(replica.id, ladder_of(replica.id), {}, 1'000 * replica.id, 0);
    }
  }
  std::array<NamedReplica, 3> replicas{{{2, "a:1"}, {3, "b:1"}, {4, "c:1"}}};
  Residency table{kLines, kSlots};
};

// The next one: c came first, then a; b is no more, d is new.
struct After {
  After() {
    for (const NamedReplica& replica : replicas) table.wipe(replica.id);
  }
  std::array<NamedReplica, 3> replicas{{{0, "c:1"}, {1, "a:1"}, {2, "d:1"}}};
  Residency table{kLines, kSlots};
};

TEST(ResidencyImage, ReplicasGoByTheirNames) {
  const Before before;
  After after;
  const auto adopted = read_image(after.table, image_of(before.table, before.replicas), after.replicas, kContext);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->replicas, 2U);
  EXPECT_EQ(adopted->unknown, 1U);
  EXPECT_EQ(adopted->entries, 4U);
  const auto holder = [&](std::uint64_t conversation) { return after.table.holders(ladder_of(conversation)[1].hash); };
  ASSERT_EQ(holder(4).count, 1U);
  EXPECT_EQ(holder(4).all[0].replica_id, 0U);
  ASSERT_EQ(holder(2).count, 1U);
  EXPECT_EQ(holder(2).all[0].replica_id, 1U);
  EXPECT_EQ(holder(3).count, 0U) << "its replica is no more, though its id names another now";
  EXPECT_EQ(after.table.holders(mix64(1)).count, 2U);
  EXPECT_EQ(after.table.fan_out(mix64(1)), before.table.fan_out(mix64(1)));
}

TEST(ResidencyImage, WhatIsCommonIsSoAfterwards) {
  Before before;
  const std::uint64_t held = mix64(1);  // by all three
  for (std::uint64_t conversation = 100; conversation < 130; ++conversation) {
    const prompt::Rung ladder[] = {{.hash = mix64(2), .end = 256}, {.hash = mix64(conversation), .end = 320}};
    before.table.record(2, ladder, {}, 1, 0);
  }
  After after;
  ASSERT_FALSE(after.table.may_be_common(held));
  ASSERT_FALSE(after.table.may_be_common(mix64(2)));
  ASSERT_TRUE(read_image(after.table, image_of(before.table, before.replicas), after.replicas, kContext));
  EXPECT_TRUE(after.table.may_be_common(held));
  EXPECT_TRUE(after.table.may_be_common(mix64(2)));
}

TEST(ResidencyImage, EntriesKeepTheirAgeAndDieAsTheyWouldHave) {
  Before before;
  before.table.record(2, ladder_of(50), {}, 60'000, 0);
  After after;
  after.table.set_capacity(1, 100'000);
  ASSERT_TRUE(read_image(after.table, image_of(before.table, before.replicas), after.replicas, kContext));
  const auto old = after.table.holders(ladder_of(2)[1].hash);
  ASSERT_EQ(old.count, 1U);
  EXPECT_NEAR(old.all[0].age, 60'000, 512);
  EXPECT_EQ(after.table.sent(1).uncached, 0U) << "this process has sent nothing";
  after.table.record(1, ladder_of(51), {}, 60'000, 0);
  EXPECT_EQ(after.table.holders(ladder_of(2)[1].hash).count, 0U);
  EXPECT_EQ(after.table.holders(ladder_of(50)[1].hash).count, 1U);
}

TEST(ResidencyImage, WhatWasLearnedOfACacheGoesWithIt) {
  Before before;
  before.table.learn(4, 5'000, 20'000, 0);
  ASSERT_EQ(before.table.capacity(4), 20'000U);
  After after;
  ASSERT_TRUE(read_image(after.table, image_of(before.table, before.replicas), after.replicas, kContext));
  EXPECT_EQ(after.table.capacity(0), 20'000U);
  EXPECT_EQ(after.table.capacity(1), 0U);
}

TEST(ResidencyImage, AWipedReplicaHandsNothingOver) {
  Before before;
  before.table.wipe(2);
  After after;
  ASSERT_TRUE(read_image(after.table, image_of(before.table, before.replicas), after.replicas, kContext));
  EXPECT_EQ(after.table.holders(ladder_of(2)[1].hash).count, 0U);
  EXPECT_EQ(after.table.holders(ladder_of(4)[1].hash).count, 1U);
}

// Nothing of a refused image is in the table.
void expect_refused(std::string_view image, ImageFlaw flaw, const ImageContext& context = kContext,
                    std::uint32_t lines = kLines) {
  After after;
  Residency table(lines, kSlots);
  const auto adopted = read_image(table, image, after.replicas, context);
  ASSERT_FALSE(adopted);
  EXPECT_EQ(word(adopted.error()), word(flaw));
  EXPECT_EQ(table.holders(mix64(1)).count, 0U);
  EXPECT_EQ(table.fan_out(mix64(1)), 0U);
}

TEST(ResidencyImage, AnImageThatIsNoneOfOursIsRefused) {
  expect_refused("", ImageFlaw::foreign);
  expect_refused(std::string(4096, '\0'), ImageFlaw::foreign);
  expect_refused(std::string(4096, 'x'), ImageFlaw::foreign);
}

TEST(ResidencyImage, EveryBitAndEveryByteCounts) {
  const Before before;
  const std::string image = image_of(before.table, before.replicas);
  for (std::size_t at = 0; at < image.size(); ++at) {
    std::string changed = image;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    expect_refused(changed, at < 16 ? ImageFlaw::foreign : ImageFlaw::damaged);
    expect_refused(std::string_view(image).substr(0, at), at < 48 ? ImageFlaw::foreign : ImageFlaw::damaged);
  }
  expect_refused(image + "x", ImageFlaw::damaged);
}

TEST(ResidencyImage, ATableOfAnotherKindIsRefused) {
  const Before before;
  const std::string image = image_of(before.table, before.replicas);
  expect_refused(image, ImageFlaw::unlike, kContext, 2 * kLines);
  ImageContext other = kContext;
  other.hash_key = 8;
  expect_refused(image, ImageFlaw::other_key, other);
}

TEST(ResidencyImage, TimeMakesItStale) {
  const Before before;
  const std::string image = image_of(before.table, before.replicas);
  for (const std::int64_t later : {kImageAges_s + 1, std::int64_t{-61}}) {
    ImageContext then = kContext;
    then.now_s += later;
    expect_refused(image, ImageFlaw::stale, then);
  }
  for (const std::int64_t later : {kImageAges_s, std::int64_t{0}, std::int64_t{-60}}) {
    ImageContext then = kContext;
    then.now_s += later;
    After after;
    EXPECT_TRUE(read_image(after.table, image, after.replicas, then));
  }
}

TEST(ResidencyImage, ATableOfManyPiecesIsWhole) {
  Residency large(1U << 16U, kSlots);
  large.wipe(2);
  for (std::uint64_t i = 0; i < 60'000; ++i) large.record(2, ladder_of(i), {}, 1, 0);
  const std::array<NamedReplica, 1> replicas{{{2, "a:1"}}};
  const std::string image = image_of(large, replicas);
  EXPECT_GT(image.size(), 2U << 20U);
  Residency next(1U << 16U, kSlots);
  next.wipe(2);
  const auto adopted = read_image(next, image, replicas, kContext);
  ASSERT_TRUE(adopted);
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    const std::uint64_t hash = ladder_of(i)[1].hash;
    ASSERT_EQ(next.holders(hash).count, large.holders(hash).count);
  }
}

}  // namespace
}  // namespace wp::balance
