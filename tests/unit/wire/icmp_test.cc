#include "dataplane/wire/icmp.h"

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "dataplane/wire/icmpv4.h"
#include "dataplane/wire/icmpv6.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/generate.h"
#include "tests/unit/wire/packets.h"

namespace wp::wire {
namespace {

using test::Exact;
using test::from_hex;

constexpr std::size_t kLink = 14;

Ipv6Header icmpv6_header(std::size_t length) {
  return {.source = {{0x20, 1}},
          .destination = {{0x20, 2}},
          .protocol = IpProtocol::icmpv6,
          .payload_length = static_cast<std::uint16_t>(length)};
}

// A message of the given first bytes, its checksum made right.
Parsed<Icmpv4Message> read_v4(std::string_view hex) {
  Exact message(from_hex(hex));
  const auto fixed = message.out().first<8>();
  icmp_field::kChecksum.set(fixed, 0);
  icmp_field::kChecksum.set(fixed, scalar_sum(message.bytes()).checksum());
  return Icmpv4Message::parse(*IcmpView::of(message.bytes()), {});
}

bool reads_v6(std::string_view hex) {
  Exact message(from_hex(hex));
  const auto ip = icmpv6_header(message.bytes().size());
  const auto fixed = message.out().first<8>();
  icmp_field::kChecksum.set(fixed, 0);
  icmp_field::kChecksum.set(fixed, (ip.pseudo_sum() + scalar_sum(message.bytes())).checksum());
  const auto parsed = Icmpv6Message::parse(*IcmpView::of(message.bytes()), ip, {});
  if (!parsed) {
    EXPECT_EQ(parsed.error(), Drop::unknown_icmp);
  }
  return parsed.has_value();
}

TEST(Icmpv4, ReadsAnEcho) {
  const auto frame = from_hex(test::kEchoRequestV4.hex);
  const auto message = Icmpv4Message::parse(*IcmpView::of(Bytes(frame).subspan(kLink + 20)), {});
  ASSERT_TRUE(message);
  const auto* echo = std::get_if<IcmpEcho>(&message->body);
  ASSERT_NE(echo, nullptr);
  EXPECT_FALSE(echo->is_reply);
  EXPECT_EQ(echo->identifier, 7);
  EXPECT_EQ(echo->sequence, 1);
  EXPECT_TRUE(std::ranges::equal(echo->data, from_hex("000102030405060708090a0b0c0d0e0f")));
}

TEST(Icmpv4, ReadsFragmentationNeeded) {
  const auto frame = from_hex(test::kTooBigV4.hex);
  const auto message = Icmpv4Message::parse(*IcmpView::of(Bytes(frame).subspan(kLink + 20)), {});
  ASSERT_TRUE(message);
  const auto* too_big = std::get_if<IcmpTooBig>(&message->body);
  ASSERT_NE(too_big, nullptr);
  EXPECT_EQ(too_big->mtu, 1400U);
  EXPECT_EQ(too_big->quote.size(), 548U);
}

// RFC 1191, section 5: routers that do not know it leave the word zero; the upper half means nothing.
TEST(Icmpv4, AnOldRoutersMtuIsZero) {
  EXPECT_EQ(std::get<IcmpTooBig>(read_v4("0304 0000 00000000")->body).mtu, 0U);
  EXPECT_EQ(std::get<IcmpTooBig>(read_v4("0304 0000 ffff0240")->body).mtu, 576U);
}

TEST(Icmpv4, CodesOfUnreachableAreKept) {
  for (const char* code : {"00", "01", "02", "03", "05", "0d", "0f"}) {
    const auto message = read_v4("03" + std::string(code) + "0000 00000000 4500");
    ASSERT_TRUE(message) << code;
    EXPECT_EQ(std::get<IcmpUnreachable>(message->body).code, octet(from_hex(code), 0));
    EXPECT_EQ(std::get<IcmpUnreachable>(message->body).quote.size(), 2U);
  }
}

TEST(Icmpv4, OtherTypesAndCodesAreUnknown) {
  for (const char* message : {"0310 0000 00000000", "0801 0000 00000000", "0001 0000 00000000", "0500 0000 00000000",
                              "0b00 0000 00000000", "0c00 0000 00000000", "0d00 0000 00000000"}) {
    EXPECT_EQ(read_v4(message), refuse(Drop::unknown_icmp)) << message;
  }
}

TEST(Icmpv6, ReadsAnEchoAndAnUnreachablePort) {
  const auto frame = from_hex(test::kUnreachableV6.hex);
  const auto view = Ipv6View::of(Bytes(frame).subspan(kLink));
  const auto message = Icmpv6Message::parse(*IcmpView::of(view->payload()), *Ipv6Header::parse(*view), {});
  ASSERT_TRUE(message);
  const auto& unreachable = std::get<IcmpUnreachable>(message->body);
  EXPECT_EQ(unreachable.code, static_cast<std::uint8_t>(Icmpv6Unreachable::port));
  EXPECT_EQ(unreachable.quote.size(), 53U);
}

TEST(Icmpv6, KnownTypesAndCodesAreRead) {
  EXPECT_TRUE(reads_v6("0108 0000 00000000"));
  EXPECT_FALSE(reads_v6("0109 0000 00000000"));
  EXPECT_TRUE(reads_v6("0200 0000 00000500"));
  EXPECT_TRUE(reads_v6("0207 0000 00000500"));  // whose code "is ignored by the receiver"
  EXPECT_TRUE(reads_v6("8100 0000 00070001 aa"));
  EXPECT_FALSE(reads_v6("8001 0000 00070001 aa"));
  EXPECT_FALSE(reads_v6("0300 0000 00000000"));
  EXPECT_FALSE(reads_v6("8600 0000 00000000"));  // a router's advertisement
  EXPECT_FALSE(reads_v6("8f00 0000 00000000"));
}

TEST(Icmp, AMessageHasEightBytes) {
  const auto message = from_hex("0800 f7ff 00000000");
  for (std::size_t length = 0; length < 8; ++length) {
    const Exact cut(Bytes(message).first(length));
    const auto view = IcmpView::of(cut.bytes());
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error(), Drop::truncated);
  }
  EXPECT_TRUE(IcmpView::of(message));
}

TEST(Icmp, WhatIsWrittenIsRead) {
  Rng rng(1);
  std::vector<std::byte> pool(200);
  test::fill(rng, pool);
  for (int round = 0; round < 20'000; ++round) {
    const Icmpv4Message v4 = test::random_icmpv4(rng, pool);
    const Exact out4 = test::emitted(v4, Checksums{});
    ASSERT_EQ(Icmpv4Message::parse(*IcmpView::of(out4.bytes()), {}), v4);

    Ipv6Header ip = test::random_ipv6_header(rng);
    const Icmpv6Message v6 = test::random_icmpv6(rng, pool, ip);
    ip.payload_length = static_cast<std::uint16_t>(v6.length());
    const Exact out6 = test::emitted(v6, ip, Checksums{});
    ASSERT_EQ(Icmpv6Message::parse(*IcmpView::of(out6.bytes()), ip, {}), v6);
  }
}

// A device that vouches for IPv4 and TCP says nothing of ICMP.
TEST(Icmp, EachFlippedBitIsNoticed) {
  Rng rng(2);
  std::vector<std::byte> pool(40);
  test::fill(rng, pool);
  const Checksums trusting{.verified_by_device = true};
  for (int round = 0; round < 100; ++round) {
    Exact v4 = test::emitted(test::random_icmpv4(rng, pool), Checksums{});
    Ipv6Header ip = test::random_ipv6_header(rng);
    const Icmpv6Message message = test::random_icmpv6(rng, pool, ip);
    ip.payload_length = static_cast<std::uint16_t>(message.length());
    Exact v6 = test::emitted(message, ip, Checksums{});
    for (std::size_t bit = 0; bit < v4.bytes().size() * 8; ++bit) {
      const auto mask = static_cast<std::byte>(1U << bit % 8);
      v4.out()[bit / 8] ^= mask;
      ASSERT_EQ(Icmpv4Message::parse(*IcmpView::of(v4.bytes()), trusting), refuse(Drop::bad_checksum));
      v4.out()[bit / 8] ^= mask;
    }
    for (std::size_t bit = 0; bit < v6.bytes().size() * 8; ++bit) {
      const auto mask = static_cast<std::byte>(1U << bit % 8);
      v6.out()[bit / 8] ^= mask;
      ASSERT_EQ(Icmpv6Message::parse(*IcmpView::of(v6.bytes()), ip, trusting), refuse(Drop::bad_checksum));
      v6.out()[bit / 8] ^= mask;
    }
  }
}

TEST(Icmpv6, TheChecksumCoversTheAddresses) {
  const Icmpv6Message echo{IcmpEcho{.identifier = 1}};
  Ipv6Header ip = icmpv6_header(echo.length());
  const Exact out = test::emitted(echo, ip, Checksums{});
  EXPECT_TRUE(Icmpv6Message::parse(*IcmpView::of(out.bytes()), ip, {}));
  ip.source.octets[15] ^= 1;
  EXPECT_EQ(Icmpv6Message::parse(*IcmpView::of(out.bytes()), ip, {}), refuse(Drop::bad_checksum));
}

TEST(IcmpDeathTest, TooBigIsWrittenAsSuch) {
  Exact out(8);
  EXPECT_DEATH((Icmpv4Message{IcmpUnreachable{.code = 4}}.emit(out.out(), {})), "kTooBig");
  EXPECT_DEATH((Icmpv4Message{IcmpTooBig{.mtu = 0x10000}}.emit(out.out(), {})), "mtu");
}

}  // namespace
}  // namespace wp::wire
