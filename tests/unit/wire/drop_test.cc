#include "dataplane/wire/drop.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/wire/dissect.h"
#include "tests/unit/wire/exact.h"
#include "tests/unit/wire/packets.h"

namespace wp::wire {
namespace {

using test::from_hex;

struct Edit {
  std::size_t at;
  const char* hex;
};

// A captured frame that needs only these bytes changed to be dropped for exactly this.
struct Case {
  Drop drop;
  test::Packet packet;
  std::vector<Edit> edits{};
  std::size_t cut = 0;  // bytes taken off the end
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {Drop::truncated, test::kSynV4, {}, 1},
      {Drop::bad_version, test::kSynV4, {{14, "55"}}},
      {Drop::bad_header_length, test::kSynV4, {{46, "40"}}},
      {Drop::bad_length, test::kSynV4, {{16, "0013"}}},
      {Drop::bad_checksum, test::kEchoRequestV4, {{50, "ff"}}},
      {Drop::bad_source, test::kSynV6, {{22, "ff"}}},
      {Drop::not_ethernet_ii, test::kSynV4, {{12, "0040"}}},
      {Drop::stacked_vlan, test::kSynV4, {{12, "88a8"}}},
      {Drop::bad_arp, test::kArpRequest, {{14, "0006"}}},
      {Drop::fragment, test::kSynV4, {{20, "2000"}}},
      {Drop::source_routed, test::kEchoRequestExtensions, {{20, "2b"}, {57, "01"}}},
      {Drop::refused_option, test::kEchoRequestExtensions, {{56, "c5"}}},
      {Drop::bad_extension, test::kEchoRequestExtensions, {{57, "05"}}},
      {Drop::too_many_extensions,
       test::kUnreachableV6,
       {{20, "3c"},
        {54,
         "3c000104000000003c000104000000003c000104000000003c00010400000000"
         "3c000104000000003c000104000000003c00010400000000"}}},
      {Drop::unknown_icmp, test::kListenerReport, {}},
      {Drop::bad_neighbour, test::kSolicitation, {{21, "fe"}}},
      {Drop::bad_tcp_option, test::kSynV4, {{55, "00"}}},
  };
  return kCases;
}

std::vector<std::byte> frame_of(const Case& it) {
  auto frame = from_hex(it.packet.hex);
  for (const Edit& edit : it.edits) {
    const auto bytes = from_hex(edit.hex);
    std::ranges::copy(bytes, frame.begin() + static_cast<std::ptrdiff_t>(edit.at));
  }
  frame.resize(frame.size() - it.cut);
  return frame;
}

TEST(Drop, EachHasItsPacket) {
  std::set<Drop> seen = {Drop::bad_quote, Drop::foreign_quote};  // of a quote, not of a packet: see QuotedTcp
  const Checksums trusting{.verified_by_device = true};
  for (const Case& it : cases()) {
    const auto frame = frame_of(it);
    const test::Exact exact(frame);
    const auto drop = test::dissect(exact.bytes(), trusting).drop;
    ASSERT_TRUE(drop) << word(it.drop);
    EXPECT_EQ(word(*drop), word(it.drop));
    EXPECT_TRUE(seen.insert(it.drop).second) << word(it.drop);
  }
  EXPECT_EQ(seen.size(), kDropCount);
}

TEST(Drop, WordsAreDistinctAndExplained) {
  std::set<std::string_view> words;
  for (const DropInfo& info : all_drops()) {
    EXPECT_TRUE(words.insert(info.word).second) << info.word;
    EXPECT_GT(info.text.size(), 10U) << info.word;
  }
  EXPECT_EQ(words.size(), kDropCount);
  EXPECT_EQ(word(Drop::truncated), "truncated");
  EXPECT_EQ(word(Drop::bad_tcp_option), "bad_tcp_option");
}

}  // namespace
}  // namespace wp::wire
