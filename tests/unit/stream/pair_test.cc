// StreamPair: what one side sends the other receives, at any piece size, within credit, with both kinds of ending.
#include "dataplane/stream/pair.h"

#include <string>

#include <gtest/gtest.h>

namespace wp::stream {
namespace {

constexpr StreamLimits kLimits{.ports = 8,
                               .nodes = 64,
                               .receive_entries = 16,
                               .receive_bytes = 16,
                               .slab_entries = 32,
                               .rx_limit = 64,
                               .tx_limit = 1024};

class PairTest : public testing::Test {
 protected:
  StreamPort& a() { return near_.get(pair_.a()); }
  StreamPort& b() { return far_.get(pair_.b()); }
  void settle(std::uint32_t max = UINT32_MAX) {
    for (int turn = 0; turn < 10'000; ++turn) {
      if (!pair_.pump(max)) return;
    }
    FAIL() << "the pair never comes to rest";
  }
  static std::string read_all(StreamPort& port) {
    std::string all;
    while (!port.rx().empty()) all += as_text(port.pop_rx().bytes());
    return all;
  }
  void expect_nothing_held() {
    for (PortTable* table : {&near_, &far_}) {
      EXPECT_EQ(table->live(), 0u);
      EXPECT_EQ(table->receive_pool().held(), 0u);
      EXPECT_EQ(table->slabs().held(), 0u);
      EXPECT_EQ(table->nodes().available(), kLimits.nodes);
    }
  }

