#include "dataplane/wire/checksum.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "dataplane/wire/pseudo_header.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/generate.h"

namespace wp::wire {
namespace {

using test::Exact;
using test::from_hex;

// RFC 1071, section 1, word by word.
std::uint16_t plain_sum(Bytes bytes) {
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    total += i % 2 == 0 ? std::uint32_t{octet(bytes, i)} << 8U : octet(bytes, i);
    if (total > 0xffff) total -= 0xffff;
  }
  return static_cast<std::uint16_t>(total);
}

// The second is the first again on a processor without AVX2.
const std::array kFunctions = {SumFunction{&scalar_sum}, fastest_sum()};

// The numerical example of RFC 1071, section 3.
TEST(Checksum, SumsTheExampleOfItsRfc) {
  const auto bytes = from_hex("0001 f203 f4f5 f6f7");
  for (const SumFunction sum : kFunctions) {
    EXPECT_EQ(sum(bytes).value(), 0xddf2);
    EXPECT_EQ(sum(bytes).checksum(), 0x220d);
  }
}

TEST(Checksum, EveryLengthAtEveryAlignmentIsThePlainSum) {
  Rng rng(1);
  std::vector<std::byte> memory(2048 + 32);
  test::fill(rng, memory);
  for (std::size_t length = 0; length <= 2048; ++length) {
    for (std::size_t at = 0; at < 32; ++at) {
      const Bytes bytes = Bytes(memory).subspan(at, length);
      const std::uint16_t expected = plain_sum(bytes);
      for (const SumFunction sum : kFunctions) ASSERT_EQ(sum(bytes).value(), expected) << length << " at " << at;
    }
  }
}

TEST(Checksum, EveryLengthReadsNotOneByteMore) {
  Rng rng(2);
  for (std::size_t length = 0; length <= 600; ++length) {
    Exact block(length);
    test::fill(rng, block.out());
    for (const SumFunction sum : kFunctions) ASSERT_EQ(sum(block.bytes()).value(), plain_sum(block.bytes()));
  }
}

// Where carries are most, and where there are none: zero only of zeros.
TEST(Checksum, ExtremesKeepTheirSum) {
  for (const SumFunction sum : kFunctions) {
    for (const std::size_t length : {2U, 20U, 64U, 130U, 1460U, 65536U}) {
      const std::vector<std::byte> zeros(length);
      const std::vector<std::byte> ones(length, std::byte{0xff});
      EXPECT_EQ(sum(zeros).value(), 0);
      EXPECT_EQ(sum(ones).value(), 0xffff);
    }
  }
}

TEST(Checksum, PiecesAddUpWhereverTheyAreCut) {
  Rng rng(3);
  std::vector<std::byte> memory(700);
  for (int round = 0; round < 2'000; ++round) {
    test::fill(rng, memory);
    const std::size_t cut = rng.below(700);
    const Sum head = scalar_sum(Bytes(memory).first(cut));
    const Sum tail = fastest_sum()(Bytes(memory).subspan(cut));
    ASSERT_EQ(head + (cut % 2 == 0 ? tail : tail.at_odd_offset()), scalar_sum(memory)) << cut;
  }
}

TEST(Checksum, FieldSumIsTheSumOfItsBytes) {
  Rng rng(4);
  for (int round = 0; round < 1'000; ++round) {
    const Ipv6Address address = test::random_ipv6(rng);
    ASSERT_EQ(field_sum(address.octets), scalar_sum(std::as_bytes(std::span(address.octets))));
  }
}

TEST(Checksum, FoldingTakesEveryCarry) {
  EXPECT_EQ(Sum::folded(0).value(), 0);
  EXPECT_EQ(Sum::folded(0xffff'ffff'ffff'ffff).value(), 0xffff);
  EXPECT_EQ(Sum::folded(0x1'0000).value(), 1);
  EXPECT_EQ(Sum::folded(0xffff'ffff'0000'0001).value(), 1);
  EXPECT_EQ(Sum(0xffff) + Sum(1), Sum(1));
  EXPECT_EQ(Sum(0xffff) + Sum(0xffff), Sum(0xffff));
  EXPECT_EQ(Sum(0) + Sum(0), Sum(0));
}

// RFC 1624, section 4: the example in which the older equation 2 went wrong.
TEST(Checksum, UpdateGivesTheExampleOfItsRfc) {
  EXPECT_EQ(updated_checksum(0xdd2f, Sum(0x5555), Sum(0x3285)), 0x0000);
}

TEST(Checksum, UpdateIsTheChecksumTakenAnew) {
  Rng rng(5);
  std::vector<std::byte> memory(64);
  for (int round = 0; round < 20'000; ++round) {
    test::fill(rng, memory);
    const std::uint16_t before = scalar_sum(memory).checksum();
    const std::size_t at = rng.below(24) * 2;
    const MutableBytes part = MutableBytes(memory).subspan(at, rng.between(1, 8) * 2);
    const Sum was = scalar_sum(part);
    test::fill(rng, part);
    ASSERT_EQ(updated_checksum(before, was, scalar_sum(part)), scalar_sum(memory).checksum());
  }
}

TEST(Checksum, PseudoHeadersAreTheirBytes) {
  Rng rng(6);
  for (int round = 0; round < 1'000; ++round) {
    const Ipv4Address a4 = test::random_ipv4(rng);
    const Ipv4Address b4 = test::random_ipv4(rng);
    const Ipv6Address a6 = test::random_ipv6(rng);
    const Ipv6Address b6 = test::random_ipv6(rng);
    const auto length = static_cast<std::uint32_t>(rng.next());

    std::array<std::byte, 12> v4{};
    const auto head4 = std::span(v4);
    Field<Ipv4Address, 0>::set(head4, a4);
    Field<Ipv4Address, 4>::set(head4, b4);
    Field<std::uint8_t, 9>::set(head4, 6);
    Field<std::uint16_t, 10>::set(head4, static_cast<std::uint16_t>(length));
    ASSERT_EQ(pseudo_sum(a4, b4, IpProtocol::tcp, static_cast<std::uint16_t>(length)), scalar_sum(v4));

    std::array<std::byte, 40> v6{};
    const auto head6 = std::span(v6);
    Field<Ipv6Address, 0>::set(head6, a6);
    Field<Ipv6Address, 16>::set(head6, b6);
    Field<std::uint32_t, 32>::set(head6, length);
    Field<std::uint8_t, 39>::set(head6, 58);
    ASSERT_EQ(pseudo_sum(a6, b6, IpProtocol::icmpv6, length), scalar_sum(v6));
  }
}

}  // namespace
}  // namespace wp::wire
