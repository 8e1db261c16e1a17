// StreamPort: each side's calls show on the other side, and only there.
#include "dataplane/stream/port.h"

#include <string>

#include <gtest/gtest.h>

#include "dataplane/stream/port_table.h"

namespace wp::stream {
namespace {

class PortTest : public testing::Test {
 protected:
  static constexpr StreamLimits kLimits{.ports = 4,
                                        .nodes = 64,
                                        .receive_entries = 16,
                                        .receive_bytes = 16,
                                        .slab_entries = 16,
                                        .rx_limit = 32,
                                        .tx_limit = 32};

  StreamPort& accepted() {
    const PortId id = table_.accept({}, {});
    drain();
    static_cast<void>(table_.get(id).take_events());
    return table_.get(id);
  }
  // Empties both ready lists.
  void drain() {
    PortId id;
    while (table_.next_for_application(id)) {
    }
    while (table_.next_for_transport(id)) {
    }
  }
  // What the port's two lists hold, after which they are empty.
  bool application_told() { return told(&PortTable::next_for_application); }
  bool transport_told() { return told(&PortTable::next_for_transport); }
  bool told(bool (PortTable::*next)(PortId&)) {
    PortId id;
    bool any = false;
    while ((table_.*next)(id)) any = true;
    return any;
  }
  bool deliver(StreamPort& port, std::string_view text) {
    Slice slice = table_.receive_pool().take();
    std::memcpy(slice.writable().data(), text.data(), text.size());
    slice.set_range(0, static_cast<std::uint32_t>(text.size()));
    return port.deliver(std::move(slice));
  }

