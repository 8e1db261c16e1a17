#include "tools/replica/engine.h"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace wp::replica {
namespace {

constexpr Instant kStart{1'000'000'000};

// 1,000 tokens a second of prefill (1 ms each), 100 a second of decoding (10 ms each), 5 ms overhead, blocks of 4.
EngineConfig config() {
  EngineConfig c;
  c.prefill_rate = 1000;
  c.decode_rate = 100;
  c.overhead = millis(5);
  c.block_tokens = 4;
  c.kv_tokens = 4000;
  return c;
}

// A prompt of `prompt` tokens that begins with `family`'s, and a reply of `reply` tokens.
Request request(std::uint32_t prompt, std::uint32_t reply, Token family = 0) {
  Request r;
  r.tokens.resize(prompt + reply);
  std::iota(r.tokens.begin(), r.tokens.end(), family * 1'000'000);
  r.prompt_tokens = prompt;
  r.tag = family;
  return r;
}

std::vector<Event> poll(Engine& engine, Instant now) {
  std::vector<Event> events;
  engine.poll(now, events);
  return events;
}

Instant at_ms(std::int64_t ms) {
  return kStart + millis(ms);
}

// When the first token of `id` came, in milliseconds from the start.
std::int64_t first_token_ms(const std::vector<Event>& events, RequestId id) {
  for (const Event& e : events) {
    if (e.id == id && e.kind == EventKind::first_token) return (e.at - kStart).millis();
  }
  return -1;
}

// 100 tokens of which the last takes almost three times as long as the first: 100 + 100^2 / 100 of its time.
TEST(Engine, ATokenTakesLongerTheMoreStandBeforeIt) {
  EngineConfig c = config();
  c.double_at = 50;
  Engine engine(c);
  ASSERT_TRUE(engine.submit(kStart, request(100, 1)));
  EXPECT_EQ(engine.next_deadline(), at_ms(5 + 200));
  static_cast<void>(poll(engine, at_ms(1000)));
  // 24 blocks of it are cached; the other four tokens stand behind 96: 4 + (100^2 - 96^2) / 100.
  ASSERT_TRUE(engine.submit(at_ms(1000), request(100, 1)));
  EXPECT_EQ(engine.next_deadline(), at_ms(1000) + micros(5000 + 4000 + 7840));
}

TEST(Engine, WhatACutPrefillComputedFollowsTheSameLaw) {
  EngineConfig c = config();
  c.double_at = 50;
  Engine engine(c);
  const auto id = engine.submit(kStart, request(100, 1));
  ASSERT_TRUE(id);
  ASSERT_TRUE(engine.cancel(*id, at_ms(5) + micros(75'001)));  // 50 tokens: 50 + 50^2 / 100 ms
  EXPECT_EQ(engine.cache().cached(), 12U) << "full blocks of 4 among 50 tokens";
}

TEST(Engine, ColdPromptTakesOverheadAndAllItsTokens) {
  Engine engine(config());
  const auto id = engine.submit(kStart, request(100, 3));
  ASSERT_TRUE(id);
  EXPECT_EQ(engine.next_deadline(), at_ms(105));
  EXPECT_TRUE(poll(engine, at_ms(105) - nanos(1)).empty());

  auto events = poll(engine, at_ms(105));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, EventKind::first_token);
  EXPECT_EQ(events[0].at, at_ms(105));
  EXPECT_EQ(events[0].cached_tokens, 0U);

  EXPECT_EQ(engine.next_deadline(), at_ms(115));
  events = poll(engine, at_ms(125));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].kind, EventKind::token);
  EXPECT_EQ(events[0].at, at_ms(115));
  EXPECT_EQ(events[0].index, 1U);
  EXPECT_EQ(events[1].at, at_ms(125));
  EXPECT_EQ(events[2].kind, EventKind::done);
  EXPECT_EQ(events[2].at, at_ms(125));
  EXPECT_EQ(engine.next_deadline(), kNever);
  EXPECT_EQ(engine.running(), 0U);
}

TEST(Engine, WarmPromptPaysForItsUncachedTokens) {
  Engine engine(config());
  ASSERT_TRUE(engine.submit(kStart, request(100, 1)));
  poll(engine, at_ms(200));
  // 24 blocks of 4: the last token is computed whatever the cache holds, so that its block counts as uncached.
  const auto warm = engine.submit(at_ms(200), request(100, 1));
  auto events = poll(engine, at_ms(500));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].cached_tokens, 96U);
  EXPECT_EQ(events[0].at, at_ms(200 + 5 + 4));
  EXPECT_EQ(engine.totals().prompt_tokens, 200U);
  EXPECT_EQ(engine.totals().cached_tokens, 96U);
  EXPECT_EQ(events[1].id, *warm);
}

