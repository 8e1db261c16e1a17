#include "dataplane/wire/ethernet.h"

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/generate.h"
#include "tests/unit/wire/packets.h"

namespace wp::wire {
namespace {

using test::emitted;
using test::Exact;
using test::from_hex;

std::optional<Drop> refusal(Bytes frame) {
  const auto view = EthernetView::of(Exact(frame).bytes());
  return view ? std::nullopt : std::optional(view.error());
}

TEST(Ethernet, ReadsAFrameWithoutATag) {
  const auto frame = from_hex(test::kArpReply.hex);
  const auto view = EthernetView::of(frame);
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->is_tagged());
  EXPECT_EQ(view->payload().size(), frame.size() - 14);
  const auto header = EthernetHeader::parse(*view);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->destination, (MacAddress{{2, 0, 0, 0, 0, 1}}));
  EXPECT_EQ(header->source, (MacAddress{{2, 0, 0, 0, 0, 2}}));
  EXPECT_EQ(header->vlan, std::nullopt);
  EXPECT_EQ(header->type, EtherType::arp);
}

TEST(Ethernet, ReadsATag) {
  const auto frame = from_hex(test::kArpRequestVlan.hex);
  const auto view = EthernetView::of(frame);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->payload().size(), frame.size() - 18);
  const auto header = EthernetHeader::parse(*view);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->destination, kBroadcastMac);
  EXPECT_EQ(header->vlan, (VlanTag{.id = 7, .priority = 5, .drop_eligible = false}));
  EXPECT_EQ(header->type, EtherType::arp);
}

TEST(Ethernet, EveryBitOfATagIsRead) {
  auto frame = from_hex("020000000001 020000000002 8100 ffff 0800");
  const auto header = EthernetHeader::parse(*EthernetView::of(frame));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->vlan, (VlanTag{.id = 0xfff, .priority = 7, .drop_eligible = true}));
}

TEST(Ethernet, SecondAndProvidersTagsAreRefused) {
  EXPECT_EQ(refusal(from_hex("020000000001 020000000002 8100 0007 8100 0008 0800")), Drop::stacked_vlan);
  EXPECT_EQ(refusal(from_hex("020000000001 020000000002 8100 0007 88a8 0008 0800")), Drop::stacked_vlan);
  EXPECT_EQ(refusal(from_hex("020000000001 020000000002 88a8 0007 8100 0008 0800")), Drop::stacked_vlan);
}

TEST(Ethernet, LengthsAreNotTypes) {
  EXPECT_EQ(refusal(from_hex("020000000001 020000000002 05ff")), Drop::not_ethernet_ii);
  EXPECT_EQ(refusal(from_hex("020000000001 020000000002 8100 0007 0040")), Drop::not_ethernet_ii);
  EXPECT_EQ(refusal(from_hex("020000000001 020000000002 0600")), std::nullopt);
}

TEST(Ethernet, AGroupIsNoSource) {
  const auto frame = from_hex("020000000001 010000000002 0800");
  EXPECT_EQ(EthernetHeader::parse(*EthernetView::of(frame)), refuse(Drop::bad_source));
}

TEST(Ethernet, AHeaderCutAnywhereIsTruncated) {
  for (const auto& packet : {test::kArpRequest, test::kArpRequestVlan}) {
    const auto frame = from_hex(packet.hex);
    const std::size_t header = EthernetHeader::parse(*EthernetView::of(frame))->length();
    for (std::size_t length = 0; length < header; ++length) {
      ASSERT_EQ(refusal(Bytes(frame).first(length)), Drop::truncated) << length;
    }
    EXPECT_EQ(refusal(Bytes(frame).first(header)), std::nullopt);
  }
}

TEST(Ethernet, WhatIsWrittenIsRead) {
  Rng rng(1);
  for (int round = 0; round < 20'000; ++round) {
    const EthernetHeader header = test::random_ethernet(rng);
    const Exact out = emitted(header);
    ASSERT_EQ(EthernetHeader::parse(*EthernetView::of(out.bytes())), header);
  }
}

TEST(EthernetDeathTest, WritesNothingThatItWouldRefuse) {
  Exact out(18);
  EXPECT_DEATH((EthernetHeader{.source = kBroadcastMac}.emit(out.out())), "is_group");
  EXPECT_DEATH((EthernetHeader{.vlan = VlanTag{.id = 0x1000}}.emit(out.out())), "0x0fff");
  EXPECT_DEATH((EthernetHeader{.type = EtherType::vlan}.emit(out.out())), "is_tag");
  EXPECT_DEATH((EthernetHeader{.vlan = VlanTag{}}.emit(out.out().first(17))), "length");
}

TEST(Address, GroupsAndTheirLinkAddresses) {
  // RFC 4291, section 2.7.1 and RFC 2464, section 7 have these examples.
  const Ipv6Address unicast{{0x40, 0x37, 0, 0, 0, 0, 0, 0, 0, 1, 8, 0, 0x20, 0x0e, 0x8c, 0x6c}};
  const Ipv6Address group{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x0e, 0x8c, 0x6c}};
  EXPECT_EQ(solicited_node(unicast), group);
  EXPECT_TRUE(is_solicited_node(group));
  EXPECT_FALSE(is_solicited_node(unicast));
  EXPECT_EQ(multicast_mac(group), (MacAddress{{0x33, 0x33, 0xff, 0x0e, 0x8c, 0x6c}}));
}

TEST(Address, KindsAreTold) {
  EXPECT_TRUE((Ipv4Address{{224, 0, 0, 1}}).is_multicast());
  EXPECT_TRUE((Ipv4Address{{239, 255, 255, 255}}).is_multicast());
  EXPECT_FALSE((Ipv4Address{{240, 0, 0, 1}}).is_multicast());
  EXPECT_FALSE((Ipv4Address{{223, 255, 255, 255}}).is_multicast());
  EXPECT_TRUE((Ipv4Address{{255, 255, 255, 255}}).is_broadcast());
  EXPECT_FALSE((Ipv4Address{{255, 255, 255, 254}}).is_broadcast());
  EXPECT_TRUE(Ipv4Address{}.is_unspecified());
  EXPECT_TRUE(Ipv6Address{}.is_unspecified());
  EXPECT_TRUE((Ipv6Address{{0xff}}).is_multicast());
  EXPECT_FALSE((Ipv6Address{{0xfe, 0x80}}).is_multicast());
}

TEST(Address, BecomesAnEndpoint) {
  EXPECT_EQ(to_string(endpoint(Ipv4Address{{192, 0, 2, 1}}, 80)), "192.0.2.1:80");
  EXPECT_EQ(to_string(endpoint(Ipv6Address{{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 443)),
            "[2001:db8::1]:443");
}

}  // namespace
}  // namespace wp::wire
