#include "controlplane/feeds/kv_batch.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tools/replica/kv_events.h"

namespace wp::feeds {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using replica::EventFormat;
using replica::HashFormat;
using Kind = BlockEvent::Kind;
using Told = replica::BlockEvent;

// What the simulated replica writes, by other people's msgpack.
std::vector<Told> told() {
  return {{.kind = Told::Kind::stored, .hashes = {11, 12}, .begins = true, .tokens = {1, 2, 70'000, 4}},
          {.kind = Told::Kind::stored, .hashes = {13}, .parent = 12, .tokens = {5, 6}, .adapter = "ours", .salt = {}},
          {.kind = Told::Kind::removed, .hashes = {12, 13}},
          {.kind = Told::Kind::cleared}};
}

TEST(KvBatch, EachFormSaysTheSame) {
  std::uint64_t variants = 0;
  for (const EventFormat format : {EventFormat::map, EventFormat::array}) {
    for (const HashFormat hashes : {HashFormat::integer, HashFormat::binary}) {
      const auto batch = read_kv_batch(encode_batch({format, hashes}, 1.75e9, told(), 2));
      ASSERT_TRUE(batch) << batch.error();
      EXPECT_EQ(batch->unix_seconds, 1.75e9);
      ASSERT_EQ(batch->events.size(), 4U);
      const BlockEvent& first = batch->events[0];
      const BlockEvent& second = batch->events[1];
      EXPECT_EQ(first.kind, Kind::stored);
      EXPECT_EQ(first.tokens, (std::vector<std::uint64_t>{1, 2, 70'000, 4}));
      EXPECT_EQ(first.block_tokens, 2U);
      EXPECT_FALSE(first.parent || first.elsewhere || first.partial);
      EXPECT_EQ(second.parent, first.blocks[1]);
      if (hashes == HashFormat::integer) {
        EXPECT_EQ(first.blocks, (std::vector<BlockName>{11, 12}));
      }
      EXPECT_EQ(first.extras, (std::vector<std::uint64_t>{0, 0}));
      EXPECT_NE(second.extras[0], 0U) << "the adapter";
      EXPECT_NE(second.variant, 0U);
      EXPECT_TRUE(variants == 0 || variants == second.variant);
      variants = second.variant;
      EXPECT_EQ(batch->events[2].kind, Kind::removed);
      EXPECT_EQ(batch->events[2].blocks[0], first.blocks[1]);
      EXPECT_EQ(batch->events[3].kind, Kind::cleared);
    }
  }
}

TEST(KvBatch, WhatIsCutShortOrGoesOnIsRefused) {
  const std::string whole = encode_batch({}, 1, told(), 2);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_kv_batch(std::string_view(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(read_kv_batch(whole + "\x01"));
  EXPECT_FALSE(read_kv_batch("\x92\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xdd\x7f\xff\xff\xff"sv)) << "a false length";
}

// [1.0, [["BlockStored", [-1], nil, [7, 8], 2, nil, "GPU", {"cache_salt": "s"}]], 0]
TEST(KvBatch, SglangsSaltIsToldApart) {
  const std::string before =
      "\x93\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00\x91\x98\xab"
      "BlockStored\x91\xff\xc0\x92\x07\x08\x02\xc0\xa3"
      "GPU"s;
  const auto salted = read_kv_batch(before +
                                    "\x81\xaa"
                                    "cache_salt\xa1s\x00"s);
  const auto other = read_kv_batch(before +
                                   "\x81\xaa"
                                   "cache_salt\xa1t\x00"s);
  const auto plain = read_kv_batch(before +
                                   "\x81\xaa"
                                   "session_id\xa1s\x00"s);
  ASSERT_TRUE(salted && other && plain);
  EXPECT_EQ(salted->events[0].blocks[0], UINT64_MAX);
  EXPECT_NE(salted->events[0].variant, other->events[0].variant);
  EXPECT_EQ(plain->events[0].variant, 0U);
}

// {"type": "BlockRemoved", "block_hashes": [1], "medium": "CPU"} and one that nobody knows, in an outer map.
TEST(KvBatch, OtherMediaAndUnknownEventsAreSeen) {
  const auto batch = read_kv_batch(
      "\x82\xa2ts\x01\xa6"
      "events\x92\x83\xa4type\xac"
      "BlockRemoved\xac"
      "block_hashes\x91\x01\xa6medium\xa3"
      "CPU\x82\xa4type\xa3New\xa1x\x91\xc0"sv);
  ASSERT_TRUE(batch) << batch.error();
  EXPECT_TRUE(batch->events[0].elsewhere);
  EXPECT_EQ(batch->events[1].kind, Kind::other);
}

}  // namespace
}  // namespace wp::feeds
