// Chain: order, credit, copies that share entries, and all-or-nothing when a pool runs out.
#include "dataplane/stream/chain.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::stream {
namespace {

class ChainTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kEntry = 16;

  Slice slice(std::string_view text) {
    Slice made = pool_.take();
    std::memcpy(made.writable().data(), text.data(), text.size());
    made.set_range(0, static_cast<std::uint32_t>(text.size()));
    return made;
  }
  static std::string text(const Chain& chain) {
    std::string all;
    chain.gather(UINT32_MAX, [&](Bytes piece) { all += as_text(piece); });
    return all;
  }
  void push(std::string_view bytes) { ASSERT_TRUE(chain_.push(slice(bytes))); }
  void append(std::string_view bytes) { ASSERT_TRUE(chain_.append(as_bytes(bytes), pool_)); }

  SlicePool pool_{8, kEntry};
  NodePool nodes_{6};
  Chain chain_{nodes_, 32};
};

TEST_F(ChainTest, EmptyOneHasAllItsCredit) {
  EXPECT_TRUE(chain_.empty());
  EXPECT_EQ(chain_.credit(), 32u);
  EXPECT_TRUE(chain_.front().empty());
  EXPECT_EQ(text(chain_), "");
  chain_.consume(0);
  EXPECT_DEATH(chain_.consume(1), "assertion failed");
  EXPECT_DEATH(static_cast<void>(chain_.pop()), "assertion failed");
}

TEST_F(ChainTest, KeepsOrderAndCountsCredit) {
  push("hello ");
  push("world");
  EXPECT_EQ(text(chain_), "hello world");
  EXPECT_EQ(chain_.bytes(), 11u);
  EXPECT_EQ(chain_.slices(), 2u);
  EXPECT_EQ(chain_.credit(), 21u);
  EXPECT_EQ(as_text(chain_.front().bytes()), "hello ");
}

TEST_F(ChainTest, SurplusBeyondTheLimitIsKeptAndCreditIsZero) {
  push("0123456789abcdef");
  push("0123456789abcdef");
  EXPECT_EQ(chain_.credit(), 0u);
  push("surplus");
  EXPECT_EQ(chain_.credit(), 0u);
  chain_.consume(7);
  EXPECT_EQ(chain_.credit(), 0u);
  chain_.consume(1);
  EXPECT_EQ(chain_.credit(), 1u);
}

TEST_F(ChainTest, EmptySlicesAreDropped) {
  ASSERT_TRUE(chain_.push(slice("")));
  EXPECT_EQ(chain_.slices(), 0u);
  EXPECT_EQ(pool_.held(), 0u);
  EXPECT_EQ(nodes_.available(), 6u);
}

TEST_F(ChainTest, PushWithoutNodesLeavesTheSliceUntouched) {
  for (int i = 0; i < 6; ++i) push("x");
  Slice extra = slice("extra");
  EXPECT_FALSE(chain_.push(std::move(extra)));
  EXPECT_EQ(as_text(extra.bytes()), "extra");  // NOLINT(bugprone-use-after-move): a refused push does not move
  EXPECT_EQ(chain_.bytes(), 6u);
  chain_.consume(1);
  EXPECT_TRUE(chain_.push(std::move(extra)));
  EXPECT_EQ(text(chain_), "xxxxxextra");
}

TEST_F(ChainTest, ConsumeCrossesSlicesAndFreesThem) {
  push("abc");
  push("def");
  push("ghi");
  chain_.consume(4);
  EXPECT_EQ(text(chain_), "efghi");
  EXPECT_EQ(chain_.slices(), 2u);
  EXPECT_EQ(pool_.held(), 2u);
  EXPECT_EQ(nodes_.available(), 4u);
  chain_.consume(5);
  EXPECT_TRUE(chain_.empty());
  EXPECT_EQ(pool_.held(), 0u);
  EXPECT_EQ(nodes_.available(), 6u);
}

TEST_F(ChainTest, PopTakesTheFirstSliceWhole) {
  push("abc");
  push("def");
  chain_.consume(1);
  const Slice first = chain_.pop();
  EXPECT_EQ(as_text(first.bytes()), "bc");
  EXPECT_EQ(text(chain_), "def");
  EXPECT_EQ(chain_.bytes(), 3u);
  EXPECT_EQ(nodes_.available(), 5u);
}

TEST_F(ChainTest, AppendsShareOneEntry) {
  append("data: 1\n");
  append("\n");
  append("end");
  EXPECT_EQ(text(chain_), "data: 1\n\nend");
  EXPECT_EQ(chain_.slices(), 1u);
  EXPECT_EQ(pool_.held(), 1u);
}

TEST_F(ChainTest, AppendFillsTheEntryThenTakesAnother) {
  append("0123456789");
  append("abcdefghij");
  EXPECT_EQ(text(chain_), "0123456789abcdefghij");
  EXPECT_EQ(chain_.slices(), 2u);
  EXPECT_EQ(chain_.front().size(), kEntry);
  append("klmnopqrstuv");  // fills the second entry exactly
  EXPECT_EQ(chain_.slices(), 2u);
  append("w");
  EXPECT_EQ(chain_.slices(), 3u);
  EXPECT_EQ(text(chain_), "0123456789abcdefghijklmnopqrstuvw");
}

TEST_F(ChainTest, AppendAfterPartOfTheTailWasConsumedDoesNotReuseItsFront) {
  append("0123456789");
  chain_.consume(8);
  append("abcdef");
  EXPECT_EQ(chain_.slices(), 1u);
  append("gh");
  EXPECT_EQ(text(chain_), "89abcdefgh");
  EXPECT_EQ(chain_.slices(), 2u);
}

