#include "controlplane/feeds/replica_holdings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controlplane/report.h"

namespace wp::feeds {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr Instant kNow{1'000'000'000};

BlockEvent one_by_one(std::vector<BlockName> names, std::optional<BlockName> parent = {}) {
  return {.kind = BlockEvent::Kind::stored, .blocks = names, .parent = parent, .tokens = names, .block_tokens = 1};
}

// Two blocks that one engine has, and keys at both.
struct ToldReplica {
  ToldReplica() {
    replica.cache.apply({.events = {one_by_one({1, 2})}}, kNow);
    const auto path = replica.cache.path(replica.cache.runs(2, 2, kNow, kNow).front().last);
    book.put(0xa1, {path[0], 1, 10});
    book.put(0xa2, {path[1], 2, 20});
    replica.note_blocks(book);
  }
  void happens(BlockEvent event) {
    replica.cache.apply({.events = {std::move(event)}}, kNow);
    replica.note_blocks(book);
  }

  PromptBook book;
  ReplicaHoldings replica;
};

TEST(ReplicaHoldings, DifferencesAreTold) {
  ToldReplica a;
  HoldingsDiff first = a.replica.next(a.book);
  EXPECT_TRUE(first.cleared);
  EXPECT_EQ(first.sequence, 1U);
  EXPECT_THAT(first.holds, UnorderedElementsAre(0xa1, 0xa2));
  EXPECT_FALSE(a.replica.has_news());
  a.happens({.kind = BlockEvent::Kind::removed, .blocks = {2}});
  HoldingsDiff second = a.replica.next(a.book);
  EXPECT_FALSE(second.cleared);
  EXPECT_EQ(second.sequence, 2U);
  EXPECT_THAT(second.dropped, ElementsAre(0xa2));
  EXPECT_THAT(second.holds, IsEmpty());
  a.happens(one_by_one({2}, 1));
  EXPECT_THAT(a.replica.next(a.book).holds, ElementsAre(0xa2));
}

TEST(ReplicaHoldings, WhatTheBookForgetsIsDropped) {
  ToldReplica a;
  static_cast<void>(a.replica.next(a.book));
  static_cast<void>(a.book.take_changed());
  a.book.forget(0xa1);
  a.book.put(0xb1, {77, 3, 30});  // it is elsewhere
  a.replica.note_keys(a.book.take_changed(), a.book);
  const HoldingsDiff diff = a.replica.next(a.book);
  EXPECT_THAT(diff.dropped, ElementsAre(0xa1));
  EXPECT_THAT(diff.holds, IsEmpty());
}

TEST(ReplicaHoldings, AnewEverythingIsTold) {
  ToldReplica a;
  static_cast<void>(a.replica.next(a.book));
  a.replica.begin_anew(a.book);
  const HoldingsDiff again = a.replica.next(a.book);
  EXPECT_TRUE(again.cleared);
  EXPECT_THAT(again.holds, UnorderedElementsAre(0xa1, 0xa2));
  a.replica.forget();
  const HoldingsDiff nothing = a.replica.next(a.book);
  EXPECT_TRUE(nothing.cleared);
  EXPECT_THAT(nothing.holds, IsEmpty());
}

TEST(ReplicaHoldings, TheGatewayReadsWhatIsWritten) {
  ToldReplica a;
  const std::vector<HoldingsEntry> entries = {{"gpu:1", 3, a.replica.next(a.book), {{"matched", 5}}}};
  const auto batch = control::read_reports(write_holdings(entries, "test"));
  ASSERT_TRUE(batch) << batch.error();
  ASSERT_TRUE(batch->holdings.at(0).report) << batch->holdings[0].report.error();
  const control::HoldingsReport& report = *batch->holdings[0].report;
  EXPECT_EQ(report.generation, 3U);
  EXPECT_TRUE(report.cleared);
  EXPECT_THAT(report.holds, UnorderedElementsAre(0xa1, 0xa2));
  EXPECT_EQ(report.counts[0], 5U);
  EXPECT_FALSE(report.counts[1]);
  const auto refused = read_refused_holdings(
      R"({"holdings": {"taken": 0, "refused": [{"index": 0, "replica": "gpu:1", "error": "why"}]}})");
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].replica + refused[0].error, "gpu:1why");
  EXPECT_THAT(read_refused_holdings("no"), IsEmpty());
}

TEST(PromptBook, ItIsBounded) {
  PromptBook book(2);
  EXPECT_FALSE(book.put(1, {10, 1, 1}));
  EXPECT_FALSE(book.put(2, {10, 1, 1}));
  EXPECT_FALSE(book.put(1, {10, 1, 1})) << "met again";
  EXPECT_TRUE(book.put(3, {10, 1, 1}));
  EXPECT_EQ(book.find(2), nullptr);
  EXPECT_THAT(book.at(10), UnorderedElementsAre(1, 3));
  EXPECT_THAT(book.take_changed(), ElementsAre(1, 2, 2, 3));
}

}  // namespace
}  // namespace wp::feeds
