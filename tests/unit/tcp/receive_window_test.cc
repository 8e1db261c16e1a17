#include "dataplane/tcp/receive_window.h"

#include <gtest/gtest.h>

namespace wp::tcp {
namespace {

using wire::SeqNumber;

ReceiveWindow begun(std::uint32_t limit) {
  ReceiveWindow window(limit);
  window.begin(SeqNumber(100));
  return window;
}

TEST(ReceiveWindow, TheScaleIsTheLeastThatHoldsTheLimit) {
  EXPECT_EQ(ReceiveWindow(65'535).scale(), 0);
  EXPECT_EQ(ReceiveWindow(65'536).scale(), 1);
  EXPECT_EQ(ReceiveWindow(UINT32_MAX).scale(), 14);
}

TEST(ReceiveWindow, ASynsFieldIsNotScaled) {
  ReceiveWindow window = begun(1'000'000);
  EXPECT_EQ(window.offer(1'000'000, 1460, true), 65'535);
  EXPECT_EQ(window.size(), 65'535U);
  EXPECT_EQ(window.offer(1'000'000, 1460, false), 1'000'000 >> 4);
}

TEST(ReceiveWindow, ItsEdgeNeverMovesBack) {
  ReceiveWindow window = begun(60'000);
  static_cast<void>(window.offer(60'000, 1460, false));
  const SeqNumber edge = window.edge();
  window.advance(1'000);
  EXPECT_EQ(window.offer(0, 1460, false), 59'000);
  EXPECT_EQ(window.edge(), edge);
}

TEST(ReceiveWindow, OpensInStepsWorthHaving) {
  ReceiveWindow window = begun(60'000);
  static_cast<void>(window.offer(60'000, 1460, false));
  window.advance(60'000);
  EXPECT_EQ(window.offer(1'459, 1460, false), 0);
  EXPECT_FALSE(window.is_update_due(1'459, 1460));
  EXPECT_EQ(window.offer(1'460, 1460, false), 1'460);
}

TEST(ReceiveWindow, RoundingDoesNotMakeItCreep) {
  ReceiveWindow window = begun(1U << 20U);  // scale 5
  static_cast<void>(window.offer(1U << 20U, 1460, false));
  const SeqNumber edge = window.edge();
  for (int i = 0; i < 1'000; ++i) {
    window.advance(1);
    static_cast<void>(window.offer(0, 1460, false));
    ASSERT_EQ(window.edge(), edge);
  }
}

}  // namespace
}  // namespace wp::tcp