TEST_F(ChainTest, AppendNeverWritesIntoSlicesOfOthers) {
  Slice foreign = slice("head");
  const Slice kept = foreign.share();
  ASSERT_TRUE(chain_.push(std::move(foreign)));
  append("tail");
  EXPECT_EQ(chain_.slices(), 2u);
  EXPECT_EQ(text(chain_), "headtail");

  append("more");
  push("x");
  append("y");
  EXPECT_EQ(text(chain_), "headtailmorexy");
  EXPECT_EQ(chain_.slices(), 4u);
  EXPECT_EQ(as_text(kept.bytes()), "head");
}

TEST_F(ChainTest, AppendAfterTheTailWasPoppedStartsAnew) {
  append("first");
  const Slice popped = chain_.pop();
  append("second");
  EXPECT_EQ(as_text(popped.bytes()), "first");
  EXPECT_EQ(text(chain_), "second");
  EXPECT_EQ(pool_.held(), 2u);
}

TEST_F(ChainTest, AppendLeavesASharedTailsBytesAlone) {
  append("stay");
  const Slice shared = chain_.front().share();
  append(" here");
  EXPECT_EQ(as_text(shared.bytes()), "stay");
  EXPECT_EQ(text(chain_), "stay here");
}

TEST_F(ChainTest, AppendIntoAnotherPoolTakesAFreshEntry) {
  SlicePool other(2, kEntry);
  {
    Chain chain(nodes_, 64);
    ASSERT_TRUE(chain.append(as_bytes("one"), pool_));
    ASSERT_TRUE(chain.append(as_bytes("two"), other));
    ASSERT_TRUE(chain.append(as_bytes("six"), pool_));
    EXPECT_EQ(text(chain), "onetwosix");
    EXPECT_EQ(chain.slices(), 3u);
  }
  EXPECT_EQ(other.held(), 0u);
}

TEST_F(ChainTest, AppendIsAllOrNothingWhenEntriesRunOut) {
  std::vector<Slice> hoard;
  for (int i = 0; i < 6; ++i) hoard.push_back(pool_.take());
  append("12345678");
  EXPECT_FALSE(chain_.append(as_bytes(std::string(8 + 16 + 1, 'x')), pool_));
  EXPECT_EQ(text(chain_), "12345678");
  EXPECT_EQ(pool_.free(), 1u);
  append(std::string(8 + 16, 'x'));
  EXPECT_EQ(chain_.bytes(), 32u);
}

TEST_F(ChainTest, AppendIsAllOrNothingWhenNodesRunOut) {
  for (int i = 0; i < 5; ++i) push("x");
  EXPECT_FALSE(chain_.append(as_bytes(std::string(17, 'y')), pool_));
  EXPECT_EQ(chain_.bytes(), 5u);
  append(std::string(16, 'y'));
  EXPECT_EQ(nodes_.available(), 0u);
  EXPECT_EQ(chain_.bytes(), 21u);
}

TEST_F(ChainTest, AppendOfNothingDoesNothing) {
  append("");
  EXPECT_EQ(chain_.slices(), 0u);
  EXPECT_EQ(pool_.held(), 0u);
}

TEST_F(ChainTest, GatherStopsAtItsBound) {
  push("a");
  push("b");
  push("c");
  std::string seen;
  EXPECT_EQ(chain_.gather(2, [&](Bytes piece) { seen += as_text(piece); }), 2u);
  EXPECT_EQ(seen, "ab");
  EXPECT_EQ(chain_.gather(0, [](Bytes) { FAIL(); }), 0u);
}

TEST_F(ChainTest, ClearAndDestructionGiveEverythingBack) {
  {
    Chain other(nodes_, 16);
    ASSERT_TRUE(other.append(as_bytes("abc"), pool_));
    push("def");
    chain_.clear();
    EXPECT_EQ(chain_.bytes(), 0u);
    EXPECT_EQ(chain_.slices(), 0u);
    EXPECT_EQ(chain_.credit(), 32u);
    append("again");
    EXPECT_EQ(text(chain_), "again");
    chain_.clear();
  }
  EXPECT_EQ(pool_.held(), 0u);
  EXPECT_EQ(nodes_.available(), 6u);
}

// Against a plain string: any order of push, append, consume and pop shows the same bytes, and nothing leaks.
TEST_F(ChainTest, EqualsAStringUnderRandomUse) {
  Rng rng(7);
  std::string model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string piece(rng.below(kEntry + 1), static_cast<char>('a' + rng.below(26)));
    switch (rng.below(4)) {
      case 0:
        if (pool_.free() > 0 && chain_.push(slice(piece))) model += piece;
        break;
      case 1:
        if (chain_.append(as_bytes(piece + piece), pool_)) model += piece + piece;
        break;
      case 2: {
        const std::uint32_t n = rng.below(chain_.bytes() + 1);
        chain_.consume(n);
        model.erase(0, n);
        break;
      }
      default:
        if (!chain_.empty()) model.erase(0, chain_.pop().size());
    }
    ASSERT_EQ(text(chain_), model) << "step " << step;
    ASSERT_EQ(chain_.bytes(), model.size());
    const std::uint32_t from = rng.below(chain_.bytes() + 1);
    std::string part(rng.below(chain_.bytes() - from + 1), '?');
    chain_.copy(from, std::as_writable_bytes(std::span(part)));
    ASSERT_EQ(part, model.substr(from, part.size())) << "step " << step;
    ASSERT_EQ(chain_.slices(), 6 - nodes_.available());
    ASSERT_EQ(pool_.held(), chain_.slices());
  }
}

}  // namespace
}  // namespace wp::stream
