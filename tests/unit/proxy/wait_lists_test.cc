#include "dataplane/proxy/wait_lists.h"

#include <gtest/gtest.h>

namespace wp::proxy {
namespace {

constexpr Instant at(std::int64_t second) {
  return Instant{} + seconds(second);
}

TEST(WaitLists, TheOldestIsWhoWaitsLongest) {
  WaitLists lists(8);
  lists.enter(3, Wait::head, at(1));
  lists.enter(5, Wait::head, at(2));
  lists.enter(4, Wait::body, at(0));
  std::uint32_t client = 0;
  ASSERT_TRUE(lists.oldest(Wait::head, at(9), client));
  EXPECT_EQ(client, 3U);
  lists.enter(3, Wait::head, at(3));  // it got on: the youngest now
  ASSERT_TRUE(lists.oldest(Wait::head, at(9), client));
  EXPECT_EQ(client, 5U);
  ASSERT_TRUE(lists.next(at(9), client));
  EXPECT_EQ(client, 3U);
  EXPECT_FALSE(lists.next(at(9), client));
}

TEST(WaitLists, AListKnowsItsSize) {
  WaitLists lists(8);
  lists.enter(3, Wait::slot, at(1));
  lists.enter(5, Wait::slot, at(1));
  lists.enter(5, wait_for_slab(3), at(2));
  EXPECT_EQ(lists.size(Wait::slot), 1U);
  EXPECT_EQ(lists.size(Wait::slab3), 1U);
  EXPECT_TRUE(lists.empty(Wait::slab0));
  lists.leave(3);
  lists.leave(3);
  EXPECT_TRUE(lists.empty(Wait::slot));
}

TEST(WaitLists, NobodyIsOldBeforeItsTime) {
  WaitLists lists(8);
  lists.enter(1, Wait::reader, at(5));
  lists.enter(2, Wait::reader, at(7));
  std::uint32_t client = 0;
  EXPECT_FALSE(lists.oldest(Wait::reader, at(4), client));
  ASSERT_TRUE(lists.oldest(Wait::reader, at(5), client));
  EXPECT_FALSE(lists.next(at(6), client));
}

TEST(WaitLists, OnOneListAtATime) {
  WaitLists lists(8);
  lists.enter(1, Wait::head, at(1));
  lists.enter(1, Wait::body, at(2));
  std::uint32_t client = 0;
  EXPECT_FALSE(lists.oldest(Wait::head, at(9), client));
  EXPECT_EQ(lists.of(1), Wait::body);
  lists.leave(1);
  lists.leave(1);
  EXPECT_EQ(lists.of(1), Wait::none);
  EXPECT_FALSE(lists.oldest(Wait::body, at(9), client));
}

TEST(WaitLists, LeavesFromTheMiddleAndTheEnds) {
  WaitLists lists(8);
  for (std::uint32_t i = 0; i < 5; ++i) lists.enter(i, Wait::idle, at(i));
  for (const std::uint32_t gone : {2U, 0U, 4U}) lists.leave(gone);
  std::uint32_t client = 0;
  ASSERT_TRUE(lists.oldest(Wait::idle, at(9), client));
  EXPECT_EQ(client, 1U);
  ASSERT_TRUE(lists.next(at(9), client));
  EXPECT_EQ(client, 3U);
  EXPECT_FALSE(lists.next(at(9), client));
}

}  // namespace
}  // namespace wp::proxy
