#include <set>

#include <gtest/gtest.h>

#include "dataplane/balance/explain.h"
#include "dataplane/balance/pick.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using testing::Fleet;

Fleet fleet_by_session(std::uint32_t size) {
  Fleet fleet(size);
  fleet.pool().strategy = Strategy::session;
  fleet.pool().bounds = {.factor = 0, .prefill_floor = 65'536, .streams_floor = 16};
  return fleet;
}

Pick pick_derived(Fleet& fleet, std::uint64_t derived) {
  const PickInput input = fleet.input(0, 1);  // all begin alike
  fleet.features.derived_session = derived;
  return pick(input);
}

TEST(Session, ASessionThatWasSentKeepsItsReplica) {
  Fleet fleet = fleet_by_session(8);
  for (std::uint64_t chunk = 1; chunk < 50; ++chunk) {
    const Pick picked = pick(fleet.input(4242, chunk));
    ASSERT_EQ(picked.replica->ref.id, fleet.walk(4242).front());
    ASSERT_EQ(picked.decision, Reason::session);
  }
}

TEST(Session, WithoutOneTheDerivedSessionDecides) {
  Fleet fleet = fleet_by_session(8);
  std::set<std::uint32_t> seen;
  for (std::uint64_t derived = 1; derived < 100; ++derived) {
    const Pick picked = pick_derived(fleet, derived);
    ASSERT_EQ(picked.replica->ref.id, fleet.walk(derived).front());
    ASSERT_EQ(picked.decision, Reason::session);
    seen.insert(picked.replica->ref.id);
  }
  EXPECT_EQ(seen.size(), 8U);
}

TEST(Session, OverItsBoundItGoesToTheSameNextOne) {
  Fleet fleet = fleet_by_session(8);
  fleet.load(fleet.walk(7).front(), 1'000'000);
  for (int i = 0; i < 5; ++i) {
    const Pick picked = pick_derived(fleet, 7);
    ASSERT_EQ(picked.replica->ref.id, fleet.walk(7)[1]);
    ASSERT_EQ(picked.decision, Reason::spill);
  }
}

TEST(Session, WithoutAnyKeyTheLeastLoadedIsTaken) {
  Fleet fleet = fleet_by_session(8);
  EXPECT_EQ(pick_derived(fleet, 0).decision, Reason::least_loaded);
}

TEST(Session, AnExplanationNamesTheKeyThatWasAsked) {
  Fleet fleet = fleet_by_session(8);
  const PickInput input = fleet.input(0, 1);
  fleet.features.derived_session = 7;
  const Explanation told = explain(input);
  EXPECT_EQ(told.key_kind, KeyKind::derived_session);
  EXPECT_EQ(told.key, 7U);
  EXPECT_EQ(told.considered.front().replica->ref.id, fleet.walk(7).front());
}

}  // namespace
}  // namespace wp::balance
