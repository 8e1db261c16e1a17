// 10,000 sessions through the real pick, while replicas join, drain and leave.
#include "dataplane/balance/session_fate.h"

#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

constexpr std::uint32_t kSessions = 10'000;
constexpr std::uint32_t kFleetSize = 9;
constexpr std::uint32_t kNinth = 8;

// Sessions that send a request each in every round. Their prompts begin alike, then each has its own and grows.
class Sessions {
 public:
  explicit Sessions(Strategy strategy, bool named = true) : fleet_(kFleetSize, strategy), named_(named) {
    for (std::uint32_t id = 0; id < kFleetSize; ++id) residency_.wipe(id);
    set_state(kNinth, ReplicaState::down);
  }

  void set_state(std::uint32_t id, ReplicaState state) {
    fleet_.snapshot.replicas[id].state = state;
    fleet_.reseal();
  }

  // The picks of one round by fate.
  SessionTable::Figures round() {
    const SessionTable::Figures before = table_.figures(0);
    for (std::uint32_t session = 0; session < kSessions; ++session) ask(session);
    ++rounds_;
    SessionTable::Figures figures = table_.figures(0);
    for (std::size_t fate = 0; fate < kSessionFates; ++fate) figures[fate] -= before[fate];
    return figures;
  }

  // Sessions whose last request is there.
  [[nodiscard]] std::uint32_t at(std::uint32_t id) const {
    return static_cast<std::uint32_t>(std::ranges::count(where_, id));
  }
  // Sessions that in the last round moved to there.
  [[nodiscard]] std::uint32_t moved_to(std::uint32_t id) const { return moved_to_[id]; }

 private:
  void ask(std::uint32_t session) {
    if (session == 0) moved_to_ = {};
    set_features(session);
    fleet_.now = fleet_.now + micros(500);
    PickInput input = fleet_.input_again();
    input.residency = &residency_;
    const Pick pick = balance::pick(input);
    ASSERT_NE(pick.replica, nullptr);
    note_session(table_, session_key(fleet_.pool(), fleet_.features), input, pick);
    Charge charge = fleet_.accounts.charge(pick.replica->ref, 0, uncached_tokens(input, pick), fleet_.now);
    remember(input, pick);
    charge.first_byte(fleet_.now + micros(50));
    const std::uint32_t id = pick.replica->ref.id;
    if (where_[session] != id && rounds_ > 0) ++moved_to_[id];
    where_[session] = id;
  }

