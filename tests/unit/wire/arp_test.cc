#include "dataplane/wire/arp.h"

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

std::vector<std::byte> request() {
  const auto frame = from_hex(test::kArpRequest.hex);
  return {frame.begin() + kLink, frame.end()};
}

// The request with one byte set.
Parsed<ArpPacket> with(std::size_t at, unsigned value) {
  auto packet = request();
  packet[at] = static_cast<std::byte>(value);
  const auto view = ArpView::of(packet);
  return view ? ArpPacket::parse(*view) : refuse(view.error());
}

TEST(Arp, ReadsARequest) {
  const auto bytes = request();
  const auto packet = ArpPacket::parse(*ArpView::of(bytes));
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->operation, ArpOperation::request);
  EXPECT_EQ(packet->sender_mac, (MacAddress{{2, 0, 0, 0, 0, 1}}));
  EXPECT_EQ(packet->sender_ip, (Ipv4Address{{192, 0, 2, 1}}));
  EXPECT_EQ(packet->target_mac, MacAddress{});
  EXPECT_EQ(packet->target_ip, (Ipv4Address{{192, 0, 2, 2}}));
}

TEST(Arp, OtherHardwareProtocolsAndLengthsAreRefused) {
  for (const std::size_t at : {0U, 1U, 2U, 3U, 4U, 5U}) EXPECT_EQ(with(at, 9), refuse(Drop::bad_arp)) << at;
}

TEST(Arp, OperationsBeyondReplyAreRefused) {
  EXPECT_EQ(with(7, 0), refuse(Drop::bad_arp));
  EXPECT_EQ(with(7, 3), refuse(Drop::bad_arp));
  EXPECT_EQ(with(6, 1), refuse(Drop::bad_arp));
  ASSERT_TRUE(with(7, 2));
  EXPECT_EQ(with(7, 2)->operation, ArpOperation::reply);
}

TEST(Arp, GroupsSendNothing) {
  EXPECT_EQ(with(8, 0x03), refuse(Drop::bad_source));
  EXPECT_EQ(with(14, 224), refuse(Drop::bad_source));
  auto packet = request();
  std::fill_n(packet.begin() + 14, 4, std::byte{0xff});
  EXPECT_EQ(ArpPacket::parse(*ArpView::of(packet)), refuse(Drop::bad_source));
}

// RFC 5227, section 1.1: a probe for one's own address comes from 0.0.0.0.
TEST(Arp, AProbeIsRead) {
  auto packet = request();
  std::fill_n(packet.begin() + 14, 4, std::byte{});
  ASSERT_TRUE(ArpPacket::parse(*ArpView::of(packet)));
}

TEST(Arp, CutAnywhereIsTruncated) {
  const auto packet = request();
  for (std::size_t length = 0; length < ArpPacket::length(); ++length) {
    const Exact cut(Bytes(packet).first(length));
    const auto view = ArpView::of(cut.bytes());
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error(), Drop::truncated);
  }
}

TEST(Arp, WhatIsWrittenIsRead) {
  Rng rng(1);
  for (int round = 0; round < 10'000; ++round) {
    const ArpPacket packet = test::random_arp(rng);
    const Exact out = test::emitted(packet);
    ASSERT_EQ(ArpPacket::parse(*ArpView::of(out.bytes())), packet);
  }
}

}  // namespace
}  // namespace wp::wire
