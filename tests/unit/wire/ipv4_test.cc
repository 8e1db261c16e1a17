#include "dataplane/wire/ipv4.h"

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
  const auto frame = from_hex(test::kDataV4.hex);
  return {frame.begin() + kLink, frame.end()};
}

void mend_checksum(std::vector<std::byte>& packet) {
  const std::size_t header = (std::to_integer<std::size_t>(packet[0]) & 0xfU) * 4;
  const auto fixed = std::span(packet).first<20>();
  ipv4_field::kChecksum.set(fixed, 0);
  ipv4_field::kChecksum.set(fixed, scalar_sum(Bytes(packet).first(header)).checksum());
}

Parsed<Ipv4Header> parse(Bytes packet, const Checksums& checksums = {}) {
  const Exact exact(packet);
  const auto view = Ipv4View::of(exact.bytes());
  return view ? Ipv4Header::parse(*view, checksums) : refuse(view.error());
}

// The packet with one byte set and the checksum made right.
Parsed<Ipv4Header> with(std::size_t at, unsigned value) {
  auto packet = data_packet();
  packet[at] = static_cast<std::byte>(value);
  mend_checksum(packet);
  return parse(packet);
}

TEST(Ipv4, ReadsAHeader) {
  const auto header = parse(data_packet());
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source, (Ipv4Address{{192, 0, 2, 1}}));
  EXPECT_EQ(header->destination, (Ipv4Address{{198, 51, 100, 1}}));
  EXPECT_EQ(header->protocol, IpProtocol::tcp);
  EXPECT_EQ(header->ttl, 64);
  EXPECT_EQ(header->traffic_class, 0);
  EXPECT_EQ(header->identification, 0x2b0e);
  EXPECT_TRUE(header->dont_fragment);
  EXPECT_EQ(header->payload_length, 50);
}

TEST(Ipv4, PaddingOfTheLinkIsNoPayload) {
  auto packet = data_packet();
  const std::size_t length = packet.size();
  packet.resize(length + 20, std::byte{0xaa});
  const auto view = Ipv4View::of(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->payload().size(), length - 20);
  EXPECT_EQ(parse(packet), parse(data_packet()));
}

TEST(Ipv4, OptionsAreSkipped) {
  auto packet = data_packet();
  const auto options = from_hex("94040000 01010100");  // router alert, then nothing
  packet.insert(packet.begin() + 20, options.begin(), options.end());
  packet[0] = std::byte{0x47};
  packet[3] = static_cast<std::byte>(packet.size());
  mend_checksum(packet);
  const auto view = Ipv4View::of(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->header().size(), 28U);
  EXPECT_EQ(parse(packet), parse(data_packet()));
  packet[20] ^= std::byte{1};  // the checksum covers them
  EXPECT_EQ(parse(packet), refuse(Drop::bad_checksum));
}

TEST(Ipv4, LengthsThatCannotBeAreRefused) {
  EXPECT_EQ(with(0, 0x65), refuse(Drop::bad_version));
  EXPECT_EQ(with(0, 0x44), refuse(Drop::bad_header_length));
  EXPECT_EQ(with(0, 0x40), refuse(Drop::bad_header_length));
  EXPECT_EQ(with(3, 19), refuse(Drop::bad_length));
  EXPECT_EQ(with(2, 1), refuse(Drop::truncated));
  EXPECT_TRUE(with(3, 20));
  auto packet = data_packet();
  packet[0] = std::byte{0x4f};
  packet[3] = std::byte{59};
  EXPECT_EQ(parse(packet), refuse(Drop::bad_length));
}

TEST(Ipv4, FragmentsAreNamed) {
  EXPECT_EQ(with(6, 0x20), refuse(Drop::fragment));  // the first of several
  EXPECT_EQ(with(7, 0x01), refuse(Drop::fragment));
  EXPECT_EQ(with(6, 0x1f), refuse(Drop::fragment));
  EXPECT_TRUE(with(6, 0x80));  // the reserved bit says nothing
  ASSERT_TRUE(with(6, 0x00));
  EXPECT_FALSE(with(6, 0x00)->dont_fragment);
}

TEST(Ipv4, GroupsSendNothing) {
  EXPECT_EQ(with(12, 224), refuse(Drop::bad_source));
  auto packet = data_packet();
  std::fill_n(packet.begin() + 12, 4, std::byte{0xff});
  mend_checksum(packet);
  EXPECT_EQ(parse(packet), refuse(Drop::bad_source));
}

TEST(Ipv4, EachFlippedBitOfTheHeaderIsNoticed) {
  const auto packet = data_packet();
  for (std::size_t bit = 0; bit < 20 * 8; ++bit) {
    auto flipped = packet;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    EXPECT_FALSE(parse(flipped)) << bit;
  }
}

TEST(Ipv4, WhatTheDeviceHasVerifiedIsNotAddedUp) {
  auto packet = data_packet();
  packet[10] ^= std::byte{1};
  EXPECT_EQ(parse(packet), refuse(Drop::bad_checksum));
  EXPECT_EQ(parse(packet, {.verified_by_device = true}), parse(data_packet()));
}

TEST(Ipv4, CutAnywhereIsTruncated) {
  const auto packet = data_packet();
  for (std::size_t length = 0; length < packet.size(); ++length) {
    ASSERT_EQ(parse(Bytes(packet).first(length)), refuse(Drop::truncated)) << length;
  }
}

TEST(Ipv4, WhatIsWrittenIsRead) {
  Rng rng(1);
  for (int round = 0; round < 20'000; ++round) {
    const Ipv4Header header = test::random_ipv4_header(rng);
    Exact packet(Ipv4Header::length() + header.payload_length);
    header.emit(packet.out(), {});
    ASSERT_EQ(parse(packet.bytes()), header);
  }
}

TEST(Ipv4, AHeaderIsWrittenAsItWasCaptured) {
  const auto packet = data_packet();
  const Exact out = test::emitted(*parse(packet), Checksums{});
  EXPECT_TRUE(std::ranges::equal(out.bytes(), Bytes(packet).first(20)));
}

TEST(Ipv4, TheDeviceFindsAZeroWhereItsChecksumBelongs) {
  const Exact out = test::emitted(*parse(data_packet()), Checksums{.completed_by_device = true});
  EXPECT_EQ(ipv4_field::kChecksum.get(out.bytes().first<20>()), 0);
}

TEST(Ipv4DeathTest, APayloadBeyondTheLengthFieldIsOurMistake) {
  Exact out(20);
  EXPECT_DEATH((Ipv4Header{.payload_length = 0xffff}.emit(out.out(), {})), "payload_length");
  EXPECT_DEATH((Ipv4Header{.source = {{224, 0, 0, 1}}}.emit(out.out(), {})), "can_send");
}

}  // namespace
}  // namespace wp::wire
