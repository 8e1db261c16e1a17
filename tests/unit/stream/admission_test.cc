#include "dataplane/stream/admission.h"

#include <gtest/gtest.h>

#include "dataplane/stream/port_table.h"

namespace wp::stream {
namespace {

TEST(Admission, ClosesAtASixteenthAndOpensAboveAnEighth) {
  Admission admission;
  admission.look(PoolName::slabs, 17, 256);
  EXPECT_TRUE(admission.open());
  admission.look(PoolName::slabs, 16, 256);
  EXPECT_FALSE(admission.open());
  admission.look(PoolName::slabs, 32, 256);
  EXPECT_FALSE(admission.open());
  admission.look(PoolName::slabs, 33, 256);
  EXPECT_TRUE(admission.open());
  EXPECT_EQ(admission.pauses(PoolName::slabs).value(), 1U);
  EXPECT_EQ(admission.pauses(PoolName::nodes).value(), 0U);
}

TEST(Admission, OpensOnlyWhenEveryPoolHasRoom) {
  Admission admission;
  admission.look(PoolName::heads, 0, 4);
  admission.look(PoolName::bodies, 0, 4);
  admission.look(PoolName::heads, 4, 4);
  EXPECT_FALSE(admission.open());
  admission.look(PoolName::bodies, 4, 4);
  EXPECT_TRUE(admission.open());
}

TEST(Admission, EveryPoolOfATableIsLookedAt) {
  StreamLimits limits;
  limits.ports = 32;
  limits.nodes = 32;
  limits.receive_entries = 32;
  limits.slab_entries = 32;
  PortTable table(limits);
  EXPECT_TRUE(table.may_accept());
  {
    std::vector<Slice> all;
    while (table.slabs().free() > 2) all.push_back(table.slabs().take());
    EXPECT_FALSE(table.may_accept());
  }
  EXPECT_TRUE(table.may_accept());
  {
    std::vector<Slice> all;
    while (table.receive_pool().free() > 1) all.push_back(table.receive_pool().take());
    EXPECT_TRUE(table.may_accept());
    while (table.receive_pool().free() > 0) all.push_back(table.receive_pool().take());
    EXPECT_FALSE(table.may_accept());
    all.resize(20);
    // What is lent to a transport is there to be received into.
    std::uint32_t lent = 0;
    while (table.receive_pool().free() > 0) ASSERT_TRUE(table.receive_pool().lend(lent));
    EXPECT_TRUE(table.may_accept());
  }
  while (table.live() < 30) ASSERT_TRUE(table.accept({}, {}).valid());
  EXPECT_FALSE(table.may_accept());
  for (const PoolName pool : {PoolName::slabs, PoolName::receive, PoolName::ports}) {
    EXPECT_EQ(table.admission().pauses(pool).value(), 1U) << word(pool);
  }
}

}  // namespace
}  // namespace wp::stream
