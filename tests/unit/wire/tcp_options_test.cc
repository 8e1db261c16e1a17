#include "dataplane/wire/tcp_options.h"

#include <string>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/generate.h"

namespace wp::wire {
namespace {

using test::Exact;
using test::from_hex;

Parsed<TcpOptions> parse(std::string_view hex) {
  const Exact bytes(from_hex(hex));
  return TcpOptions::parse(bytes.bytes());
}

TcpOptions only_mss(std::uint16_t mss) {
  TcpOptions options;
  options.mss = mss;
  return options;
}

TEST(TcpOptions, NoneAreNone) {
  EXPECT_EQ(parse(""), TcpOptions{});
  EXPECT_EQ(parse("01010101"), TcpOptions{});
  EXPECT_EQ(parse("00000000"), TcpOptions{});
}

TEST(TcpOptions, EachIsReadAtAnyPlace) {
  EXPECT_EQ(parse("020405b4"), only_mss(1460));
  EXPECT_EQ(parse("01 020405b4 01 00 00"), only_mss(1460));
  EXPECT_EQ(parse("030307 01")->window_scale, 7);
  EXPECT_TRUE(parse("0402 0101")->sack_permitted);
  EXPECT_EQ(parse("080a 00000001 00000002 0101")->timestamps, (TcpTimestamps{.value = 1, .echo = 2}));
  EXPECT_EQ(parse("0101 080a 00000001 00000002")->timestamps, (TcpTimestamps{.value = 1, .echo = 2}));
  const auto sacks = parse("0522 00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008 0000")->sacks;
  ASSERT_EQ(sacks.size(), 4U);
  EXPECT_EQ(sacks.all()[3], (SackBlock{SeqNumber(7), SeqNumber(8)}));
}

// MUST-6; also experiments (RFC 6994) and what middleboxes invent.
TEST(TcpOptions, UnknownOnesAreSkipped) {
  EXPECT_EQ(parse("fd04 f989 020405b4"), only_mss(1460));
  EXPECT_EQ(parse("1e02 020405b4 2203 aa 01"), only_mss(1460));
  EXPECT_EQ(parse("13 12 00112233445566778899aabbccddeeff 020405b4 0101"), only_mss(1460));
}

TEST(TcpOptions, WhatFollowsTheEndIsPadding) {
  EXPECT_EQ(parse("020405b4 00 0303ff 00"), only_mss(1460));
  EXPECT_EQ(parse("00 020405b4 000000"), TcpOptions{});
  EXPECT_EQ(parse("020405b4 00 ff 00 ff"), only_mss(1460));
}

// MUST-7.
TEST(TcpOptions, IllegalLengthsAreRefused) {
  for (const char* list : {
           "02000000",  // zero
           "02010000",  // shorter than its own head
           "fd000000",
           "fd010101",  // also of an unknown kind
           "020505b4",  // beyond the list
           "fd050000",
           "fdff0000",            //
           "01010102",            // no room for a length
           "020305 00",           // too short, too long for its kind
           "0205 05b400 000000",  //
           "0302 0000",
           "0304 0707",  //
           "0403 0000",  //
           "0809 0000000000000000",
           "080b 000000000000000000",  //
           "0502 0000",
           "0509 00000000000000",
           "050b 000000000000000000",
           "0512 00000001 00000002 00000003 000000",  // blocks beyond the list
       }) {
    EXPECT_EQ(parse(list), refuse(Drop::bad_tcp_option)) << list;
  }
}

// RFC 7323, section 2.3.
TEST(TcpOptions, AScaleAboveFourteenIsFourteen) {
  EXPECT_EQ(parse("03030e00")->window_scale, 14);
  EXPECT_EQ(parse("03030f00")->window_scale, 14);
  EXPECT_EQ(parse("0303ff00")->window_scale, 14);
}

TEST(TcpOptions, OfTwoTheLastCounts) {
  EXPECT_EQ(parse("020405b4 02040200"), only_mss(512));
  const auto options = parse("0512 00000001 00000002 00000003 00000004 050a 00000005 00000006");
  ASSERT_EQ(options->sacks.size(), 1U);
  EXPECT_EQ(options->sacks.all()[0], (SackBlock{SeqNumber(5), SeqNumber(6)}));
}

// Only what makes a difference: an option cut is refused, a list cut between options is a shorter list.
TEST(TcpOptions, CutAnywhereIsAShorterListOrRefused) {
  const auto whole = from_hex("020405b4 0402 080a ae27b85200000000 01 03030a");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Exact cut(Bytes(whole).first(length));
    const bool between = length == 0 || length == 4 || length == 6 || length == 16 || length == 17;
    ASSERT_EQ(TcpOptions::parse(cut.bytes()).has_value(), between) << length;
  }
}

TEST(TcpOptions, WhatIsWrittenIsReadAndFillsWholeWords) {
  Rng rng(1);
  std::size_t longest = 0;
  for (int round = 0; round < 50'000; ++round) {
    const TcpOptions options = test::random_options(rng);
    const Exact out = test::emitted(options);
    ASSERT_EQ(out.bytes().size() % 4, 0U);
    ASSERT_LE(out.bytes().size(), kMaxTcpOptions);
    ASSERT_EQ(TcpOptions::parse(out.bytes()), options);
    longest = std::max(longest, out.bytes().size());
  }
  EXPECT_EQ(longest, kMaxTcpOptions);
}

TEST(TcpOptions, AnyBytesAreReadOrRefused) {
  Rng rng(2);
  int read = 0;
  for (int round = 0; round < 100'000; ++round) {
    Exact bytes(rng.below(41));
    test::fill(rng, bytes.out());
    // Small values, else hardly any length fits.
    for (std::byte& byte : bytes.out()) {
      if (rng.chance(0.8)) byte &= std::byte{0x0b};
    }
    read += TcpOptions::parse(bytes.bytes()) ? 1 : 0;
  }
  EXPECT_GT(read, 10'000);
}

TEST(TcpOptionsDeathTest, MoreThanFitsIsOurMistake) {
  TcpOptions options;
  options.timestamps = TcpTimestamps{};
  for (int i = 0; i < 4; ++i) options.sacks.push_back({});
  EXPECT_EQ(options.length(), 48U);
  Exact out(48);
  EXPECT_DEATH(options.emit(out.out()), "kMaxTcpOptions");
  EXPECT_DEATH(options.sacks.push_back({}), "kMax");
  TcpOptions scale;
  scale.window_scale = 15;
  EXPECT_DEATH(scale.emit(out.out()), "kMaxWindowScale");
}

}  // namespace
}  // namespace wp::wire
