#include "dataplane/tcp/reassembly.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::tcp {
namespace {

using stream::Slice;
using wire::SeqNumber;

class ReassemblyTest : public testing::Test {
 protected:
  Slice slice(std::string_view text) {
    Slice made = buffers_.take();
    std::memcpy(made.writable().data(), text.data(), text.size());
    made.set_range(0, static_cast<std::uint32_t>(text.size()));
    return made;
  }
  std::string take(std::uint32_t at) {
    const Slice taken = early_.take(pieces_, SeqNumber(at));
    return std::string(stream::as_text(taken.bytes()));
  }
  bool insert(std::uint32_t at, std::string_view text, std::uint32_t limit = 8) {
    return early_.insert(pieces_, SeqNumber(at), slice(text), limit);
  }
  ~ReassemblyTest() override { early_.clear(pieces_); }

  stream::SlicePool buffers_{64, 64};
  PiecePool pieces_{16};
  Reassembly early_;
};

TEST_F(ReassemblyTest, GivesBackInOrder) {
  EXPECT_TRUE(insert(20, "def"));
  EXPECT_TRUE(insert(10, "abc"));
  EXPECT_EQ(take(5), "");
  EXPECT_EQ(take(10), "abc");
  EXPECT_EQ(take(20), "def");
  EXPECT_EQ(pieces_.available(), pieces_.capacity());
  EXPECT_EQ(buffers_.held(), 0U);
}

TEST_F(ReassemblyTest, WhatCameFirstStays) {
  EXPECT_TRUE(insert(12, "BC"));
  EXPECT_TRUE(insert(10, "xxxxxx"));
  EXPECT_EQ(take(10), "xx");
  EXPECT_EQ(take(12), "BC");
  EXPECT_EQ(take(14), "xx");
}

TEST_F(ReassemblyTest, IsBoundedByItsLimitAndByThePool) {
  EXPECT_TRUE(insert(10, "a", 2));
  EXPECT_TRUE(insert(20, "b", 2));
  EXPECT_FALSE(insert(30, "c", 2));
  for (std::uint32_t i = 2; i < pieces_.capacity(); ++i) EXPECT_TRUE(insert(100 + 10 * i, "d", 100));
  EXPECT_FALSE(insert(9'000, "e", 100));
  EXPECT_EQ(pieces_.available(), 0U);
}

TEST_F(ReassemblyTest, BlocksNameTheLatestRunFirst) {
  insert(10, "aa");
  insert(12, "bb");
  insert(30, "c");
  insert(40, "d");
  wire::SackBlocks blocks;
  early_.blocks(pieces_, SeqNumber(30), 3, blocks);
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks.all()[0], (wire::SackBlock{SeqNumber(30), SeqNumber(31)}));
  EXPECT_EQ(blocks.all()[1], (wire::SackBlock{SeqNumber(10), SeqNumber(14)}));
  EXPECT_EQ(blocks.all()[2], (wire::SackBlock{SeqNumber(40), SeqNumber(41)}));
}

TEST_F(ReassemblyTest, EqualsAMapUnderRandomUseAcrossTheWrap) {
  Rng rng(3);
  for (int round = 0; round < 2'000; ++round) {
    std::map<std::uint32_t, char> model;
    const SeqNumber base(0xffff'ffc0U);
    for (int i = 0; i < 6; ++i) {
      const std::uint32_t at = rng.below(100);
      const std::string text(1 + rng.below(20), static_cast<char>('a' + i));
      if (!early_.insert(pieces_, base + at, slice(text), 100)) continue;
      for (std::uint32_t k = 0; k < text.size(); ++k) model.emplace(at + k, text[k]);
    }
    for (std::uint32_t at = 0; at < 130;) {
      const Slice taken = early_.take(pieces_, base + at);
      if (taken.empty()) {
        ASSERT_FALSE(model.contains(at));
        ++at;
        continue;
      }
      for (const char c : stream::as_text(taken.bytes())) ASSERT_EQ(model.at(at++), c);
    }
    ASSERT_EQ(pieces_.available(), pieces_.capacity());
    ASSERT_EQ(buffers_.held(), 0U);
  }
}

}  // namespace
}  // namespace wp::tcp