  PortTable table_{kLimits};
};

TEST_F(PortTest, OpenedIsSeenOnce) {
  const PortId id = table_.connect({});
  StreamPort& port = table_.get(id);
  EXPECT_TRUE(port.wants_connect());
  EXPECT_FALSE(port.is_open());
  EXPECT_TRUE(transport_told());
  port.connect_started();
  EXPECT_FALSE(port.wants_connect());
  port.opened();
  EXPECT_TRUE(application_told());
  EXPECT_TRUE(port.is_open());
  EXPECT_EQ(port.take_events(), kOpened);
  EXPECT_EQ(port.take_events(), 0);
}

TEST_F(PortTest, DeliveredBytesAreReadable) {
  StreamPort& port = accepted();
  ASSERT_TRUE(deliver(port, "hello"));
  ASSERT_TRUE(deliver(port, "world"));
  EXPECT_EQ(table_.application_ready(), 1u) << "one place on the list however much arrived";
  EXPECT_EQ(port.take_events(), kReadable);
  EXPECT_EQ(port.rx_credit(), 22u);
  EXPECT_EQ(as_text(port.pop_rx().bytes()), "hello");
  port.consume(5);
  EXPECT_EQ(port.rx_credit(), 32u);
  EXPECT_FALSE(transport_told()) << "nobody waits for credit";
}

TEST_F(PortTest, PausedTransportIsToldWhenHalfTheCreditIsBack) {
  StreamPort& port = accepted();
  ASSERT_TRUE(deliver(port, "0123456789abcdef"));
  ASSERT_TRUE(deliver(port, "0123456789abcdef"));
  EXPECT_EQ(port.rx_credit(), 0u);
  port.set_rx_paused(true);
  port.consume(15);
  EXPECT_FALSE(transport_told());
  port.consume(1);
  EXPECT_TRUE(transport_told());
  port.set_rx_paused(false);
  port.consume(16);
  EXPECT_FALSE(transport_told());
}

TEST_F(PortTest, FinFollowsWhatIsQueued) {
  StreamPort& port = accepted();
  ASSERT_TRUE(port.append(as_bytes("bye")));
  port.finish();
  EXPECT_TRUE(transport_told());
  EXPECT_FALSE(port.wants_fin());
  port.sent(3);
  EXPECT_TRUE(port.wants_fin());
  EXPECT_DEATH(static_cast<void>(port.append(as_bytes("x"))), "assertion failed");
}

TEST_F(PortTest, PeersFinIsToldOnceAndClosesRx) {
  StreamPort& port = accepted();
  port.deliver_fin();
  EXPECT_TRUE(application_told());
  EXPECT_EQ(port.take_events(), kPeerClosed);
  EXPECT_TRUE(port.peer_closed());
  port.deliver_fin();
  EXPECT_FALSE(application_told());
  Slice late = table_.receive_pool().take();
  EXPECT_DEATH(static_cast<void>(port.deliver(std::move(late))), "assertion failed");
}

TEST_F(PortTest, WritableComesAtHalfTheLimitAndOnlyWhenAsked) {
  StreamPort& port = accepted();
  ASSERT_TRUE(port.append(as_bytes(std::string(32, 'x'))));
  EXPECT_EQ(port.tx_credit(), 0u);
  port.sent(8);
  EXPECT_FALSE(application_told());
  port.notify_writable();
  port.sent(7);
  EXPECT_FALSE(application_told());
  port.sent(1);
  EXPECT_TRUE(application_told());
  EXPECT_EQ(port.take_events(), kWritable);
  port.sent(16);
  EXPECT_FALSE(application_told()) << "asked for once, told once";
}

// An append that failed for want of slabs leaves tx empty: with nothing to send, no sent() would ever wake the caller.
TEST_F(PortTest, WritableComesAtOnceWhenNothingIsQueued) {
  StreamPort& port = accepted();
  port.notify_writable();
  EXPECT_TRUE(application_told());
  EXPECT_EQ(port.take_events(), kWritable);
  ASSERT_TRUE(port.append(as_bytes("x")));
  port.sent(1);
  EXPECT_FALSE(application_told());
}

TEST_F(PortTest, FailureKeepsWhatWasReceived) {
  StreamPort& port = accepted();
  ASSERT_TRUE(deliver(port, "last words"));
  port.fail(Reason::client_reset);
  EXPECT_EQ(port.take_events(), kReadable | kFailed);
  EXPECT_EQ(port.failure(), Reason::client_reset);
  EXPECT_EQ(as_text(port.rx().front().bytes()), "last words");
  drain();
  port.fail(Reason::idle_timeout);
  EXPECT_EQ(port.failure(), Reason::client_reset) << "the first reason stays";
  EXPECT_FALSE(application_told());
}

TEST_F(PortTest, CloseDropsWhatIsReceivedAndSendsWhatIsQueued) {
  StreamPort& port = accepted();
  ASSERT_TRUE(deliver(port, "unread"));
  ASSERT_TRUE(port.append(as_bytes("queued")));
  port.close();
  EXPECT_TRUE(port.closing());
  EXPECT_EQ(table_.receive_pool().held(), 0u);
  EXPECT_EQ(port.tx_bytes(), 6u);
  EXPECT_TRUE(transport_told());
  ASSERT_TRUE(deliver(port, "late")) << "dropped, not refused";
  EXPECT_EQ(table_.receive_pool().held(), 0u);
  port.sent(6);
  EXPECT_TRUE(port.wants_fin());
  EXPECT_DEATH(port.close(), "assertion failed");
}

TEST_F(PortTest, AbortKeepsItsReasonAndTheBytesInFlight) {
  StreamPort& port = accepted();
  ASSERT_TRUE(port.append(as_bytes("in flight")));
  port.abort(Reason::client_closed);
  EXPECT_TRUE(port.aborting());
  EXPECT_EQ(port.failure(), Reason::client_closed);
  EXPECT_EQ(port.tx_bytes(), 9u) << "the kernel may be reading them until the transport destroys the port";
  EXPECT_TRUE(transport_told());
}

// The application forgets the handle when it ends its side; what was on the ready list must not come back to it.
TEST_F(PortTest, EndedPortsAreNotHandedToTheApplication) {
  StreamPort& closed = accepted();
  StreamPort& aborted = accepted();
  ASSERT_TRUE(deliver(closed, "x"));
  ASSERT_TRUE(deliver(aborted, "x"));
  closed.close();
  aborted.abort(Reason::client_closed);
  EXPECT_EQ(table_.application_ready(), 0u);
  closed.deliver_fin();
  closed.fail(Reason::client_reset);
  aborted.fail(Reason::client_reset);
  EXPECT_FALSE(application_told());
}

TEST_F(PortTest, DeliveryWithoutNodesIsRefusedAndLosesNothing) {
  StreamPort& port = accepted();
  Chain hoard(table_.nodes(), 1);
  while (table_.nodes().available() > 0) {
    Slice slab = table_.slabs().free() > 0 ? table_.slabs().take() : hoard.front().share();
    ASSERT_TRUE(hoard.push(std::move(slab)));
  }
  Slice slice = table_.receive_pool().take();
  EXPECT_FALSE(port.deliver(std::move(slice)));
  EXPECT_TRUE(slice.owns());  // NOLINT(bugprone-use-after-move): a refused delivery does not move
  EXPECT_FALSE(application_told());
  hoard.clear();
  EXPECT_TRUE(port.deliver(std::move(slice)));
  EXPECT_TRUE(application_told());
}

TEST_F(PortTest, BytesLandWhereTheApplicationOffersRoom) {
  StreamPort& port = accepted();
  EXPECT_FALSE(port.can_land());
  SlicePool bodies(1, 64);
  Slice body = bodies.take();
  port.offer_landing(body.share(10, 20));
  ASSERT_TRUE(port.can_land());
  EXPECT_TRUE(port.take_offered());
  EXPECT_FALSE(port.take_offered());
  const std::span<std::byte> room = port.begin_landing(8);
  ASSERT_EQ(room.size(), 8U);
  EXPECT_EQ(room.data(), body.data() + 10);
  EXPECT_FALSE(port.can_land());
  port.withdraw_landing();  // too late: bytes may be on their way
  EXPECT_EQ(bodies.references(body.entry()), 2U);
  std::memcpy(room.data(), "abcde", 5);
  port.landed(5);
  EXPECT_EQ(port.take_events(), kReadable);
  EXPECT_TRUE(application_told());
  EXPECT_EQ(port.take_landed(), 5U);
  EXPECT_EQ(port.take_landed(), 0U);
  EXPECT_EQ(as_text(body.bytes().subspan(10, 5)), "abcde");
  EXPECT_EQ(bodies.references(body.entry()), 1U);
}

TEST_F(PortTest, NothingLandsAheadOfWhatIsUnread) {
  StreamPort& port = accepted();
  SlicePool bodies(1, 64);
  port.offer_landing(bodies.take());
  ASSERT_TRUE(deliver(port, "first"));
  EXPECT_FALSE(port.can_land());
  port.consume(5);
  EXPECT_TRUE(port.can_land());
  port.withdraw_landing();
  EXPECT_FALSE(port.can_land());
  EXPECT_EQ(bodies.held(), 0U);
}

TEST_F(PortTest, ALandingThatBringsNothingLeavesTheOffer) {
  StreamPort& port = accepted();
  SlicePool bodies(1, 64);
  port.offer_landing(bodies.take());
  static_cast<void>(port.begin_landing(64));
  port.landed(0);
  EXPECT_EQ(port.take_events(), 0);
  EXPECT_TRUE(port.can_land());
  port.withdraw_landing();
}

// The kernel may still write there: the memory stays until it is done.
TEST_F(PortTest, AClosedPortKeepsTheRoomUntilTheTransportIsDone) {
  StreamPort& port = accepted();
  SlicePool bodies(1, 64);
  port.offer_landing(bodies.take());
  static_cast<void>(port.begin_landing(64));
  port.close();
  EXPECT_EQ(bodies.held(), 1U);
  port.landed(3);
  EXPECT_EQ(bodies.held(), 0U);
  EXPECT_FALSE(application_told());
}

TEST_F(PortTest, OwnerIsTheApplicationsOwn) {
  StreamPort& port = accepted();
  EXPECT_EQ(port.owner(), 0u);
  port.set_owner(42);
  EXPECT_EQ(port.owner(), 42u);
}

}  // namespace
}  // namespace wp::stream
