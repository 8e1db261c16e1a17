#include "dataplane/net/receive_policy.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wp::net {
namespace {

constexpr std::uint32_t kBuffer = 4096;

stream::StreamLimits limits() {
  stream::StreamLimits made;
  made.ports = 1024;
  made.nodes = 4096;
  made.receive_entries = 1024;
  made.receive_bytes = kBuffer;
  made.slab_entries = 64;
  return made;
}

stream::Slice filled(stream::PortTable& ports, std::uint32_t bytes) {
  stream::Slice slice = ports.receive_pool().take();
  slice.set_range(0, bytes);
  return slice;
}

class ReceivePolicy : public ::testing::Test {
 protected:
  stream::StreamPort& join() { return ports_.get(ports_.accept({}, {})); }
  // Takes buffers until `left` are free.
  void press(std::uint32_t left) {
    while (ports_.receive_pool().free() > left) pressed_.push_back(ports_.receive_pool().take());
  }

  stream::PortTable ports_{limits()};
  std::vector<stream::Slice> pressed_;
};

TEST_F(ReceivePolicy, OneConnectionMayHaveAllItsCredit) {
  stream::StreamPort& port = join();
  EXPECT_EQ(receive_grant(port, ports_).bytes, port.rx().limit());
  ASSERT_TRUE(port.deliver(filled(ports_, 1000)));
  EXPECT_EQ(receive_grant(port, ports_).bytes, port.rx().limit() - 1000);
}

TEST_F(ReceivePolicy, ManyConnectionsShareAQuarterOfThePool) {
  stream::StreamPort& port = join();
  for (int i = 1; i < 64; ++i) join();
  EXPECT_EQ(receive_grant(port, ports_).bytes, 1024 / 4 / 64 * kBuffer);
  for (int i = 64; i < 1000; ++i) join();
  EXPECT_EQ(receive_grant(port, ports_).bytes, kBuffer);
}

TEST_F(ReceivePolicy, NothingWithoutCreditUntilHalfIsBack) {
  stream::StreamPort& port = join();
  for (std::uint32_t got = 0; got < port.rx().limit(); got += kBuffer)
    ASSERT_TRUE(port.deliver(filled(ports_, kBuffer)));
  EXPECT_EQ(receive_grant(port, ports_).bytes, 0U);
  EXPECT_FALSE(receive_grant(port, ports_).for_pool);
  port.set_rx_paused(true);
  port.consume(port.rx().limit() / 2 - 1);
  EXPECT_EQ(receive_grant(port, ports_).bytes, 0U);
  port.consume(1);
  EXPECT_EQ(receive_grant(port, ports_).bytes, port.rx().limit() / 2);
}

TEST_F(ReceivePolicy, OneBufferAtATimeUnderTheLowMark) {
  stream::StreamPort& port = join();
  press(500);
  EXPECT_EQ(receive_grant(port, ports_).bytes, kBuffer);
}

TEST_F(ReceivePolicy, TheReserveIsForThoseWithNothingUnread) {
  stream::StreamPort& quick = join();
  stream::StreamPort& slow = join();
  ASSERT_TRUE(slow.deliver(filled(ports_, 10)));
  press(100);
  EXPECT_EQ(receive_grant(quick, ports_).bytes, kBuffer);
  EXPECT_EQ(receive_grant(slow, ports_).bytes, 0U);
  EXPECT_TRUE(receive_grant(slow, ports_).for_pool);
  slow.consume(10);
  EXPECT_EQ(receive_grant(slow, ports_).bytes, kBuffer);
}

// What others were granted and have not taken yet is as good as gone.
TEST_F(ReceivePolicy, PromisesCountAsTaken) {
  stream::StreamPort& slow = join();
  ASSERT_TRUE(slow.deliver(filled(ports_, 10)));
  press(200);
  EXPECT_EQ(receive_grant(slow, ports_, 72).bytes, kBuffer);
  EXPECT_EQ(receive_grant(slow, ports_, 73).bytes, 0U);
  EXPECT_TRUE(receive_grant(slow, ports_, 73).for_pool);
}

TEST_F(ReceivePolicy, ASmallPieceBehindUnreadOnesGivesItsBufferBack) {
  stream::StreamPort& port = join();
  ASSERT_TRUE(deliver_piece(port, ports_, filled(ports_, 1)));
  EXPECT_EQ(ports_.receive_pool().held(), 1U);  // the first is passed on by reference
  for (int i = 0; i < 4000; ++i) ASSERT_TRUE(deliver_piece(port, ports_, filled(ports_, 1)));
  EXPECT_EQ(ports_.receive_pool().held(), 1U);
  EXPECT_EQ(ports_.slabs().held(), 1U);
  EXPECT_EQ(port.rx().bytes(), 4001U);
  ASSERT_TRUE(deliver_piece(port, ports_, filled(ports_, kBuffer)));
  EXPECT_EQ(ports_.receive_pool().held(), 2U);
}

TEST_F(ReceivePolicy, ASmallPieceGoesByReferenceWhenSlabsAreShort) {
  stream::StreamPort& port = join();
  std::vector<stream::Slice> taken;
  while (!ports_.slabs().below_low_mark()) taken.push_back(ports_.slabs().take());
  ASSERT_TRUE(deliver_piece(port, ports_, filled(ports_, 1)));
  ASSERT_TRUE(deliver_piece(port, ports_, filled(ports_, 1)));
  EXPECT_EQ(ports_.receive_pool().held(), 2U);
}

}  // namespace
}  // namespace wp::net
