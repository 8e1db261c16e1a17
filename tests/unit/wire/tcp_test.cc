#include "dataplane/wire/tcp.h"

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "dataplane/wire/pseudo_header.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/generate.h"
#include "tests/unit/wire/packets.h"

namespace wp::wire {
namespace {

using test::Exact;
using test::from_hex;

constexpr std::size_t kBeforeTcp = 34;
constexpr Checksums kTrusting{.verified_by_device = true};

std::vector<std::byte> segment_of(const test::Packet& packet) {
  const auto frame = from_hex(packet.hex);
  return {frame.begin() + kBeforeTcp, frame.end()};
}

// Of a segment from the client of the captured connection.
Sum pseudo_of(Bytes segment) {
  return pseudo_sum(Ipv4Address{{192, 0, 2, 1}}, Ipv4Address{{198, 51, 100, 1}}, IpProtocol::tcp,
                    static_cast<std::uint16_t>(segment.size()));
}

Parsed<TcpHeader> parse(Bytes segment, const Checksums& checksums = {}) {
  const Exact exact(segment);
  const auto view = TcpView::of(exact.bytes());
  return view ? TcpHeader::parse(*view, pseudo_of(segment), checksums) : refuse(view.error());
}

TEST(Tcp, ReadsASyn) {
  const auto header = parse(segment_of(test::kSynV4));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source_port, 33592);
  EXPECT_EQ(header->destination_port, 8080);
  EXPECT_EQ(header->sequence, SeqNumber(0xf69a4674));
  EXPECT_EQ(header->acknowledgment, SeqNumber(0));
  EXPECT_EQ(header->flags, TcpFlags{TcpFlag::syn});
  EXPECT_EQ(header->window, 0xfaf0);
  EXPECT_EQ(header->options.mss, 1460);
  EXPECT_EQ(header->options.window_scale, 10);
  EXPECT_TRUE(header->options.sack_permitted);
  EXPECT_EQ(header->options.timestamps, (TcpTimestamps{.value = 0xae27b852, .echo = 0}));
  EXPECT_TRUE(header->options.sacks.empty());
}

TEST(Tcp, ReadsASegmentWithData) {
  const auto segment = segment_of(test::kDataV4);
  const auto view = TcpView::of(segment);
  ASSERT_TRUE(view);
  EXPECT_TRUE(std::ranges::equal(view->payload(), test::text_bytes("GET / HTTP/1.1\r\n\r\n")));
  const auto header = parse(segment);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->flags, (TcpFlags{TcpFlag::psh, TcpFlag::ack}));
  EXPECT_EQ(header->acknowledgment, SeqNumber(0xdc5f4323));
  EXPECT_EQ(header->options.timestamps, (TcpTimestamps{.value = 0xae27b855, .echo = 0xccf26247}));
}

TEST(Tcp, ReadsSackBlocks) {
  const auto header = parse(segment_of(test::kSackV4));
  ASSERT_TRUE(header);
  ASSERT_EQ(header->options.sacks.size(), 2U);
  EXPECT_EQ(header->options.sacks.all()[0], (SackBlock{SeqNumber(0xdc5f4897), SeqNumber(0xdc5f4df1)}));
  EXPECT_EQ(header->options.sacks.all()[1], (SackBlock{SeqNumber(0xdc5f5ea5), SeqNumber(0xdc5f63ff)}));
}

TEST(Tcp, HeaderLengthsThatCannotBeAreRefused) {
  auto segment = segment_of(test::kDataV4);
  segment[12] = std::byte{0x40};
  EXPECT_EQ(parse(segment), refuse(Drop::bad_header_length));
  segment[12] = std::byte{0x00};
  EXPECT_EQ(parse(segment), refuse(Drop::bad_header_length));
  segment[12] = std::byte{0xf0};
  EXPECT_EQ(parse(segment), refuse(Drop::truncated));
}

