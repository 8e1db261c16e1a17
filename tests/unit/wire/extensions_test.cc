#include "dataplane/wire/extensions.h"

#include <string>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/generate.h"

namespace wp::wire {
namespace {

using test::Exact;
using test::from_hex;

constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kDestination = 60;

// "offset/protocol" or the drop's word.
std::string walk(std::uint8_t first, std::string_view hex) {
  const Exact exact(from_hex(hex));
  const auto upper = walk_extensions(first, exact.bytes());
  if (!upper) return std::string(word(upper.error()));
  return std::to_string(upper->offset) + "/" + std::to_string(static_cast<int>(upper->protocol));
}

TEST(Extensions, NoneIsNothingToWalk) {
  EXPECT_EQ(walk(kTcp, ""), "0/6");
  EXPECT_EQ(walk(59, ""), "0/59");
  EXPECT_EQ(walk(51, "06"), "0/51");  // authentication: not walked, not ours
}

TEST(Extensions, EachKindIsWalked) {
  EXPECT_EQ(walk(kHopByHop, "06 00 050200000100"), "8/6");
  EXPECT_EQ(walk(kDestination, "06 01 010c000000000000 000000000000"), "16/6");
  EXPECT_EQ(walk(kRouting, "06 00 04 00 00000000"), "8/6");
  EXPECT_EQ(walk(kFragment, "06 00 0000 12345678"), "8/6");
}

TEST(Extensions, AChainIsWalkedToItsEnd) {
  EXPECT_EQ(walk(kHopByHop,
                 "3c 00 010400000000"
                 "2b 00 010400000000"
                 "2c 00 03 00 00000000"
                 "3c 00 0000 12345678"
                 "06 00 010400000000 aabb"),
            "40/6");
}

// RFC 8200, section 4.2: padding, and options whose type's upper bits are 00, are passed over.
TEST(Extensions, OptionsThatMayBeSkippedAre) {
  EXPECT_EQ(walk(kDestination, "06 00 000000000000"), "8/6");
  EXPECT_EQ(walk(kDestination, "06 00 3f0400000000"), "8/6");
  EXPECT_EQ(walk(kDestination, "06 00 1e0100 000100"), "8/6");
}

TEST(Extensions, OptionsThatForbidToBeSkippedAreNot) {
  EXPECT_EQ(walk(kDestination, "06 00 400400000000"), "refused_option");
  EXPECT_EQ(walk(kDestination, "06 00 800400000000"), "refused_option");
  EXPECT_EQ(walk(kHopByHop, "06 00 c20400010000"), "refused_option");  // a jumbogram
  EXPECT_EQ(walk(kDestination, "06 00 0000000000c9"), "bad_extension");
}

TEST(Extensions, AnOptionBeyondItsHeaderIsMalformed) {
  EXPECT_EQ(walk(kDestination, "06 00 010500000000 0000"), "bad_extension");
  EXPECT_EQ(walk(kDestination, "06 00 000000000001"), "bad_extension");
  EXPECT_EQ(walk(kHopByHop, "06 00 01ff00000000"), "bad_extension");
}

TEST(Extensions, HopByHopStandsFirstOrNowhere) {
  EXPECT_EQ(walk(kDestination, "00 00 010400000000 06 00 010400000000"), "bad_extension");
  EXPECT_EQ(walk(kHopByHop, "00 00 010400000000 06 00 010400000000"), "bad_extension");
}

// RFC 5095 for type 0; RFC 8200, section 4.4 for a type that is not known.
TEST(Extensions, SegmentsLeftAreNobodysToVisit) {
  EXPECT_EQ(walk(kRouting, "06 00 00 01 00000000"), "source_routed");
  EXPECT_EQ(walk(kRouting, "06 00 fe ff 00000000"), "source_routed");
}

TEST(Extensions, AFragmentIsToldFromAWholeInOneHeader) {
  EXPECT_EQ(walk(kFragment, "06 00 0001 12345678"), "fragment");  // the first
  EXPECT_EQ(walk(kFragment, "06 00 0008 12345678"), "fragment");  // the last
  EXPECT_EQ(walk(kFragment, "06 00 fff9 12345678"), "fragment");
  EXPECT_EQ(walk(kFragment, "06 ff 0006 12345678"), "8/6");  // reserved bits only
}

TEST(Extensions, AHeaderBeyondThePacketIsTruncated) {
  for (const std::uint8_t kind : {kHopByHop, kRouting, kFragment, kDestination}) {
    EXPECT_EQ(walk(kind, ""), "truncated");
    EXPECT_EQ(walk(kind, "06 00 0000000000"), "truncated");
  }
  EXPECT_EQ(walk(kDestination, "06 01 010400000000 00000000000000"), "truncated");
  EXPECT_EQ(walk(kRouting, "06 ff 04 00 00000000"), "truncated");
}

TEST(Extensions, TheWalkIsBounded) {
  std::string chain;
  for (unsigned i = 1; i < kMaxExtensions; ++i) chain += "3c 00 010400000000";
  EXPECT_EQ(walk(kDestination, chain + "06 00 010400000000"), std::to_string(8 * kMaxExtensions) + "/6");
  EXPECT_EQ(walk(kDestination, chain + "3c 00 010400000000 06 00 010400000000"), "too_many_extensions");
}

TEST(Extensions, AnyBytesEndInAnOffsetInsideOrADrop) {
  Rng rng(1);
  int walked = 0;
  for (int round = 0; round < 50'000; ++round) {
    Exact bytes(rng.below(80));
    test::fill(rng, bytes.out());
    // Mostly small lengths and known kinds, else nearly all is truncated.
    for (std::size_t at = 0; at + 8 <= bytes.bytes().size(); at += 8) {
      bytes.out()[at] = std::byte{rng.chance(0.7) ? kDestination : kTcp};
      bytes.out()[at + 1] = static_cast<std::byte>(rng.below(2));
      bytes.out()[at + 2] = static_cast<std::byte>(rng.below(2));
      bytes.out()[at + 3] = static_cast<std::byte>(rng.below(5));
    }
    const auto upper = walk_extensions(kDestination, bytes.bytes());
    if (!upper) continue;
    ASSERT_LE(upper->offset, bytes.bytes().size());
    ++walked;
  }
  EXPECT_GT(walked, 500);
}

}  // namespace
}  // namespace wp::wire