TEST(Engine, RepliesAreCachedToo) {
  Engine engine(config());
  // 10 + 7 tokens; the last one's KV entries are never computed, 16 make 4 blocks.
  ASSERT_TRUE(engine.submit(kStart, request(10, 7)));
  poll(engine, at_ms(1000));
  EXPECT_EQ(engine.cache().cached(), 4U);
  ASSERT_TRUE(engine.submit(at_ms(1000), request(30, 1)));
  EXPECT_EQ(poll(engine, at_ms(2000)).front().cached_tokens, 16U);
}

TEST(Engine, RootsShareNothing) {
  Engine engine(config());
  ASSERT_TRUE(engine.submit(kStart, request(100, 1)));
  poll(engine, at_ms(1000));
  Request other = request(100, 1);
  other.root = 1;
  ASSERT_TRUE(engine.submit(at_ms(1000), std::move(other)));
  EXPECT_EQ(poll(engine, at_ms(2000)).front().cached_tokens, 0U);
}

// Request 1 decodes 10 ms a token from 105 ms on; request 2 prefills from 120 ms for 105 ms.
std::int64_t third_token_with(double interference, bool cut) {
  EngineConfig c = config();
  c.interference = interference;
  Engine engine(c);
  EXPECT_TRUE(engine.submit(kStart, request(100, 20, 1)));
  const auto second = engine.submit(at_ms(120), request(100, 20, 2));
  EXPECT_TRUE(second);
  EXPECT_EQ(cut && engine.cancel(*second, at_ms(140)), cut);
  for (const Event& e : poll(engine, at_ms(2000))) {
    if (e.id == 1 && e.index == 2) return (e.at - kStart).millis();
  }
  return -1;
}

TEST(Engine, APrefillHoldsUpThoseThatDecode) {
  EXPECT_EQ(third_token_with(0, false), 125);
  EXPECT_EQ(third_token_with(1, false), 125 + 105);
  EXPECT_EQ(third_token_with(0.2, false), 125 + 21);
}

TEST(Engine, APrefillThatIsCutOffHoldsUpNoLonger) {
  EXPECT_EQ(third_token_with(1, true), 125 + 20);
}

TEST(Engine, PrefillsOneAtATimeInOrderOfArrival) {
  Engine engine(config());
  const auto a = engine.submit(kStart, request(100, 1, 1));
  const auto b = engine.submit(at_ms(1), request(50, 1, 2));
  const auto c = engine.submit(at_ms(2), request(10, 1, 3));
  EXPECT_EQ(engine.running(), 1U);
  EXPECT_EQ(engine.waiting(), 2U);
  const auto events = poll(engine, at_ms(1000));
  EXPECT_EQ(first_token_ms(events, *a), 105);
  EXPECT_EQ(first_token_ms(events, *b), 105 + 55);
  EXPECT_EQ(first_token_ms(events, *c), 105 + 55 + 15);
}

