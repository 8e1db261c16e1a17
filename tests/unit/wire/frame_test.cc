// Whole frames: what real ones say, that each value survives being written and read, and what damage does.
#include <algorithm>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "tests/unit/wire/dissect.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/generate.h"
#include "tests/unit/wire/packets.h"

namespace wp::wire {
namespace {

using test::Dissection;
using test::Exact;
using test::from_hex;

const Checksums kChecking{.sum = fastest_sum()};
constexpr Checksums kTrusting{.verified_by_device = true};

// A stock of bytes for payloads and quotes.
std::vector<std::byte> stock(Rng& rng) {
  std::vector<std::byte> pool(600);
  test::fill(rng, pool);
  return pool;
}

TEST(Frame, CapturedOnesAreReadWithoutADrop) {
  for (const test::Packet& packet : test::all_packets()) {
    const auto frame = from_hex(packet.hex);
    const Exact exact(frame);
    const auto dissection = test::dissect(exact.bytes(), kChecking);
    if (packet.name == test::kListenerReport.name) {
      EXPECT_EQ(dissection.drop, Drop::unknown_icmp);
    } else {
      EXPECT_EQ(dissection.drop, std::nullopt) << packet.name << " " << word(dissection.drop.value_or(Drop::truncated));
    }
  }
}

// Byte for byte, where nothing was in them that we leave out: extension headers, and options of neighbour discovery
// that are passed over.
TEST(Frame, CapturedOnesAreWrittenAsTheyCame) {
  for (const test::Packet& packet : test::all_packets()) {
    const bool leaves_out = packet.name == test::kListenerReport.name || packet.name == test::kDuplicateCheck.name ||
                            packet.name == test::kEchoRequestExtensions.name;
    if (leaves_out) continue;
    const auto frame = from_hex(packet.hex);
    auto dissection = test::dissect(frame, kChecking);
    ASSERT_TRUE(test::can_be_written(dissection)) << packet.name;
    EXPECT_EQ(test::reassemble(dissection, kChecking), frame) << packet.name;
  }
}

TEST(Frame, WhatIsWrittenIsRead) {
  Rng rng(1);
  const auto pool = stock(rng);
  for (int round = 0; round < 30'000; ++round) {
    Dissection written = test::random_frame(rng, pool);
    const auto frame = test::reassemble(written, kChecking);
    const Exact exact(frame);
    auto read = test::dissect(exact.bytes(), kChecking);
    written.quote = read.quote;  // of random bytes; QuotedTcp has its own tests
    ASSERT_TRUE(test::same(read, written)) << round;
  }
}

TEST(Frame, CutAnywhereIsTruncated) {
  Rng rng(2);
  const auto pool = stock(rng);
  for (int round = 0; round < 300; ++round) {
    Dissection written = test::random_frame(rng, pool);
    const auto frame = test::reassemble(written, kChecking);
    const std::size_t shortest =
        written.arp || written.ipv4 || written.ipv6 ? frame.size() : written.ethernet->length();
    for (std::size_t length = 0; length < shortest; ++length) {
      const Exact cut(Bytes(frame).first(length));
      ASSERT_EQ(test::dissect(cut.bytes(), kTrusting).drop, Drop::truncated) << round << " " << length;
    }
  }
}

// In IPv4 all is covered but the link's header and what lies in protocols that nobody reads; in IPv6 the header's first
// words are not.
TEST(Frame, EachFlippedBitThatAChecksumCoversIsNoticed) {
  for (const auto& packet : {test::kSynV4, test::kDataV4, test::kResetV4, test::kTooBigV4, test::kEchoRequestV4,
                             test::kDataV6, test::kUnreachableV6, test::kAdvertisement}) {
    auto frame = from_hex(packet.hex);
    const bool v6 = test::dissect(frame, kChecking).ipv6.has_value();
    for (std::size_t bit = (v6 ? 22U : 14U) * 8; bit < frame.size() * 8; ++bit) {
      frame[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      ASSERT_TRUE(test::dissect(frame, kChecking).drop) << packet.name << " bit " << bit;
      frame[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    }
  }
}

// Damage that no checksum is asked about: anything may come of it but a read outside, and what is still read can be
// written and read again.
TEST(Frame, DamageIsRefusedOrReadAsSomethingElse) {
  Rng rng(3);
  const auto pool = stock(rng);
  int read = 0;
  int refused = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::vector<std::byte> frame;
    if (rng.below(2) == 0) {
      frame = from_hex(test::all_packets()[rng.below(static_cast<std::uint32_t>(test::all_packets().size()))].hex);
    } else {
      Dissection written = test::random_frame(rng, pool);
      frame = test::reassemble(written, kChecking);
    }
    const auto reach = static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), 80));
    for (std::uint32_t flips = rng.between(1, 4); flips != 0; --flips) {
      frame[rng.below(reach)] = static_cast<std::byte>(rng.next());
    }
    const Exact exact(Bytes(frame).first(frame.size() - (rng.chance(0.1) ? rng.below(reach) : 0)));
    Dissection dissection = test::dissect(exact.bytes(), kTrusting);
    ++(dissection.drop ? refused : read);
    if (!test::can_be_written(dissection)) continue;
    const Exact again(test::reassemble(dissection, kChecking));
    ASSERT_TRUE(test::same(test::dissect(again.bytes(), kChecking), dissection)) << round;
  }
  EXPECT_GT(read, 10'000);
  EXPECT_GT(refused, 10'000);
}

}  // namespace
}  // namespace wp::wire
