#include "dataplane/wire/quoted_tcp.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/packets.h"

namespace wp::wire {
namespace {

using test::Exact;
using test::from_hex;

constexpr std::size_t kLink = 14;

// Our segment as a router would quote it.
std::vector<std::byte> quote_of(const test::Packet& packet, std::size_t length) {
  const auto frame = from_hex(packet.hex);
  return {frame.begin() + kLink, frame.begin() + static_cast<std::ptrdiff_t>(kLink + length)};
}

Parsed<QuotedTcp> parse(Bytes quote) {
  const Exact exact(quote);
  return QuotedTcp::parse(exact.bytes());
}

// RFC 792: "the internet header plus the first 64 bits of the original datagram's data".
TEST(QuotedTcp, EightBytesOfTheSegmentAreEnough) {
  const auto v4 = parse(quote_of(test::kDataV4, 28));
  ASSERT_TRUE(v4);
  EXPECT_EQ(to_string(v4->source), "192.0.2.1:33592");
  EXPECT_EQ(to_string(v4->destination), "198.51.100.1:8080");
  EXPECT_EQ(v4->sequence, SeqNumber(0xf69a4675));

  const auto v6 = parse(quote_of(test::kDataV6, 48));
  ASSERT_TRUE(v6);
  EXPECT_EQ(to_string(v6->source), "[2001:db8:1::1]:46258");
  EXPECT_EQ(to_string(v6->destination), "[2001:db8:2::1]:8080");
  EXPECT_EQ(v6->sequence, SeqNumber(0x330dd514));
}

TEST(QuotedTcp, CutAnywhereBeforeIsRefused) {
  for (std::size_t length = 0; length < 28; ++length) {
    ASSERT_EQ(parse(quote_of(test::kDataV4, length)), refuse(Drop::bad_quote)) << length;
  }
  for (std::size_t length = 0; length < 48; ++length) {
    ASSERT_EQ(parse(quote_of(test::kDataV6, length)), refuse(Drop::bad_quote)) << length;
  }
}

TEST(QuotedTcp, AWholePacketIsReadTheSame) {
  EXPECT_EQ(parse(quote_of(test::kDataV4, 70)), parse(quote_of(test::kDataV4, 28)));
  EXPECT_EQ(parse(quote_of(test::kDataV6, 90)), parse(quote_of(test::kDataV6, 48)));
}

TEST(QuotedTcp, OptionsAndExtensionsArePassedOver) {
  auto v4 = quote_of(test::kDataV4, 28);
  const auto options = from_hex("94040000");
  v4.insert(v4.begin() + 20, options.begin(), options.end());
  v4[0] = std::byte{0x46};
  EXPECT_EQ(parse(v4), parse(quote_of(test::kDataV4, 28)));

  auto v6 = quote_of(test::kDataV6, 48);
  const auto extension = from_hex("0600010400000000");
  v6.insert(v6.begin() + 40, extension.begin(), extension.end());
  v6[6] = std::byte{60};
  EXPECT_EQ(parse(v6), parse(quote_of(test::kDataV6, 48)));
}

TEST(QuotedTcp, WhatIsNotTcpIsForeign) {
  const auto error = from_hex(test::kUnreachableV4.hex);
  EXPECT_EQ(parse(Bytes(error).subspan(kLink + 20 + 8)), refuse(Drop::foreign_quote));
  const auto error6 = from_hex(test::kUnreachableV6.hex);
  EXPECT_EQ(parse(Bytes(error6).subspan(kLink + 40 + 8)), refuse(Drop::foreign_quote));
}

TEST(QuotedTcp, AFragmentHasPortsOnlyAtItsBeginning) {
  auto v4 = quote_of(test::kDataV4, 28);
  v4[6] = std::byte{0x20};  // the first of several: ports are there
  EXPECT_TRUE(parse(v4));
  v4[7] = std::byte{0x10};
  EXPECT_EQ(parse(v4), refuse(Drop::fragment));

  auto v6 = quote_of(test::kDataV6, 48);
  const auto extension = from_hex("0600001112345678");
  v6.insert(v6.begin() + 40, extension.begin(), extension.end());
  v6[6] = std::byte{44};
  EXPECT_EQ(parse(v6), refuse(Drop::fragment));
}

TEST(QuotedTcp, NonsenseIsRefused) {
  EXPECT_EQ(parse(from_hex("00")), refuse(Drop::bad_quote));
  auto v4 = quote_of(test::kDataV4, 28);
  v4[0] = std::byte{0x44};
  EXPECT_EQ(parse(v4), refuse(Drop::bad_quote));
  v4[0] = std::byte{0x4f};
  EXPECT_EQ(parse(v4), refuse(Drop::bad_quote));
  v4[0] = std::byte{0x55};
  EXPECT_EQ(parse(v4), refuse(Drop::bad_quote));
}

}  // namespace
}  // namespace wp::wire