TEST(Engine, QueuedRequestFindsWhatTheOneBeforeComputed) {
  Engine engine(config());
  ASSERT_TRUE(engine.submit(kStart, request(100, 1)));
  const auto second = engine.submit(kStart, request(100, 1));
  const auto events = poll(engine, at_ms(1000));
  EXPECT_EQ(first_token_ms(events, *second), 105 + 5 + 4);
}

TEST(Engine, CoarseAndFinePollsTellTheSame) {
  auto run = [](std::int64_t step_us) {
    Engine engine(config());
    std::vector<Event> all;
    for (Token family = 1; family <= 5; ++family) EXPECT_TRUE(engine.submit(kStart, request(40 * family, 9, family)));
    for (std::int64_t us = 0; us <= 2'000'000; us += step_us) engine.poll(kStart + micros(us), all);
    return all;
  };
  const auto fine = run(500);
  const auto coarse = run(2'000'000);
  ASSERT_EQ(fine.size(), 5U * 10);
  ASSERT_EQ(coarse.size(), fine.size());
  for (std::size_t i = 0; i < fine.size(); ++i) {
    EXPECT_EQ(fine[i].at, coarse[i].at);
    EXPECT_EQ(fine[i].id, coarse[i].id);
    EXPECT_EQ(fine[i].index, coarse[i].index);
  }
}

TEST(Engine, RunsNoMoreThanItsLimit) {
  EngineConfig c = config();
  c.max_running = 2;
  Engine engine(c);
  const auto a = engine.submit(kStart, request(10, 11, 1));  // tokens at 15, 25, ... 115
  const auto b = engine.submit(kStart, request(10, 11, 2));  // tokens at 30, 40, ... 130
  const auto third = engine.submit(kStart, request(10, 1, 3));
  ASSERT_TRUE(a && b && third);
  auto events = poll(engine, at_ms(114));
  EXPECT_EQ(engine.running(), 2U);
  EXPECT_EQ(engine.waiting(), 1U);
  EXPECT_EQ(first_token_ms(events, *third), -1);
  events = poll(engine, at_ms(1000));
  EXPECT_EQ(first_token_ms(events, *third), 115 + 15) << "its prefill begins when the first has ended";
}

TEST(Engine, RefusesBeyondItsQueue) {
  EngineConfig c = config();
  c.max_running = 1;
  c.max_waiting = 2;
  Engine engine(c);
  ASSERT_TRUE(engine.submit(kStart, request(10, 1, 1)));
  ASSERT_TRUE(engine.submit(kStart, request(10, 1, 2)));
  ASSERT_TRUE(engine.submit(kStart, request(10, 1, 3)));
  const auto fourth = engine.submit(kStart, request(10, 1, 4));
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error(), Refusal::queue_full);
  EXPECT_EQ(engine.waiting(), 2U);
  EXPECT_EQ(engine.totals().refused, 1U);
  EXPECT_TRUE(engine.submit(at_ms(15), request(10, 1, 4))) << "the first is done, a place is free";
}

TEST(Engine, AnEmptyQueueLimitStillServesTheIdleEngine) {
  EngineConfig c = config();
  c.max_waiting = 0;
  Engine engine(c);
  EXPECT_TRUE(engine.submit(kStart, request(10, 1, 1)));
  EXPECT_FALSE(engine.submit(kStart, request(10, 1, 2)));
}

TEST(Engine, RefusesWhatCanNeverFit) {
  EngineConfig c = config();
  c.kv_tokens = 16;
  Engine engine(c);
  // 10 + 7 tokens compute 16 entries, 10 + 8 compute 17.
  EXPECT_TRUE(engine.submit(kStart, request(10, 7)));
  const auto refused = engine.submit(kStart, request(10, 8));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Refusal::too_long);
}

TEST(Engine, WaitsForBlocksThatOthersPin) {
  EngineConfig c = config();
  c.kv_tokens = 16;
  Engine engine(c);
  const auto a = engine.submit(kStart, request(8, 5, 1));  // 3 blocks until 13 + 40
  const auto b = engine.submit(kStart, request(8, 1, 2));  // 2 blocks
  ASSERT_TRUE(a && b);
  const auto events = poll(engine, at_ms(1000));
  EXPECT_EQ(first_token_ms(events, *b), 53 + 13);
}

