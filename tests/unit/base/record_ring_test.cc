#include "dataplane/base/record_ring.h"

#include <array>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wp {
namespace {

std::vector<int> drained(RecordRing<int>& ring, std::uint32_t most = UINT32_MAX) {
  std::vector<int> got;
  ring.drain(most, [&](const int& record) { got.push_back(record); });
  return got;
}

bool put(RecordRing<int>& ring, int value) {
  int* slot = ring.claim();
  if (slot != nullptr) *slot = value;
  return slot != nullptr;
}

TEST(RecordRing, WhatIsNotPublishedIsNotSeen) {
  RecordRing<int> ring;
  ring.open(4);
  ASSERT_TRUE(put(ring, 1));
  ASSERT_TRUE(put(ring, 2));
  EXPECT_TRUE(drained(ring).empty());
  ring.publish();
  EXPECT_EQ(drained(ring), (std::vector{1, 2}));
  EXPECT_TRUE(drained(ring).empty());
}

TEST(RecordRing, AFullRingDropsAndCountsAndKeepsWhatItHas) {
  RecordRing<int> ring;
  ring.open(2);
  ASSERT_TRUE(put(ring, 1));
  ring.publish();
  ASSERT_TRUE(put(ring, 2));
  EXPECT_FALSE(put(ring, 3)) << "claimed and not yet published counts, too";
  EXPECT_FALSE(put(ring, 4));
  ring.publish();
  EXPECT_EQ(ring.dropped().value(), 2U);
  EXPECT_EQ(drained(ring), (std::vector{1, 2}));
  EXPECT_TRUE(put(ring, 5)) << "room again";
}

TEST(RecordRing, OneThatWasNeverOpenedTakesAndCountsNothing) {
  RecordRing<int> ring;
  EXPECT_EQ(ring.claim(), nullptr);
  ring.publish();
  EXPECT_TRUE(drained(ring).empty());
  EXPECT_EQ(ring.dropped().value(), 0U);
}

TEST(RecordRing, DrainTakesNoMoreThanIsAskedFor) {
  RecordRing<int> ring;
  ring.open(8);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(put(ring, i));
  ring.publish();
  EXPECT_EQ(drained(ring, 2), (std::vector{0, 1}));
  EXPECT_EQ(drained(ring), (std::vector{2, 3, 4}));
}

TEST(RecordRingDeathTest, ACapacityThatIsNoPowerOfTwoIsAWrongProgram) {
  RecordRing<int> ring;
  EXPECT_DEATH(ring.open(3), "assertion failed");
}

// The records are large, so that half of one would be seen; the small ring goes round and overflows all the time.
TEST(RecordRing, BetweenTwoThreadsEveryRecordIsWholeInOrderOrCountedAsDropped) {
  constexpr std::uint64_t kRecords = 100'000;
  using Wide = std::array<std::uint64_t, 16>;
  RecordRing<Wide> ring;
  ring.open(64);
  std::atomic<bool> over{false};
  std::thread filler([&] {
    for (std::uint64_t i = 1; i <= kRecords; ++i) {
      if (Wide* slot = ring.claim()) slot->fill(i);
      if (i % 3 == 0) ring.publish();
      if (i % 256 == 0) std::this_thread::yield();
    }
    ring.publish();
    over.store(true);
  });
  std::uint64_t seen = 0;
  std::uint64_t last = 0;
  std::uint64_t wrong = 0;
  for (bool ended = false;;) {
    const std::uint32_t count = ring.drain(16, [&](const Wide& record) {
      for (const std::uint64_t word : record) wrong += word == record[0] ? 0U : 1U;
      wrong += record[0] > last ? 0U : 1U;
      last = record[0];
      ++seen;
    });
    if (count > 0) continue;
    if (ended) break;
    ended = over.load();  // and one more look, for what came before
    std::this_thread::yield();
  }
  filler.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(seen + ring.dropped().value(), kRecords);
  EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace wp
