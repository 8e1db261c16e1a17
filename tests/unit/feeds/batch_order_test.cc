#include "controlplane/feeds/batch_order.h"

#include <gtest/gtest.h>

namespace wp::feeds {
namespace {

using Verdict = BatchOrder::Verdict;

// One that has read batches 0 to 2, whose digests are ten times their numbers, and has looked.
BatchOrder looked() {
  BatchOrder order;
  EXPECT_EQ(order.ask(), 0U);
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(order.replayed(i, 10 * i), Verdict::apply);
  EXPECT_FALSE(order.whole());
  EXPECT_EQ(order.replay_ended(), Verdict::skip);
  EXPECT_TRUE(order.whole());
  return order;
}

TEST(BatchOrder, WhatIsPublishedInOrderIsApplied) {
  BatchOrder order = looked();
  EXPECT_EQ(order.published(3, 30), Verdict::apply);
  EXPECT_EQ(order.published(4, 40), Verdict::apply);
  EXPECT_TRUE(order.whole());
  EXPECT_EQ(order.ask(), 4U) << "the last one that was read, to see that it is the same";
  EXPECT_EQ(order.replayed(4, 40), Verdict::skip);
  EXPECT_EQ(order.replay_ended(), Verdict::skip);
  EXPECT_TRUE(order.whole());
}

TEST(BatchOrder, TheVeryFirstNeedsNoLook) {
  BatchOrder order;
  EXPECT_EQ(order.published(0, 1), Verdict::apply);
  EXPECT_FALSE(order.whole()) << "until it is confirmed";
}

TEST(BatchOrder, WhatIsMissingIsAskedFor) {
  BatchOrder order = looked();
  EXPECT_EQ(order.published(5, 50), Verdict::skip);
  EXPECT_TRUE(order.behind());
  EXPECT_FALSE(order.whole());
  EXPECT_EQ(order.ask(), 2U);
  EXPECT_EQ(order.replayed(2, 20), Verdict::skip);
  EXPECT_EQ(order.replayed(3, 30), Verdict::apply);
  EXPECT_EQ(order.published(6, 60), Verdict::skip) << "it comes";
  for (std::uint64_t i = 4; i < 7; ++i) EXPECT_EQ(order.replayed(i, 10 * i), Verdict::apply);
  EXPECT_EQ(order.replay_ended(), Verdict::skip);
  EXPECT_TRUE(order.whole());
  EXPECT_EQ(order.published(7, 70), Verdict::apply);
}

TEST(BatchOrder, WhatWasAskedForAndComesLiveIsSkipped) {
  BatchOrder order = looked();
  EXPECT_EQ(order.ask(), 2U);
  for (std::uint64_t i = 2; i < 5; ++i) static_cast<void>(order.replayed(i, 10 * i));
  EXPECT_EQ(order.replay_ended(), Verdict::skip);
  EXPECT_EQ(order.published(3, 30), Verdict::skip);
  EXPECT_EQ(order.published(4, 40), Verdict::skip);
  EXPECT_TRUE(order.whole());
  EXPECT_EQ(order.published(5, 50), Verdict::apply);
}

TEST(BatchOrder, WhatCannotBeHadAgainBeginsAnew) {
  BatchOrder order = looked();
  EXPECT_EQ(order.published(9, 90), Verdict::skip);
  EXPECT_EQ(order.ask(), 2U);
  EXPECT_EQ(order.replayed(8, 80), Verdict::apply_anew) << "2 is not kept any more";
  EXPECT_EQ(order.replayed(9, 90), Verdict::apply);
  EXPECT_EQ(order.replay_ended(), Verdict::skip);
  EXPECT_TRUE(order.whole());
  EXPECT_EQ(order.ask(), 9U);
  EXPECT_EQ(order.replayed(9, 90), Verdict::skip);
  EXPECT_EQ(order.replayed(11, 110), Verdict::apply_anew) << "a hole in what is sent again";
}

TEST(BatchOrder, AnEngineThatStartedAnewIsSeen) {
  BatchOrder live = looked();
  EXPECT_EQ(live.published(3, 30), Verdict::apply);
  EXPECT_EQ(live.published(0, 7), Verdict::anew) << "its numbers went back";
  EXPECT_TRUE(live.behind());
  EXPECT_EQ(live.ask(), 0U);
  EXPECT_EQ(live.replayed(0, 7), Verdict::apply);

  BatchOrder idle = looked();
  static_cast<void>(idle.ask());
  EXPECT_EQ(idle.replay_ended(), Verdict::anew) << "it has nothing";
  EXPECT_TRUE(idle.whole());
  EXPECT_EQ(idle.published(0, 7), Verdict::apply);

  BatchOrder busy = looked();
  static_cast<void>(busy.ask());
  EXPECT_EQ(busy.replayed(2, 21), Verdict::apply_anew) << "another batch under the same number";
}

TEST(BatchOrder, ARestartDuringALookIsNotMixedUp) {
  BatchOrder order = looked();
  EXPECT_EQ(order.published(3, 30), Verdict::apply);
  static_cast<void>(order.ask());
  EXPECT_EQ(order.published(1, 11), Verdict::anew);
  EXPECT_EQ(order.replayed(3, 30), Verdict::skip);
  EXPECT_EQ(order.replayed(4, 40), Verdict::skip);
  EXPECT_EQ(order.replay_ended(), Verdict::skip);
  EXPECT_FALSE(order.whole());
  EXPECT_EQ(order.ask(), 0U);
}

TEST(BatchOrder, ALookWithoutAnswerConfirmsNothing) {
  BatchOrder order = looked();
  static_cast<void>(order.ask());
  order.replay_failed();
  EXPECT_FALSE(order.whole());
  EXPECT_EQ(order.replayed(2, 20), Verdict::skip) << "too late";
  static_cast<void>(order.ask());
  EXPECT_EQ(order.replayed(2, 20), Verdict::skip);
  EXPECT_EQ(order.replay_ended(), Verdict::skip);
  EXPECT_TRUE(order.whole());
}

}  // namespace
}  // namespace wp::feeds
