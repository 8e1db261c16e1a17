#include "dataplane/net/kernel/held.h"

#include <gtest/gtest.h>

namespace wp::net {
namespace {

TEST(HeldPieces, QueuesAreFirstInFirstOutAndApart) {
  stream::SlicePool pool(8, 64);
  HeldPieces held(pool);
  HeldPieces::Queue one;
  HeldPieces::Queue two;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    stream::Slice a = pool.take();
    a.set_range(0, i);
    held.push(one, std::move(a));
    stream::Slice b = pool.take();
    b.set_range(0, 10 + i);
    held.push(two, std::move(b));
  }
  for (std::uint32_t i = 1; i <= 3; ++i) {
    ASSERT_FALSE(one.empty());
    EXPECT_EQ(held.front(one).size(), i);
    held.pop(one);
  }
  EXPECT_TRUE(one.empty());
  EXPECT_EQ(pool.held(), 3U);
  held.clear(two);
  EXPECT_TRUE(two.empty());
  EXPECT_EQ(pool.held(), 0U);
}

TEST(HeldPieces, AQueueCanBeUsedAgain) {
  stream::SlicePool pool(2, 64);
  HeldPieces held(pool);
  HeldPieces::Queue queue;
  for (int round = 0; round < 3; ++round) {
    held.push(queue, pool.take());
    held.push(queue, pool.take());
    held.pop(queue);
    held.clear(queue);
  }
  EXPECT_EQ(pool.free(), 2U);
}

}  // namespace
}  // namespace wp::net