TEST(Engine, CancelFreesTheSlotAtOnce) {
  EngineConfig c = config();
  c.max_running = 1;
  Engine engine(c);
  const auto a = engine.submit(kStart, request(10, 1000, 1));
  const auto b = engine.submit(kStart, request(10, 1, 2));
  ASSERT_TRUE(a && b);
  poll(engine, at_ms(100));
  EXPECT_TRUE(engine.cancel(*a, at_ms(100)));
  EXPECT_EQ(engine.running(), 1U) << "the next has taken its place";
  EXPECT_EQ(engine.waiting(), 0U);
  const auto events = poll(engine, at_ms(1000));
  EXPECT_EQ(first_token_ms(events, *b), 115);
  for (const Event& e : events) EXPECT_EQ(e.id, *b);
  EXPECT_EQ(engine.totals().cancelled, 1U);
  EXPECT_EQ(engine.cache().pinned(), 0U);
  EXPECT_FALSE(engine.cancel(*a, at_ms(1000))) << "it is gone";
}

TEST(Engine, CancelInTheQueueLeavesTheOthersOrder) {
  Engine engine(config());
  const auto a = engine.submit(kStart, request(100, 1, 1));
  const auto b = engine.submit(kStart, request(100, 1, 2));
  const auto c = engine.submit(kStart, request(10, 1, 3));
  ASSERT_TRUE(a && b && c);
  EXPECT_TRUE(engine.cancel(*b, at_ms(50)));
  const auto events = poll(engine, at_ms(1000));
  EXPECT_EQ(first_token_ms(events, *a), 105);
  EXPECT_EQ(first_token_ms(events, *b), -1);
  EXPECT_EQ(first_token_ms(events, *c), 105 + 15);
}

TEST(Engine, ACutPrefillKeepsWhatItComputed) {
  Engine engine(config());
  const auto a = engine.submit(kStart, request(100, 1));
  ASSERT_TRUE(a);
  EXPECT_TRUE(engine.cancel(*a, at_ms(5 + 50)));  // 50 tokens, 12 blocks
  EXPECT_EQ(engine.cache().cached(), 12U);
  EXPECT_EQ(engine.cache().pinned(), 0U);
  ASSERT_TRUE(engine.submit(at_ms(60), request(100, 1)));
  EXPECT_EQ(poll(engine, at_ms(1000)).front().cached_tokens, 48U);
}

TEST(Engine, CancelledBeforeItComputesLeavesNothing) {
  Engine engine(config());
  const auto a = engine.submit(kStart, request(100, 1));
  ASSERT_TRUE(a);
  EXPECT_TRUE(engine.cancel(*a, at_ms(3)));
  EXPECT_EQ(engine.cache().cached(), 0U);
}

TEST(Engine, APromptWithoutReplyEndsWithItsPrefill) {
  Engine engine(config());
  ASSERT_TRUE(engine.submit(kStart, request(20, 0)));
  const auto events = poll(engine, at_ms(1000));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, EventKind::done);
  EXPECT_EQ(events[0].at, at_ms(25));
  EXPECT_EQ(engine.totals().generated_tokens, 0U);
}

TEST(Engine, TokensKeepTheirPaceWithoutDrift) {
  EngineConfig c = config();
  c.decode_rate = 3;  // 333.3 ms
  Engine engine(c);
  ASSERT_TRUE(engine.submit(kStart, request(5, 301)));
  const auto events = poll(engine, at_ms(1'000'000));
  ASSERT_EQ(events.size(), 302U);
  EXPECT_EQ(events[300].at, at_ms(10 + 100'000));
}

}  // namespace
}  // namespace wp::replica
