// PortTable: bounds, stale handles, and ready lists that hold each port once.
#include "dataplane/stream/port_table.h"

#include <vector>

#include <gtest/gtest.h>

namespace wp::stream {
namespace {

constexpr StreamLimits kThreePorts{.ports = 3,
                                   .nodes = 16,
                                   .receive_entries = 8,
                                   .receive_bytes = 16,
                                   .slab_entries = 8,
                                   .rx_limit = 64,
                                   .tx_limit = 64};

Endpoint endpoint(std::uint8_t last, std::uint16_t port) {
  Endpoint made{.port = port, .family = Endpoint::Family::v4};
  made.address = {192, 0, 2, last};
  return made;
}

TEST(PortTable, FullTableRefusesBothKinds) {
  PortTable table(kThreePorts);
  const PortId first = table.connect({});
  EXPECT_TRUE(table.accept({}, {}).valid());
  EXPECT_TRUE(table.connect({}).valid());
  EXPECT_FALSE(table.accept({}, {}).valid());
  EXPECT_FALSE(table.connect({}).valid());
  EXPECT_EQ(table.live(), 3u);
  table.get(first).abort(Reason::client_closed);
  table.destroy(first);
  EXPECT_TRUE(table.accept({}, {}).valid());
}

TEST(PortTable, EndpointsAreKept) {
  PortTable table(kThreePorts);
  const PortId in = table.accept(endpoint(1, 80), endpoint(2, 5000));
  EXPECT_EQ(table.get(in).local(), endpoint(1, 80));
  EXPECT_EQ(table.get(in).remote(), endpoint(2, 5000));
  const PortId out = table.connect(endpoint(3, 8000));
  EXPECT_EQ(table.get(out).remote(), endpoint(3, 8000));
  EXPECT_EQ(table.get(out).id(), out);
}

TEST(PortTable, HandleOfADestroyedPortFindsNothing) {
  PortTable table(kThreePorts);
  const PortId old = table.accept({}, {});
  table.get(old).close();
  table.destroy(old);
  EXPECT_EQ(table.find(old), nullptr);
  const PortId fresh = table.accept({}, {});
  EXPECT_EQ(fresh.index, old.index);
  EXPECT_EQ(table.find(old), nullptr);
  EXPECT_NE(table.find(fresh), nullptr);
  EXPECT_EQ(table.get(fresh).owner(), 0u);
  EXPECT_FALSE(table.get(fresh).closing());
}

TEST(PortTable, PortThatItsApplicationHoldsIsNotDestroyed) {
  PortTable table(kThreePorts);
  const PortId id = table.accept({}, {});
  EXPECT_DEATH(table.destroy(id), "assertion failed");
}

TEST(PortTable, ReadyListsAreFirstInFirstOutWithoutDoubles) {
  PortTable table(kThreePorts);
  const PortId a = table.accept({}, {});
  const PortId b = table.accept({}, {});
  table.get(a).deliver_fin();
  EXPECT_EQ(table.application_ready(), 2u);
  PortId next;
  ASSERT_TRUE(table.next_for_application(next));
  EXPECT_EQ(next, a);
  table.requeue_for_application(a);
  table.requeue_for_application(a);
  ASSERT_TRUE(table.next_for_application(next));
  EXPECT_EQ(next, b);
  ASSERT_TRUE(table.next_for_application(next));
  EXPECT_EQ(next, a);
  EXPECT_FALSE(table.next_for_application(next));
}

TEST(PortTable, DestroyedPortLeavesBothLists) {
  PortTable table(kThreePorts);
  const PortId gone = table.connect({});
  const PortId stays = table.connect({});
  table.get(gone).opened();
  table.get(gone).abort(Reason::client_closed);
  table.destroy(gone);
  EXPECT_EQ(table.application_ready(), 0u);
  PortId next;
  ASSERT_TRUE(table.next_for_transport(next));
  EXPECT_EQ(next, stays);
  EXPECT_FALSE(table.next_for_transport(next));
  EXPECT_DEATH(table.requeue_for_transport(gone), "assertion failed");
}

TEST(PortTable, DestructionAndDestroyGiveBuffersBack) {
  PortTable table(kThreePorts);
  const PortId id = table.accept({}, {});
  StreamPort& port = table.get(id);
  ASSERT_TRUE(port.append(as_bytes("queued")));
  ASSERT_TRUE(port.deliver(table.receive_pool().take()));
  EXPECT_EQ(table.slabs().held(), 1u);
  EXPECT_EQ(table.receive_pool().held(), 1u);
  port.abort(Reason::client_closed);
  table.destroy(id);
  EXPECT_EQ(table.slabs().held(), 0u);
  EXPECT_EQ(table.receive_pool().held(), 0u);
  EXPECT_EQ(table.nodes().available(), kThreePorts.nodes);

  // The table may go with live ports in it: its pools check that nothing of theirs is out.
  const PortId other = table.accept({}, {});
  ASSERT_TRUE(table.get(other).append(as_bytes("left over")));
}

TEST(PortTable, VisitsEveryLivePort) {
  PortTable table(kThreePorts);
  const PortId a = table.accept({}, {});
  const PortId b = table.accept({}, {});
  table.get(a).close();
  table.destroy(a);
  std::vector<PortId> seen;
  table.for_each([&](StreamPort& port) { seen.push_back(port.id()); });
  EXPECT_EQ(seen, std::vector<PortId>{b});
}

}  // namespace
}  // namespace wp::stream
