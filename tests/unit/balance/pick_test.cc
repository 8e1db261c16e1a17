#include "dataplane/balance/pick.h"

#include <cstdint>

#include <gtest/gtest.h>

#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using testing::Fleet;

constexpr Strategy kAll[] = {Strategy::warm, Strategy::prefix, Strategy::least_loaded, Strategy::round_robin};

TEST(Pick, TakesThePoolsStrategyUnlessAnotherIsGiven) {
  Fleet fleet(4, Strategy::round_robin);
  EXPECT_EQ(pick(fleet.input(1)).decision, Reason::round_robin);
  EXPECT_EQ(pick(fleet.input(1), Strategy::least_loaded).decision, Reason::least_loaded);
  EXPECT_EQ(pick(fleet.input(1), Strategy::prefix).decision, Reason::session);
}

TEST(Pick, AnEmptyPoolHasNobody) {
  Fleet fleet(2);
  for (Replica& replica : fleet.snapshot.replicas) replica.state = ReplicaState::down;
  fleet.reseal();
  for (const Strategy strategy : kAll) {
    const Pick picked = pick(fleet.input(1), strategy);
    EXPECT_EQ(picked.replica, nullptr);
    EXPECT_EQ(picked.decision, Reason::none);
  }
}

TEST(Pick, TheOnlyOneIsTakenWhateverItsLoad) {
  Fleet fleet(2);
  fleet.snapshot.replicas[0].state = ReplicaState::draining;
  fleet.reseal();
  fleet.load(1, 100'000'000, 1'000);
  for (const Strategy strategy : kAll) {
    const Pick picked = pick(fleet.input(1), strategy);
    ASSERT_NE(picked.replica, nullptr);
    EXPECT_EQ(picked.replica->ref.id, 1U);
    EXPECT_EQ(picked.decision, Reason::only_one);
  }
}

TEST(Pick, TheOnlyOneMayBeExcluded) {
  Fleet fleet(1);
  const ReplicaRef excluded[] = {{0, 1}};
  for (const Strategy strategy : kAll) EXPECT_EQ(pick(fleet.input(1, 1, excluded), strategy).replica, nullptr);
}

TEST(Pick, NeverTakesWhatIsNotPickable) {
  Fleet fleet(30);
  for (std::uint32_t id = 0; id < 30; ++id) {
    if (id % 3 == 0) fleet.snapshot.replicas[id].state = ReplicaState::down;
    if (id % 3 == 1) fleet.snapshot.replicas[id].endpoints.clear();
  }
  fleet.reseal();
  for (const Strategy strategy : kAll) {
    for (std::uint64_t session = 1; session < 300; ++session) {
      ASSERT_EQ(pick(fleet.input(session), strategy).replica->ref.id % 3, 2U);
    }
  }
}

TEST(Pick, ChargesNothing) {
  Fleet fleet(4);
  for (const Strategy strategy : kAll) static_cast<void>(pick(fleet.input(1), strategy));
  for (std::uint32_t id = 0; id < 4; ++id) EXPECT_EQ(fleet.accounts.charged(id), 0U);
  EXPECT_EQ(fleet.accounts.total(0).streams, 0U);
}

TEST(Pick, EveryDecisionIsOfItsKind) {
  Fleet fleet(4);
  for (const Strategy strategy : kAll) {
    EXPECT_EQ(info(pick(fleet.input(1), strategy).decision).kind, ReasonKind::decide);
  }
}

}  // namespace
}  // namespace wp::balance
