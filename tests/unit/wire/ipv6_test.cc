#include "dataplane/wire/ipv6.h"

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/generate.h"
#include "tests/unit/wire/packets.h"

namespace wp::wire {
namespace {

using test::Exact;
using test::from_hex;

constexpr std::size_t kLink = 14;

std::vector<std::byte> data_packet() {
  const auto frame = from_hex(test::kDataV6.hex);
  return {frame.begin() + kLink, frame.end()};
}

Parsed<Ipv6Header> parse(Bytes packet) {
  const Exact exact(packet);
  const auto view = Ipv6View::of(exact.bytes());
  return view ? Ipv6Header::parse(*view) : refuse(view.error());
}

Parsed<Ipv6Header> with(std::size_t at, unsigned value) {
  auto packet = data_packet();
  packet[at] = static_cast<std::byte>(value);
  return parse(packet);
}

TEST(Ipv6, ReadsAHeader) {
  const auto header = parse(data_packet());
  ASSERT_TRUE(header);
  EXPECT_EQ(to_string(endpoint(header->source, 1)), "[2001:db8:1::1]:1");
  EXPECT_EQ(to_string(endpoint(header->destination, 1)), "[2001:db8:2::1]:1");
  EXPECT_EQ(header->protocol, IpProtocol::tcp);
  EXPECT_EQ(header->hop_limit, 64);
  EXPECT_EQ(header->traffic_class, 0);
  EXPECT_EQ(header->flow_label, 0xac84bU);
  EXPECT_EQ(header->payload_length, 50);
}

TEST(Ipv6, EveryBitOfClassAndLabelIsRead) {
  auto packet = data_packet();
  const auto word = from_hex("6abcdef1");
  std::ranges::copy(word, packet.begin());
  const auto header = parse(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->traffic_class, 0xab);
  EXPECT_EQ(header->flow_label, 0xcdef1U);
}

TEST(Ipv6, PaddingOfTheLinkIsNoPayload) {
  auto packet = data_packet();
  packet.resize(packet.size() + 20, std::byte{0xaa});
  EXPECT_EQ(parse(packet), parse(data_packet()));
}

TEST(Ipv6, WhatCannotBeIsRefused) {
  EXPECT_EQ(with(0, 0x40), refuse(Drop::bad_version));
  EXPECT_EQ(with(8, 0xff), refuse(Drop::bad_source));
  EXPECT_EQ(with(4, 1), refuse(Drop::truncated));
}

TEST(Ipv6, ExtensionsOfARealPacketAreWalked) {
  const auto frame = from_hex(test::kEchoRequestExtensions.hex);
  const auto view = Ipv6View::of(Bytes(frame).subspan(kLink));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->protocol(), IpProtocol::icmpv6);
  EXPECT_EQ(view->header_length(), 56U);
  EXPECT_EQ(view->payload().size(), 24U);
  EXPECT_EQ(Ipv6Header::parse(*view)->payload_length, 24);
}

TEST(Ipv6, CutAnywhereIsTruncated) {
  for (const auto& packet : {test::kDataV6, test::kEchoRequestExtensions}) {
    const auto frame = from_hex(packet.hex);
    const Bytes bytes = Bytes(frame).subspan(kLink);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      ASSERT_EQ(parse(bytes.first(length)), refuse(Drop::truncated)) << length;
    }
  }
}

TEST(Ipv6, WhatIsWrittenIsRead) {
  Rng rng(1);
  for (int round = 0; round < 20'000; ++round) {
    const Ipv6Header header = test::random_ipv6_header(rng);
    Exact packet(Ipv6Header::length() + header.payload_length);
    header.emit(packet.out());
    ASSERT_EQ(parse(packet.bytes()), header);
  }
}

TEST(Ipv6, AHeaderIsWrittenAsItWasCaptured) {
  const auto packet = data_packet();
  const Exact out = test::emitted(*parse(packet));
  EXPECT_TRUE(std::ranges::equal(out.bytes(), Bytes(packet).first(40)));
}

TEST(Ipv6DeathTest, WritesNothingThatItWouldRefuse) {
  Exact out(40);
  EXPECT_DEATH((Ipv6Header{.source = {{0xff}}}.emit(out.out())), "is_multicast");
  EXPECT_DEATH((Ipv6Header{.flow_label = 1U << 20U}.emit(out.out())), "flow_label");
}

}  // namespace
}  // namespace wp::wire