  void set_features(std::uint32_t session) {
    const std::uint32_t bytes = 4'000 + 400 * rounds_;
    rungs_ = {{{.hash = 7, .end = 256}, {.hash = mix64(session), .end = 2'000}}};
    ends_ = {{{.hash = mix64(session + (std::uint64_t{rounds_} << 32U)), .end = bytes - 400},
              {.hash = mix64(session + (std::uint64_t{rounds_ + 1} << 32U)), .end = bytes}}};
    fleet_.features.api = prompt::Api::chat_completions;
    fleet_.features.session = named_ ? mix64(session + 1'000'000) : 0;
    fleet_.features.derived_session = mix64(session);
    fleet_.features.first_chunk = mix64(session);
    fleet_.features.ladder = rungs_;
    fleet_.features.ends = ends_;
    fleet_.features.canonical_bytes = bytes;
    fleet_.features.estimated_tokens = bytes / 4;
  }

  testing::Fleet fleet_;
  Residency residency_{1U << 17U, kFleetSize};
  SessionTable table_{4 * kSessions, 1};
  std::array<prompt::Rung, 2> rungs_;
  std::array<prompt::Rung, 2> ends_;
  std::vector<std::uint32_t> where_ = std::vector<std::uint32_t>(kSessions);
  std::array<std::uint32_t, kFleetSize> moved_to_{};
  std::uint32_t rounds_ = 0;
  bool named_;
};

std::uint64_t of(const SessionTable::Figures& figures, SessionFate fate) {
  return figures[static_cast<std::size_t>(fate)];
}

std::uint64_t moved(const SessionTable::Figures& figures) {
  std::uint64_t sum = 0;
  for (std::size_t fate = kFirstMove; fate < kSessionFates; ++fate) sum += figures[fate];
  return sum;
}

struct Case {
  Strategy strategy;
  bool named;
};

class TenThousandSessions : public ::testing::TestWithParam<Case> {
 protected:
  Sessions sessions{GetParam().strategy, GetParam().named};
};

TEST_P(TenThousandSessions, StayWhereTheyAre) {
  EXPECT_EQ(of(sessions.round(), SessionFate::first), kSessions);
  EXPECT_EQ(of(sessions.round(), SessionFate::kept), kSessions);
}

TEST_P(TenThousandSessions, ANinthReplicaTakesItsShareAndNobodyElseMoves) {
  sessions.round();
  sessions.round();
  sessions.set_state(kNinth, ReplicaState::up);
  const auto figures = sessions.round();
  EXPECT_EQ(of(figures, SessionFate::kept) + moved(figures), kSessions);
  EXPECT_LE(moved(figures), kSessions / 9 + kSessions / 50);
  EXPECT_EQ(sessions.moved_to(kNinth), moved(figures)) << "no session moved between the others";
  if (GetParam().strategy == Strategy::prefix) {
    EXPECT_GE(moved(figures), kSessions / 9 - kSessions / 50);
    EXPECT_EQ(moved(figures), of(figures, SessionFate::ring));
  }
}

TEST_P(TenThousandSessions, ADrainMovesOnlyItsOwn) {
  sessions.round();
  sessions.round();
  const std::uint32_t own = sessions.at(3);
  EXPECT_GT(own, kSessions / 16);
  sessions.set_state(3, ReplicaState::draining);
  const auto figures = sessions.round();
  EXPECT_EQ(of(figures, SessionFate::unavailable), own);
  EXPECT_EQ(moved(figures), own);
  EXPECT_EQ(sessions.at(3), 0U);
}

INSTANTIATE_TEST_SUITE_P(ByStrategy, TenThousandSessions,
                         ::testing::Values(Case{Strategy::warm, true}, Case{Strategy::warm, false},
                                           Case{Strategy::prefix, true}, Case{Strategy::prefix, false}),
                         [](const auto& about) {
                           return std::string(about.param.strategy == Strategy::warm ? "Warm" : "Prefix") +
                                  (about.param.named ? "Named" : "Derived");
                         });

TEST(SessionFate, SaysWhyASessionLeft) {
  testing::Fleet fleet(4);
  fleet.features.api = prompt::Api::chat_completions;
  const std::uint64_t session = 42;
  const std::uint32_t home = fleet.walk(session)[0];
  const LastReplica at_home{.id = home, .generation = 1, .known = true};
  const auto fate = [&](const PickInput& input, const LastReplica& last) {
    return session_fate(input, pick(input), last);
  };
  EXPECT_EQ(fate(fleet.input(session), {}), SessionFate::first);
  EXPECT_EQ(fate(fleet.input(session), at_home), SessionFate::kept);
  EXPECT_EQ(fate(fleet.input(session), {.id = (home + 1) % 4, .generation = 1, .known = true}), SessionFate::ring);
  EXPECT_EQ(fate(fleet.input(session), {.id = home, .generation = 2, .known = true}), SessionFate::left);
  EXPECT_EQ(fate(fleet.input(session), {.id = 77, .generation = 1, .known = true}), SessionFate::left);
  const ReplicaRef tried{home, 1};
  EXPECT_EQ(fate(fleet.input(session, 1, {&tried, 1}), at_home), SessionFate::failed);
  const PickInput input = fleet.input(session);
  EXPECT_EQ(session_fate(input, {&fleet.replica((home + 1) % 4), Reason::cold}, at_home), SessionFate::choice);
  fleet.load(home, 1'000'000);
  EXPECT_EQ(fate(fleet.input(session), at_home), SessionFate::over_bound);
  fleet.snapshot.replicas[home].state = ReplicaState::down;
  fleet.reseal();
  EXPECT_EQ(fate(fleet.input(session), at_home), SessionFate::unavailable);
}

TEST(SessionFate, WhatHasNoConversationHasNoSession) {
  Pool pool;
  prompt::Features features{.session = 5, .derived_session = 6};
  EXPECT_EQ(session_key(pool, features), 0U);
  features.api = prompt::Api::embeddings;
  const std::uint64_t named = session_key(pool, features);
  EXPECT_NE(named, 0U);
  features.session = 0;
  EXPECT_EQ(session_key(pool, features), 0U);
  features.api = prompt::Api::messages;
  EXPECT_NE(session_key(pool, features), 0U);
  features.session = 5;
  pool.id = 1;
  EXPECT_NE(session_key(pool, features), named) << "another pool's";
}

}  // namespace
}  // namespace wp::balance
