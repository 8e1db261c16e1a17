#include "tools/lab/simulation.h"

#include <gtest/gtest.h>

#include "tests/unit/lab/world.h"
#include "tools/lab/row.h"

namespace wp::lab {
namespace {

// 512 tokens a second, no overhead: a block is a second. Two replicas.
SimulationConfig two_replicas() {
  SimulationConfig made;
  made.replicas = 2;
  made.replica = {.cache_tokens = 0, .prefill_rate = 512, .decode_rate = 1, .overhead = {}, .max_running = 8};
  return made;
}

Outcome run(const Trace& trace, const SimulationConfig& config, std::string_view strategy = "round-robin") {
  return simulate(trace, config, *find_strategy(strategy));
}

SimulationConfig with_events(std::initializer_list<const char*> texts) {
  SimulationConfig made = two_replicas();
  for (const char* text : texts) made.events.push_back(parse_fleet_event(text).value());
  return made;
}

TEST(Simulation, ServesInTurnAndMeasuresFromTheArrival) {
  const Trace trace = trace_of({mooncake(0, {1, 2}), mooncake(500, {1, 3}), mooncake(1000, {1, 2, 4})});
  const Outcome outcome = run(trace, two_replicas());
  EXPECT_EQ(outcome.served[0].replica, outcome.served[2].replica);
  EXPECT_NE(outcome.served[0].replica, outcome.served[1].replica);
  EXPECT_EQ(outcome.served[0].ttft, seconds(2));
  EXPECT_EQ(outcome.served[1].ttft, seconds(2));
  EXPECT_EQ(outcome.served[2].cached_blocks, 2U);
  EXPECT_EQ(outcome.served[2].ttft, seconds(2));  // one to wait, one block to compute
  EXPECT_EQ(outcome.work[outcome.served[0].replica].uncached_tokens, 3U * 512);

  const Row row = make_row("round-robin", trace, outcome);
  EXPECT_DOUBLE_EQ(row.hit_share, 2.0 / 7);
  EXPECT_DOUBLE_EQ(row.share_of_ideal, 2.0 / 3);
  EXPECT_DOUBLE_EQ(row.imbalance, 3.0 / 2.5);
  EXPECT_DOUBLE_EQ(row.ttft_p50_ms, 2000);
  EXPECT_EQ(row.lost, 0U);
}

TEST(Simulation, SpeedsArrivalsUp) {
  SimulationConfig fast = two_replicas();
  fast.speed = 2;
  const Trace trace = trace_of({mooncake(0, {1}), mooncake(0, {2}), mooncake(1000, {3})});
  EXPECT_EQ(run(trace, fast).served[2].ttft, millis(1500));
}

TEST(Simulation, RepeatsItself) {
  std::vector<MooncakeLine> lines;
  for (int i = 0; i < 200; ++i) lines.push_back(mooncake(i * 100, {std::uint64_t(i % 7), std::uint64_t(100 + i)}, 4));
  const Trace trace = trace_of(lines);
  for (const StrategyInfo& strategy : all_strategies()) {
    const Outcome first = simulate(trace, two_replicas(), strategy);
    const Outcome second = simulate(trace, two_replicas(), strategy);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      ASSERT_EQ(first.served[i].replica, second.served[i].replica) << strategy.name;
      ASSERT_EQ(first.served[i].ttft, second.served[i].ttft) << strategy.name;
      ASSERT_TRUE(first.served[i].answered) << strategy.name;
    }
  }
}

TEST(Simulation, AJoinedReplicaTakesItsTurn) {
  const Trace trace = trace_of({mooncake(0, {1}), mooncake(2000, {2}), mooncake(4000, {3}), mooncake(6000, {4})});
  const Outcome outcome = run(trace, with_events({"1:join"}));
  ASSERT_EQ(outcome.work.size(), 3U);
  EXPECT_EQ(outcome.work[2].uncached_tokens, 512U);
  EXPECT_EQ(outcome.work[0].present, seconds(6));
  EXPECT_EQ(outcome.work[2].present, seconds(5));
}

TEST(Simulation, ADrainingReplicaEndsWhatItHas) {
  const Trace trace = trace_of({mooncake(0, {1}, 5), mooncake(0, {2}, 5), mooncake(2000, {3}), mooncake(3000, {4})});
  const Outcome outcome = run(trace, with_events({"1:drain:0"}));
  EXPECT_EQ(outcome.served[2].replica, 1U);
  EXPECT_EQ(outcome.served[3].replica, 1U);
  for (const Served& served : outcome.served) EXPECT_TRUE(served.answered);
  EXPECT_EQ(outcome.work[0].present, seconds(1));
}

TEST(Simulation, ADeadReplicaLosesWhatItBegan) {
  // Replies of 60 tokens take a minute. At 3 s replica 0 has begun its first reply and not its second.
  const Trace trace =
      trace_of({mooncake(0, {1}, 60), mooncake(0, {2}, 60), mooncake(2500, {3}, 60), mooncake(2500, {4}, 60),
                mooncake(4000, {5}, 60), mooncake(4000, {6}, 60), mooncake(9000, {7}, 60), mooncake(10'000, {8}, 60)});
  const Outcome outcome = run(trace, with_events({"3:die:0"}));
  std::uint32_t lost = 0;
  for (const Served& served : outcome.served) lost += served.answered ? 0 : 1;
  EXPECT_EQ(lost, 1U);
  // What had no byte yet went to the other one; so did what came before the verdict at 6 s. Each of these three was at
  // first sent to the dead one, whose turn it was.
  for (std::size_t i = 2; i < 8; ++i) EXPECT_EQ(outcome.served[i].replica, 1U) << i;
  EXPECT_EQ(outcome.refused_connections, 3U);
  const Row row = make_row("x", trace, outcome);
  EXPECT_EQ(row.lost, 1U);
  EXPECT_EQ(row.retries, 4U);  // and the attempt that died
  EXPECT_EQ(outcome.work[0].present, seconds(6));
}

// A reply that is not streamed begins when all of it is made: until then it can be asked for again.
TEST(Simulation, ADeadReplicaHasBegunNoWholeReply) {
  const Trace trace = trace_of({mooncake(0, {1}, 60), mooncake(0, {2}, 60), mooncake(2500, {3}, 60)});
  const auto lost = [&trace](double whole_share) {
    SimulationConfig config = with_events({"5:die:0"});
    config.whole_share = whole_share;
    return make_row("x", trace, run(trace, config)).lost;
  };
  EXPECT_EQ(lost(0), 2U);
  EXPECT_EQ(lost(1), 0U);
}

TEST(Simulation, WhoReturnsIsEmpty) {
  const Trace trace = trace_of({mooncake(0, {1}), mooncake(0, {1}), mooncake(20'000, {1}), mooncake(30'000, {1})});
  const Outcome outcome = run(trace, with_events({"5:die:0", "15:return:0"}));
  std::uint32_t hits[2] = {};
  for (const Served& served : outcome.served) hits[served.replica] += served.cached_blocks;
  EXPECT_EQ(hits[0], 0U);
  EXPECT_EQ(hits[1], 1U);
}

TEST(Simulation, NobodyThereIsALoss) {
  SimulationConfig one = two_replicas();
  one.replicas = 1;
  one.events.push_back(parse_fleet_event("1:drain:0").value());
  const Trace trace = trace_of({mooncake(0, {1}), mooncake(2000, {2})});
  const Outcome outcome = run(trace, one);
  EXPECT_TRUE(outcome.served[0].answered);
  EXPECT_FALSE(outcome.served[1].answered);
  EXPECT_EQ(outcome.served[1].replica, Served::kNobody);
  EXPECT_EQ(make_row("x", trace, outcome).lost, 1U);
}

TEST(Simulation, GatewaysKnowOnlyWhatTheySent) {
  // Each of two gateways takes every other request and, in turn, its own first replica.
  SimulationConfig two = two_replicas();
  two.gateways = 2;
  const Trace trace = trace_of({mooncake(0, {1}), mooncake(1, {2}), mooncake(2, {3}), mooncake(3, {4})});
  const Outcome outcome = run(trace, two);
  EXPECT_EQ(outcome.served[0].replica, outcome.served[1].replica);
  EXPECT_EQ(outcome.served[2].replica, outcome.served[3].replica);
  EXPECT_NE(outcome.served[0].replica, outcome.served[2].replica);
}

TEST(Simulation, ARestartedGatewayForgets) {
  // Round robin begins anew: the second request goes where the first went.
  const Trace trace = trace_of({mooncake(0, {1}, 9), mooncake(2000, {2}), mooncake(4000, {3})});
  const Outcome outcome = run(trace, with_events({"1:restart:0"}));
  EXPECT_EQ(outcome.served[0].replica, outcome.served[1].replica);
  EXPECT_NE(outcome.served[1].replica, outcome.served[2].replica);
  EXPECT_TRUE(outcome.served[0].answered);
}

TEST(Simulation, AGatewayThatHandsItsTableOverDoesNot) {
  const Trace trace = trace_of({mooncake(0, {1, 2, 3}), mooncake(9000, {1, 2, 3, 4})});
  EXPECT_EQ(run(trace, with_events({"5:handover:0"}), "warm").served[1].decision, Reason::resident);
  EXPECT_NE(run(trace, with_events({"5:restart:0"}), "warm").served[1].decision, Reason::resident);
}

// Forty conversations come back in turn, each with two more blocks, when its first two have long left caches of
// sixteen. Who learns nothing goes on believing that they are there, in each of 360 requests.
TEST(Simulation, FirstTokensCorrectWhatIsBelievedAndWhatIsToldDoesSoonerStill) {
  std::vector<MooncakeLine> lines;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const std::uint64_t first = 2 * (i % 40);
    lines.push_back(mooncake(static_cast<std::int64_t>(i) * 4000, {first, first + 1, 1000 + 2 * i, 1001 + 2 * i}));
  }
  const Trace trace = trace_of(lines);
  const auto mistaken = [&trace](Knowledge knowledge) {
    SimulationConfig config = two_replicas();
    config.replica.cache_tokens = 16ULL * 512;
    config.knowledge = knowledge;
    std::uint64_t tokens = 0;
    for (const Served& served : run(trace, config, "warm").served) {
      tokens += std::max(served.expected_tokens, served.uncached_tokens) -
                std::min(served.expected_tokens, served.uncached_tokens);
    }
    return tokens;
  };
  constexpr std::uint64_t kNeverCorrected = 360ULL * 2 * 512;
  EXPECT_LT(mistaken(Knowledge::nothing), kNeverCorrected / 2);
  EXPECT_LT(mistaken(Knowledge::counters), kNeverCorrected / 3);
  EXPECT_LT(mistaken(Knowledge::receipts), kNeverCorrected / 3);
}

}  // namespace
}  // namespace wp::lab
