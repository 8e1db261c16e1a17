#include "tools/lab/fleet_event.h"

#include <vector>

#include <gtest/gtest.h>

namespace wp::lab {
namespace {

std::string problem(std::initializer_list<const char*> texts, std::uint32_t replicas = 2, std::uint32_t gateways = 1) {
  std::vector<FleetEvent> events;
  for (const char* text : texts) events.push_back(parse_fleet_event(text).value());
  return event_problem(events, replicas, gateways);
}

TEST(FleetEvent, IsReadFromTheCommandLine) {
  const auto drain = parse_fleet_event("600.5:drain:3");
  ASSERT_TRUE(drain);
  EXPECT_EQ(drain->at, millis(600'500));
  EXPECT_EQ(drain->change, FleetChange::drain);
  EXPECT_EQ(drain->who, 3U);
  EXPECT_EQ(parse_fleet_event("0:join")->change, FleetChange::join);
  EXPECT_EQ(parse_fleet_event("1:return:0")->change, FleetChange::come_back);
  EXPECT_EQ(parse_fleet_event("1:restart:1")->change, FleetChange::restart);
  EXPECT_EQ(parse_fleet_event("1:handover:1")->change, FleetChange::handover);
}

TEST(FleetEvent, SaysWhatIsWrong) {
  const auto error = [](const char* text) { return parse_fleet_event(text).error(); };
  EXPECT_EQ(error(""), "'': SECONDS:CHANGE[:NUMBER] is wanted, such as 600:drain:3");
  EXPECT_EQ(error("-1:join"), "'-1:join': SECONDS:CHANGE[:NUMBER] is wanted, such as 600:drain:3");
  EXPECT_EQ(error("1:explode:0"),
            "'1:explode:0': the change is join, drain, undrain, die, return, restart or handover");
  EXPECT_EQ(error("1:join:3"), "'1:join:3': who joins gets the next number: write no other");
  EXPECT_EQ(error("1:die"),
            "'1:die': behind the change stands a number, from 0 on: of the replica, or of the gateway that restarts");
  EXPECT_EQ(error("1:die:x"),
            "'1:die:x': behind the change stands a number, from 0 on: of the replica, or of the gateway that restarts");
}

TEST(FleetEvent, MustBePossible) {
  EXPECT_EQ(problem({"1:die:0", "2:return:0", "3:drain:1", "4:undrain:1", "5:join", "6:die:2", "7:restart:0"}), "");
  EXPECT_EQ(problem({"1:die:2"}), "there is no replica 2 at that time; the first is 0");
  EXPECT_EQ(problem({"1:return:0"}), "replica 0 is not dead: it cannot return");
  EXPECT_EQ(problem({"1:die:0", "2:die:0"}), "replica 0 is dead already");
  EXPECT_EQ(problem({"1:drain:0", "2:drain:0"}), "replica 0 cannot drain: it drains already or is dead");
  EXPECT_EQ(problem({"1:undrain:0"}), "replica 0 does not drain at that time");
  EXPECT_EQ(problem({"1:restart:1"}), "there is no gateway 1 that could restart; the first is 0");
  EXPECT_EQ(problem({"1:handover:1"}), "there is no gateway 1 that could restart; the first is 0");
}

}  // namespace
}  // namespace wp::lab
