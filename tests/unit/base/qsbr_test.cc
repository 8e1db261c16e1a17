#include "dataplane/base/qsbr.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wp {
namespace {

TEST(Qsbr, WithoutReadersEverythingIsFreedAtOnce) {
  Qsbr qsbr;
  int freed = 0;
  qsbr.retire([&] { ++freed; });
  qsbr.retire([&] { ++freed; });
  EXPECT_EQ(freed, 0) << "only reclaim() frees";
  EXPECT_EQ(qsbr.reclaim(), 0U);
  EXPECT_EQ(freed, 2);
  EXPECT_EQ(qsbr.reclaim(), 0U);
  EXPECT_EQ(freed, 2);
}

TEST(Qsbr, AReaderHoldsWhatWasRetiredSinceItsLastQuiescentState) {
  Qsbr qsbr;
  int freed = 0;
  qsbr.quiescent(3);
  qsbr.retire([&] { ++freed; });
  EXPECT_EQ(qsbr.reclaim(), 1U);
  EXPECT_EQ(freed, 0);
  qsbr.quiescent(3);
  EXPECT_EQ(qsbr.reclaim(), 0U);
  EXPECT_EQ(freed, 1);
}

TEST(Qsbr, EveryReaderMustHavePassed) {
  Qsbr qsbr;
  int freed = 0;
  qsbr.quiescent(0);
  qsbr.quiescent(Qsbr::kReaders - 1);
  qsbr.retire([&] { ++freed; });
  qsbr.quiescent(0);
  EXPECT_EQ(qsbr.reclaim(), 1U);
  qsbr.quiescent(Qsbr::kReaders - 1);
  EXPECT_EQ(qsbr.reclaim(), 0U);
  EXPECT_EQ(freed, 1);
}

TEST(Qsbr, AnOfflineReaderHoldsNothing) {
  Qsbr qsbr;
  int freed = 0;
  qsbr.quiescent(0);
  qsbr.retire([&] { ++freed; });
  qsbr.offline(0);
  EXPECT_EQ(qsbr.reclaim(), 0U);
  EXPECT_EQ(freed, 1);
}

TEST(Qsbr, FreesInOrderAndOnlyWhatIsDue) {
  Qsbr qsbr;
  std::vector<int> freed;
  qsbr.quiescent(0);
  qsbr.retire([&] { freed.push_back(1); });
  qsbr.retire([&] { freed.push_back(2); });
  qsbr.quiescent(0);
  qsbr.retire([&] { freed.push_back(3); });
  EXPECT_EQ(qsbr.reclaim(), 1U);
  EXPECT_EQ(freed, (std::vector<int>{1, 2}));
}

TEST(Qsbr, WhatAFreeRetiresIsHeldInItsTurn) {
  Qsbr qsbr;
  bool inner = false;
  qsbr.quiescent(0);
  qsbr.retire([&] { qsbr.retire([&] { inner = true; }); });
  qsbr.quiescent(0);
  EXPECT_EQ(qsbr.reclaim(), 1U);
  EXPECT_FALSE(inner);
  qsbr.quiescent(0);
  EXPECT_EQ(qsbr.reclaim(), 0U);
  EXPECT_TRUE(inner);
}

TEST(Qsbr, AMarkPassesWithTheReaders) {
  Qsbr qsbr;
  qsbr.quiescent(1);
  const std::uint64_t mark = qsbr.mark();
  EXPECT_FALSE(qsbr.passed(mark));
  qsbr.quiescent(1);
  EXPECT_TRUE(qsbr.passed(mark));
  const std::uint64_t later = qsbr.mark();
  EXPECT_TRUE(qsbr.passed(mark)) << "once passed, for ever";
  EXPECT_FALSE(qsbr.passed(later));
  qsbr.offline(1);
  EXPECT_TRUE(qsbr.passed(later));
}

TEST(QsbrDeathTest, AReaderBeyondTheTableIsAWrongProgram) {
  Qsbr qsbr;
  EXPECT_DEATH(qsbr.quiescent(Qsbr::kReaders), "assertion failed");
  EXPECT_DEATH(qsbr.offline(Qsbr::kReaders), "assertion failed");
}

TEST(Published, ReplaceReturnsWhatWasThere) {
  Published<int> published;
  EXPECT_EQ(published.read(), nullptr);
  const int a = 1;
  const int b = 2;
  EXPECT_EQ(published.replace(&a), nullptr);
  EXPECT_EQ(published.replace(&b), &a);
  EXPECT_EQ(published.read(), &b);
}

// The writer swaps and poisons what it frees; readers come and go, and read all of what they hold. Freed too early, a
// reader sees poison, and the thread sanitizer a race, since the poisoning is a plain store.
TEST(Qsbr, NoReaderEverSeesWhatWasFreed) {
  constexpr std::uint64_t kVersions = 2'001;  // no multiple of 8: readers that saw the last one have left
  constexpr std::size_t kThreads = 3;
  constexpr std::uint64_t kPoison = UINT64_MAX;
  struct State {
    std::array<std::uint64_t, 16> words;
  };
  std::vector<std::unique_ptr<State>> states;
  for (std::uint64_t v = 0; v <= kVersions; ++v) {
    states.push_back(std::make_unique<State>());
    states.back()->words.fill(v);
  }
  Qsbr qsbr;
  Published<State> published;
  published.replace(states[0].get());
  std::atomic<std::uint64_t> wrong{0};
  std::array<std::atomic<std::uint64_t>, kThreads> reads{};

  std::vector<std::thread> readers;
  for (std::size_t reader = 0; reader < kThreads; ++reader) {
    readers.emplace_back([&, reader] {
      std::uint64_t last = 0;
      for (std::uint64_t turn = 0; last < kVersions; ++turn) {
        qsbr.quiescent(reader);
        const State* state = published.read();
        const std::uint64_t version = state->words[0];
        bool whole = version != kPoison && version >= last;
        if (turn % 3 == 0) std::this_thread::yield();  // lets the writer go on while the pointer is held
        for (const std::uint64_t word : state->words) whole = whole && word == version;
        if (!whole) wrong.fetch_add(1);
        last = version == kPoison ? kVersions : version;
        reads[reader].fetch_add(1, std::memory_order_relaxed);  // relaxed: must not order what qsbr has to
        if (turn % 2 == 0) qsbr.offline(reader);
      }
      qsbr.offline(reader);
    });
  }
  std::uint64_t freed = 0;
  for (std::uint64_t v = 1; v <= kVersions; ++v) {
    const State* old = published.replace(states[v].get());
    qsbr.retire([&, old] {
      const_cast<State*>(old)->words.fill(kPoison);
      ++freed;
    });
    qsbr.reclaim();
    if (v % 8 != 0) continue;
    for (const auto& count : reads) {  // every reader takes part throughout
      const std::uint64_t before = count.load(std::memory_order_relaxed);
      while (count.load(std::memory_order_relaxed) == before) {
        qsbr.reclaim();
        std::this_thread::yield();
      }
    }
  }
  for (std::thread& thread : readers) thread.join();
  EXPECT_EQ(qsbr.reclaim(), 0U);
  EXPECT_EQ(freed, kVersions);
  EXPECT_EQ(wrong.load(), 0U);
  for (const auto& count : reads) EXPECT_GE(count.load(), kVersions / 8);
}

// The reader stays offline until the writer has freed, so nothing but going offline tells the writer that the reads are
// over. The hand-over is relaxed on purpose: the thread sanitizer must find no order but that of qsbr.
TEST(Qsbr, GoingOfflineEndsTheReadsBeforeIt) {
  constexpr std::uint64_t kRounds = 1'000;
  std::vector<std::uint64_t> states(kRounds + 1);
  for (std::uint64_t v = 0; v <= kRounds; ++v) states[v] = v;
  Qsbr qsbr;
  Published<std::uint64_t> published;
  published.replace(&states[0]);
  std::atomic<std::uint64_t> reading{0};
  std::atomic<std::uint64_t> freed{0};
  std::uint64_t wrong = 0;
  std::thread reader([&] {
    for (std::uint64_t v = 1; v <= kRounds; ++v) {
      qsbr.quiescent(0);
      const std::uint64_t* state = published.read();
      reading.store(v, std::memory_order_relaxed);
      std::this_thread::yield();
      wrong += *state == v - 1 ? 0U : 1U;
      qsbr.offline(0);
      while (freed.load(std::memory_order_relaxed) < v) std::this_thread::yield();
    }
  });
  for (std::uint64_t v = 1; v <= kRounds; ++v) {
    while (reading.load(std::memory_order_relaxed) < v) std::this_thread::yield();
    const std::uint64_t* old = published.replace(&states[v]);
    qsbr.retire([&states, old] { states[static_cast<std::size_t>(old - states.data())] = UINT64_MAX; });
    while (qsbr.reclaim() != 0) std::this_thread::yield();
    freed.store(v, std::memory_order_relaxed);
  }
  reader.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace wp
