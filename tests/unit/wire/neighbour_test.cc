#include "dataplane/wire/neighbour.h"

#include <string>

#include <gtest/gtest.h>

#include "dataplane/wire/icmpv6.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/packets.h"

namespace wp::wire {
namespace {

using test::Exact;
using test::from_hex;

constexpr Ipv6Address kHost{{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr Ipv6Address kOther{{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
constexpr const char* kTarget = "20010db8000000000000000000000002";
constexpr const char* kSourceOption = "0101 020000000001";
constexpr const char* kTargetOption = "0201 020000000002";

Ipv6Header from_host(const Ipv6Address& destination) {
  return {.source = kHost, .destination = destination, .protocol = IpProtocol::icmpv6, .hop_limit = 255};
}

// As it stands behind the fixed part: the flags' word, then the rest. The checksum is icmpv6's matter.
Parsed<NeighbourSolicitation> solicitation(const std::string& rest, const Ipv6Header& ip, const char* code = "00") {
  const Exact message(from_hex("87" + std::string(code) + "0000 00000000" + rest));
  return NeighbourSolicitation::parse(*IcmpView::of(message.bytes()), ip);
}

Parsed<NeighbourAdvertisement> advertisement(const std::string& flags, const std::string& rest, const Ipv6Header& ip) {
  const Exact message(from_hex("8800 0000" + flags + rest));
  return NeighbourAdvertisement::parse(*IcmpView::of(message.bytes()), ip);
}

template <class T>
T read(const test::Packet& packet) {
  const auto frame = from_hex(packet.hex);
  const auto view = Ipv6View::of(Bytes(frame).subspan(14));
  const auto message = Icmpv6Message::parse(*IcmpView::of(view->payload()), *Ipv6Header::parse(*view), {});
  return std::get<T>(message->body);
}

TEST(Neighbour, ReadsWhatAKernelSends) {
  const auto asked = read<NeighbourSolicitation>(test::kSolicitation);
  EXPECT_EQ(to_string(endpoint(asked.target, 1)), "[2001:db8:1::2]:1");
  EXPECT_EQ(asked.source_link, (MacAddress{{2, 0, 0, 0, 0, 1}}));

  const auto told = read<NeighbourAdvertisement>(test::kAdvertisement);
  EXPECT_EQ(told.target, asked.target);
  EXPECT_EQ(told.target_link, (MacAddress{{2, 0, 0, 0, 0, 2}}));
  EXPECT_TRUE(told.is_router && told.is_solicited && told.overrides);

  const auto probe = read<NeighbourSolicitation>(test::kDuplicateCheck);
  EXPECT_EQ(to_string(endpoint(probe.target, 1)), "[fe80::ff:fe00:2]:1");
  EXPECT_EQ(probe.source_link, std::nullopt);
}

// RFC 4861, section 7.1.1, point by point.
TEST(Neighbour, SolicitationsThatAreToBeDiscardedAre) {
  const auto group = from_host(solicited_node(kOther));
  const std::string target = kTarget;
  EXPECT_TRUE(solicitation(target, group));
  EXPECT_TRUE(solicitation(target + kSourceOption, from_host(kOther)));

  auto routed = group;
  routed.hop_limit = 254;
  EXPECT_EQ(solicitation(target, routed), refuse(Drop::bad_neighbour));
  EXPECT_EQ(solicitation(target, group, "01"), refuse(Drop::bad_neighbour));
  EXPECT_EQ(solicitation(target.substr(2), group), refuse(Drop::bad_neighbour));
  EXPECT_EQ(solicitation("ff" + target.substr(2), group), refuse(Drop::bad_neighbour));
  EXPECT_EQ(solicitation(target + "0100 020000000001", group), refuse(Drop::bad_neighbour));

  auto from_nobody = group;
  from_nobody.source = Ipv6Address{};
  EXPECT_TRUE(solicitation(target, from_nobody));
  EXPECT_EQ(solicitation(target + kSourceOption, from_nobody), refuse(Drop::bad_neighbour));
  from_nobody.destination = kOther;
  EXPECT_EQ(solicitation(target, from_nobody), refuse(Drop::bad_neighbour));
}

// RFC 4861, section 7.1.2.
TEST(Neighbour, AdvertisementsThatAreToBeDiscardedAre) {
  const auto ip = from_host(kOther);
  const std::string target = kTarget;
  EXPECT_TRUE(advertisement("60000000", target + kTargetOption, ip));

  auto routed = ip;
  routed.hop_limit = 64;
  EXPECT_EQ(advertisement("60000000", target, routed), refuse(Drop::bad_neighbour));
  EXPECT_EQ(advertisement("60000000", "ff" + target.substr(2), ip), refuse(Drop::bad_neighbour));
  EXPECT_EQ(advertisement("60000000", target + "0200 020000000002", ip), refuse(Drop::bad_neighbour));

  const auto to_all = from_host(Ipv6Address{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}});
  EXPECT_TRUE(advertisement("20000000", target + kTargetOption, to_all));
  EXPECT_EQ(advertisement("60000000", target + kTargetOption, to_all), refuse(Drop::bad_neighbour));
}

TEST(Neighbour, EachFlagIsItsOwn) {
  const auto ip = from_host(kOther);
  const auto router = advertisement("80000000", kTarget, ip);
  const auto solicited = advertisement("40000000", kTarget, ip);
  const auto overrides = advertisement("3fffffff", kTarget, ip);
  ASSERT_TRUE(router && solicited && overrides);
  EXPECT_TRUE(router->is_router && !router->is_solicited && !router->overrides);
  EXPECT_TRUE(!solicited->is_router && solicited->is_solicited && !solicited->overrides);
  EXPECT_TRUE(!overrides->is_router && !overrides->is_solicited && overrides->overrides);
}

TEST(Neighbour, OtherOptionsArePassedOver) {
  const auto ip = from_host(kOther);
  const std::string nonce = "0e01 aabbccddeeff";
  const std::string wide = "0f02 000000000000 0000000000000000";
  EXPECT_EQ(solicitation(kTarget + nonce + wide + kSourceOption, ip)->source_link, (MacAddress{{2, 0, 0, 0, 0, 1}}));
  EXPECT_EQ(solicitation(kTarget + std::string(kTargetOption), ip)->source_link, std::nullopt);
  EXPECT_EQ(advertisement("00000000", kTarget + std::string(kSourceOption), ip)->target_link, std::nullopt);
}

TEST(Neighbour, ALinkAddressIsOneHostsEthernetAddress) {
  const auto ip = from_host(kOther);
  EXPECT_EQ(solicitation(kTarget + std::string("0102 020000000001 0000000000000000"), ip), refuse(Drop::bad_neighbour));
  EXPECT_EQ(solicitation(kTarget + std::string("0101 ffffffffffff"), ip), refuse(Drop::bad_neighbour));
}

TEST(Neighbour, AnOptionCutAnywhereIsRefused) {
  const std::string option = "0101020000000001";
  for (std::size_t digits = 2; digits < option.size(); digits += 2) {
    EXPECT_EQ(solicitation(kTarget + option.substr(0, digits), from_host(kOther)), refuse(Drop::bad_neighbour));
  }
  EXPECT_EQ(solicitation(kTarget + std::string("0e02 aabbccddeeff"), from_host(kOther)), refuse(Drop::bad_neighbour));
}

TEST(NeighbourDeathTest, WritesNothingThatItWouldRefuse) {
  const Icmpv6Message message{NeighbourSolicitation{.target = kOther}};
  Exact out(message.length());
  Ipv6Header ip = from_host(kOther);
  ip.payload_length = static_cast<std::uint16_t>(message.length());
  ip.hop_limit = 64;
  EXPECT_DEATH(message.emit(out.out(), ip, {}), "fits");
}

}  // namespace
}  // namespace wp::wire
