// Slice and SlicePool: who holds an entry, when it comes back, and what may be written.
#include "dataplane/stream/slice.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace wp::stream {
namespace {

Slice filled(SlicePool& pool, std::string_view text) {
  Slice slice = pool.take();
  std::memcpy(slice.writable().data(), text.data(), text.size());
  slice.set_range(0, static_cast<std::uint32_t>(text.size()));
  return slice;
}

TEST(Slice, FreshOneOwnsNothing) {
  const Slice slice;
  EXPECT_FALSE(slice.owns());
  EXPECT_TRUE(slice.empty());
  EXPECT_EQ(slice.bytes().size(), 0u);
}

TEST(Slice, LastReferenceGivesTheEntryBack) {
  SlicePool pool(2, 64);
  Slice first = filled(pool, "hello");
  {
    const Slice second = first.share(1, 3);
    EXPECT_EQ(as_text(second.bytes()), "ell");
    EXPECT_EQ(pool.references(first.entry()), 2u);
    first.reset();
    EXPECT_FALSE(first.owns());
    EXPECT_TRUE(first.empty());
    EXPECT_EQ(pool.held(), 1u);
    EXPECT_EQ(as_text(second.bytes()), "ell");
  }
  EXPECT_EQ(pool.held(), 0u);
  EXPECT_EQ(pool.free(), 2u);
}

TEST(Slice, MoveLeavesNothingBehind) {
  SlicePool pool(2, 64);
  Slice from = filled(pool, "abc");
  Slice to = std::move(from);
  EXPECT_FALSE(from.owns());  // NOLINT(bugprone-use-after-move): that it is empty is the promise
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): as above
  EXPECT_EQ(as_text(to.bytes()), "abc");
  EXPECT_EQ(pool.references(to.entry()), 1u);
}

TEST(Slice, AssignmentDropsWhatWasHeld) {
  SlicePool pool(2, 64);
  Slice target = filled(pool, "old");
  target = filled(pool, "new");
  EXPECT_EQ(pool.held(), 1u);
  EXPECT_EQ(as_text(target.bytes()), "new");
}

TEST(Slice, AssignmentToItselfKeepsIt) {
  SlicePool pool(1, 64);
  Slice slice = filled(pool, "self");
  Slice& alias = slice;
  slice = std::move(alias);
  EXPECT_EQ(as_text(slice.bytes()), "self");
  EXPECT_EQ(pool.held(), 1u);
}

TEST(Slice, AdvanceAndShareStayInside) {
  SlicePool pool(1, 64);
  Slice slice = filled(pool, "0123456789");
  slice.advance(4);
  EXPECT_EQ(as_text(slice.bytes()), "456789");
  EXPECT_EQ(as_text(slice.share(2, 4).bytes()), "6789");
  EXPECT_TRUE(slice.share(6, 0).empty());
  EXPECT_EQ(pool.references(slice.entry()), 1u);
  slice.advance(6);
  EXPECT_TRUE(slice.empty());
}

TEST(Slice, RangesOutsideAreAProgrammersError) {
  SlicePool pool(1, 16);
  Slice slice = filled(pool, "0123");
  EXPECT_DEATH(slice.advance(5), "assertion failed");
  EXPECT_DEATH(static_cast<void>(slice.share(3, 2)), "assertion failed");
  EXPECT_DEATH(static_cast<void>(slice.share(5, UINT32_MAX)), "assertion failed");
  EXPECT_DEATH(slice.set_range(1, 16), "assertion failed");
  EXPECT_DEATH(slice.set_range(17, UINT32_MAX), "assertion failed");
  const Slice second = slice.share();
  EXPECT_DEATH(static_cast<void>(slice.writable()), "assertion failed");
}

TEST(SlicePool, EmptyPoolIsCountedAndSurvived) {
  SlicePool pool(2, 16);
  Slice first = pool.take();
  const Slice second = pool.take();
  const Slice none = pool.take();
  EXPECT_FALSE(none.owns());
  EXPECT_EQ(pool.exhausted(), 1u);
  first.reset();
  const Slice again = pool.take();
  EXPECT_TRUE(again.owns());
  EXPECT_EQ(pool.exhausted(), 1u);
}

TEST(SlicePool, ReusesTheMostRecentlyFreed) {
  SlicePool pool(8, 16);
  Slice first = pool.take();
  const Slice second = pool.take();
  const std::uint32_t entry = first.entry();
  first.reset();
  EXPECT_EQ(pool.take().entry(), entry);
}

TEST(SlicePool, EntriesDoNotOverlapAndPaddingIsReadable) {
  constexpr std::uint32_t kBytes = 40;
  constexpr std::uint32_t kPadding = 24;
  SlicePool pool(3, kBytes, kPadding);
  std::vector<Slice> slices;
  for (int i = 0; i < 3; ++i) {
    slices.push_back(pool.take());
    EXPECT_EQ(slices.back().writable().size(), kBytes);
    std::memset(pool.entry_data(slices.back().entry()), 'a' + i, kBytes + kPadding);
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(as_text(slices[static_cast<std::size_t>(i)].bytes()), std::string(kBytes, static_cast<char>('a' + i)));
  }
}

TEST(SlicePool, LentEntriesAreNeitherFreeNorHeld) {
  SlicePool pool(3, 16, 0, 2);
  std::uint32_t used = 0;
  std::uint32_t unused = 0;
  ASSERT_TRUE(pool.lend(used));
  ASSERT_TRUE(pool.lend(unused));
  EXPECT_EQ(pool.lent(), 2u);
  EXPECT_EQ(pool.held(), 0u);
  EXPECT_EQ(pool.free(), 1u);
  EXPECT_FALSE(pool.below_low_mark()) << "what is lent is not pinned by a holder";

  std::memcpy(pool.entry_data(used), "data", 4);
  const Slice slice = pool.filled(used, 4);
  EXPECT_EQ(as_text(slice.bytes()), "data");
  EXPECT_EQ(pool.held(), 1u);
  pool.unlend(unused);
  EXPECT_EQ(pool.lent(), 0u);
  EXPECT_EQ(pool.free(), 2u);
}

TEST(SlicePool, LendingFromAnEmptyPoolIsCounted) {
  SlicePool pool(1, 16);
  std::uint32_t entry = 0;
  ASSERT_TRUE(pool.lend(entry));
  std::uint32_t none = 0;
  EXPECT_FALSE(pool.lend(none));
  EXPECT_EQ(pool.exhausted(), 1u);
  EXPECT_DEATH(static_cast<void>(pool.filled(entry, 17)), "assertion failed");
  pool.unlend(entry);
  EXPECT_DEATH(pool.unlend(entry), "assertion failed");
}

TEST(SlicePool, LowMarkAsksHoldersToLetGo) {
  SlicePool pool(4, 16, 0, 2);
  std::vector<Slice> held;
  held.push_back(pool.take());
  held.push_back(pool.take());
  EXPECT_FALSE(pool.below_low_mark());
  held.push_back(pool.take());
  EXPECT_TRUE(pool.below_low_mark());
  held.pop_back();
  EXPECT_FALSE(pool.below_low_mark());
}

TEST(SlicePool, SliceThatOutlivesItIsAProgrammersError) {
  EXPECT_DEATH(
      {
        auto pool = std::make_unique<SlicePool>(1, 16);
        const Slice slice = pool->take();
        pool.reset();
      },
      "assertion failed: held\\(\\) == 0");
}

}  // namespace
}  // namespace wp::stream