  PortTable near_{kLimits};
  PortTable far_{kLimits};
  StreamPair pair_{near_, near_.connect({}), far_, {}};
};

TEST_F(PairTest, BothEndsAreOpen) {
  EXPECT_EQ(a().take_events(), kOpened);
  EXPECT_EQ(b().take_events(), kOpened);
  EXPECT_FALSE(a().wants_connect());
  EXPECT_FALSE(pair_.pump());
}

TEST_F(PairTest, CarriesBothWays) {
  ASSERT_TRUE(a().append(as_bytes("ping")));
  ASSERT_TRUE(b().append(as_bytes("pong")));
  EXPECT_TRUE(pair_.pump());
  EXPECT_EQ(read_all(b()), "ping");
  EXPECT_EQ(read_all(a()), "pong");
  EXPECT_FALSE(pair_.pump());
}

TEST_F(PairTest, ByteByByteArrivesTheSame) {
  ASSERT_TRUE(a().append(as_bytes("one byte a turn")));
  std::string got;
  for (int turn = 0; turn < 15; ++turn) {
    EXPECT_TRUE(pair_.pump(1));
    EXPECT_EQ(b().rx().bytes(), 1u);
    got += read_all(b());
  }
  EXPECT_EQ(got, "one byte a turn");
  EXPECT_FALSE(pair_.pump(1));
}

TEST_F(PairTest, NeverDeliversBeyondCredit) {
  const std::string sent(200, 'x');
  ASSERT_TRUE(a().append(as_bytes(sent)));
  std::string got;
  settle();
  EXPECT_EQ(b().rx().bytes(), kLimits.rx_limit);
  EXPECT_TRUE(b().rx_paused());
  EXPECT_EQ(a().tx_bytes(), 200u - kLimits.rx_limit);
  while (got.size() < sent.size()) {
    got += read_all(b());
    settle();
    ASSERT_LE(b().rx().bytes(), kLimits.rx_limit);
  }
  EXPECT_EQ(got, sent);
}

TEST_F(PairTest, EmptyReceivePoolDelaysAndLosesNothing) {
  std::vector<Slice> hoard;
  while (far_.receive_pool().free() > 0) hoard.push_back(far_.receive_pool().take());
  ASSERT_TRUE(a().append(as_bytes("wait")));
  EXPECT_FALSE(pair_.pump());
  EXPECT_EQ(a().tx_bytes(), 4u);
  hoard.clear();
  EXPECT_TRUE(pair_.pump());
  EXPECT_EQ(read_all(b()), "wait");
}

TEST_F(PairTest, FinComesAfterTheLastByteAndLeavesTheOtherWayOpen) {
  ASSERT_TRUE(a().append(as_bytes("request")));
  a().finish();
  pair_.pump(3);
  EXPECT_FALSE(b().peer_closed());
  settle();
  EXPECT_TRUE(b().peer_closed());
  EXPECT_EQ(read_all(b()), "request");
  ASSERT_TRUE(b().append(as_bytes("reply")));
  settle();
  EXPECT_EQ(read_all(a()), "reply");
  EXPECT_FALSE(a().peer_closed());
}

TEST_F(PairTest, CloseWaitsForThePeersFin) {
  ASSERT_TRUE(a().append(as_bytes("bye")));
  const PortId a_id = pair_.a();
  a().close();
  settle();
  EXPECT_NE(near_.find(a_id), nullptr) << "it lingers until the peer closes too";
  EXPECT_EQ(read_all(b()), "bye");
  ASSERT_TRUE(b().append(as_bytes("nobody reads this")));
  b().close();
  settle();
  EXPECT_TRUE(pair_.done());
  expect_nothing_held();
}

TEST_F(PairTest, AbortIsAResetForThePeer) {
  ASSERT_TRUE(a().append(as_bytes("delivered")));
  settle();
  static_cast<void>(b().take_events());
  ASSERT_TRUE(a().append(as_bytes("dropped")));
  a().abort(Reason::client_closed);
  settle();
  EXPECT_EQ(b().take_events(), kFailed);
  EXPECT_EQ(b().failure(), Reason::client_reset);
  EXPECT_EQ(read_all(b()), "delivered");
  ASSERT_TRUE(b().append(as_bytes("into the void")));
  b().close();
  settle();
  EXPECT_TRUE(pair_.done());
  expect_nothing_held();
}

// A reset replaces the FIN that was still due: the peer must not take a cut reply for a complete one.
TEST_F(PairTest, AbortAfterFinishSendsNoFin) {
  a().finish();
  a().abort(Reason::client_closed);
  settle();
  EXPECT_FALSE(b().peer_closed());
  EXPECT_TRUE(b().failed());
  b().abort(Reason::client_reset);
  settle();
  expect_nothing_held();
}

TEST_F(PairTest, BothAbortingAtOnceEnds) {
  a().abort(Reason::client_closed);
  b().abort(Reason::client_closed);
  settle();
  EXPECT_TRUE(pair_.done());
  expect_nothing_held();
}

TEST_F(PairTest, BothClosingAtOnceDeliversNothingAndEnds) {
  ASSERT_TRUE(a().append(as_bytes(std::string(300, 'x'))));
  ASSERT_TRUE(b().append(as_bytes(std::string(300, 'y'))));
  a().close();
  b().close();
  settle(7);
  EXPECT_TRUE(pair_.done());
  expect_nothing_held();
}

TEST(StreamPair, JoinsTwoPortsOfOneTable) {
  PortTable table(kLimits);
  Endpoint server{.port = 80, .family = Endpoint::Family::v4};
  Endpoint client{.port = 4711, .family = Endpoint::Family::v4};
  StreamPair pair(table, table.connect(server), table, client);
  EXPECT_EQ(table.get(pair.b()).local(), server);
  EXPECT_EQ(table.get(pair.b()).remote(), client);
  EXPECT_EQ(table.get(pair.a()).local(), client);
  ASSERT_TRUE(table.get(pair.a()).append(as_bytes("hello")));
  EXPECT_TRUE(pair.pump());
  EXPECT_EQ(as_text(table.get(pair.b()).rx().front().bytes()), "hello");
  table.get(pair.a()).abort(Reason::client_closed);
  table.get(pair.b()).abort(Reason::client_closed);
  while (pair.pump()) {
  }
  EXPECT_TRUE(pair.done());
}

}  // namespace
}  // namespace wp::stream