// RFC 9293, section 3.1: reserved bits "must be zero in generated segments and must be ignored in received segments if
// the corresponding future features are not implemented".
TEST(Tcp, ReservedBitsSayNothing) {
  auto segment = segment_of(test::kDataV4);
  segment[12] |= std::byte{0x0f};
  EXPECT_EQ(parse(segment, kTrusting), parse(segment_of(test::kDataV4)));
}

TEST(Tcp, EachFlippedBitIsNoticed) {
  for (const auto& packet : {test::kSynV4, test::kDataV4, test::kSackV4}) {
    auto segment = segment_of(packet);
    for (std::size_t bit = 0; bit < segment.size() * 8; ++bit) {
      segment[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      ASSERT_FALSE(parse(segment)) << bit;
      segment[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    }
  }
}

// A header cut is refused; a payload cut is what the checksum notices.
TEST(Tcp, CutAnywhereIsRefused) {
  const auto segment = segment_of(test::kDataV4);
  for (std::size_t length = 0; length < segment.size(); ++length) {
    const auto expected = length < 32 ? Drop::truncated : Drop::bad_checksum;
    ASSERT_EQ(parse(Bytes(segment).first(length)), refuse(expected)) << length;
    ASSERT_EQ(parse(Bytes(segment).first(length), kTrusting).has_value(), length >= 32) << length;
  }
}

TEST(Tcp, WhatIsWrittenIsRead) {
  Rng rng(1);
  for (int round = 0; round < 20'000; ++round) {
    const TcpHeader header = test::random_tcp(rng);
    Exact segment(header.length() + rng.below(100));
    test::fill(rng, segment.out().subspan(header.length()));
    const Sum pseudo = pseudo_of(segment.bytes());
    const Checksums checksums{.sum = rng.below(2) == 0 ? &scalar_sum : fastest_sum()};
    header.emit(segment.out(), pseudo + scalar_sum(segment.bytes().subspan(header.length())), checksums);
    const auto view = TcpView::of(segment.bytes());
    ASSERT_TRUE(view);
    ASSERT_EQ(view->header_length(), header.length());
    ASSERT_EQ(TcpHeader::parse(*view, pseudo, checksums), header);
  }
}

TEST(Tcp, ASegmentIsWrittenAsItWasCaptured) {
  for (const auto& packet : {test::kSynV4, test::kDataV4, test::kFinV4, test::kSackV4}) {
    const auto segment = segment_of(packet);
    const auto header = parse(segment);
    ASSERT_TRUE(header);
    const Bytes payload = Bytes(segment).subspan(header->length());
    const Exact out = test::emitted(*header, pseudo_of(segment) + scalar_sum(payload), Checksums{});
    EXPECT_TRUE(std::ranges::equal(out.bytes(), Bytes(segment).first(header->length()))) << packet.name;
  }
}

// What is left to a device is finished by summing over the whole segment with the field as it stands.
TEST(Tcp, TheDeviceFindsThePseudoHeadersSum) {
  const auto segment = segment_of(test::kDataV4);
  const auto header = parse(segment);
  Exact out(segment);
  header->emit(out.out(), pseudo_of(segment), {.completed_by_device = true});
  const std::uint16_t completed = scalar_sum(out.bytes()).checksum();
  EXPECT_EQ(completed, tcp_field::kChecksum.get(Bytes(segment).first<20>()));
}

TEST(Tcp, SynAndFinTakeANumberEach) {
  EXPECT_EQ(sequence_length({TcpFlag::ack}, 0), 0U);
  EXPECT_EQ(sequence_length({TcpFlag::ack, TcpFlag::psh}, 10), 10U);
  EXPECT_EQ(sequence_length({TcpFlag::syn}, 3), 4U);
  EXPECT_EQ(sequence_length({TcpFlag::fin, TcpFlag::ack}, 0), 1U);
  EXPECT_EQ(sequence_length({TcpFlag::syn, TcpFlag::fin}, 1), 3U);
}

}  // namespace
}  // namespace wp::wire
