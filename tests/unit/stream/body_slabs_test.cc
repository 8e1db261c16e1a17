// BodySlabs: the class that fits, the next one when that is empty, and growth that keeps the bytes.
#include "dataplane/stream/body_slabs.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wp::stream {
namespace {

constexpr BodyLimits kSmall{.max_body = 1024 * 1024, .entries = {2, 1, 1, 1}};

void write(Slice& body, std::string_view text) {
  std::memcpy(body.writable().data(), text.data(), text.size());
}

TEST(BodySlabs, TakesTheSmallestClassThatFits) {
  BodySlabs slabs(kSmall);
  EXPECT_EQ(slabs.take(0).size(), 4096u);
  EXPECT_EQ(slabs.take(4096).size(), 4096u);
  EXPECT_EQ(slabs.take(4097).size(), 65536u);
  EXPECT_EQ(slabs.take(65537).size(), 524288u);
  EXPECT_EQ(slabs.take(524289).size(), 1024u * 1024u);
  EXPECT_EQ(slabs.take(1024 * 1024).size(), 1024u * 1024u);
  EXPECT_EQ(slabs.held(), 0u);
}

TEST(BodySlabs, FallsToLargerClassesThenFails) {
  BodySlabs slabs(kSmall);
  std::vector<Slice> held;
  for (const std::uint32_t size : {4096u, 4096u, 65536u, 524288u, 1024u * 1024u}) {
    held.push_back(slabs.take(1));
    EXPECT_EQ(held.back().size(), size);
  }
  EXPECT_FALSE(slabs.take(1).owns());
  EXPECT_EQ(slabs.held(), 5u);
  EXPECT_EQ(slabs.held_bytes(), 2u * 4096 + 65536 + 524288 + 1024 * 1024);
  held.erase(held.begin());
  EXPECT_TRUE(slabs.take(1).owns());
}

TEST(BodySlabs, ClassesMayBeKeptFromATaker) {
  BodySlabs slabs(kSmall);
  EXPECT_EQ(slabs.class_of(4096), 0U);
  EXPECT_EQ(slabs.class_of(4097), 1U);
  EXPECT_EQ(slabs.class_of(1024 * 1024), 3U);
  Slice body = slabs.take(5, 1);
  EXPECT_EQ(body.size(), 4096U);
  EXPECT_FALSE(slabs.take(5000, 1).owns());
  EXPECT_FALSE(slabs.take(5, 0).owns());
  EXPECT_FALSE(slabs.grow(body, 5, 5000, 1));
  const Slice other = slabs.take(5);
  EXPECT_FALSE(slabs.take(5, 1).owns());
  EXPECT_EQ(slabs.take(5, 2).size(), 65536U);
}

TEST(BodySlabs, BytesOverTheLimitAreAProgrammersError) {
  BodySlabs slabs(kSmall);
  EXPECT_DEATH(static_cast<void>(slabs.take(1024 * 1024 + 1)), "assertion failed");
}

TEST(BodySlabs, LimitBelowAClassBoundsTheClass) {
  BodySlabs slabs({.max_body = 1000, .entries = {1, 1, 1, 1}});
  const Slice body = slabs.take(1000);
  EXPECT_EQ(body.size(), 1000u);
}

TEST(BodySlabs, GrowKeepsTheBytesAndFreesTheOldSlab) {
  BodySlabs slabs(kSmall);
  Slice body = slabs.take(5);
  write(body, "hello");
  ASSERT_TRUE(slabs.grow(body, 5, 5000));
  EXPECT_EQ(body.size(), 65536u);
  EXPECT_EQ(as_text(body.bytes()).substr(0, 5), "hello");
  EXPECT_EQ(slabs.held(), 1u);
}

TEST(BodySlabs, GrowWithoutRoomLeavesTheBodyAsItWas) {
  BodySlabs slabs(kSmall);
  const Slice large = slabs.take(1024 * 1024);
  Slice body = slabs.take(5);
  write(body, "hello");
  EXPECT_FALSE(slabs.grow(body, 5, 600'000));
  EXPECT_EQ(body.size(), 4096u);
  EXPECT_EQ(as_text(body.bytes()).substr(0, 5), "hello");
}

TEST(BodySlabs, GrowFromMoreThanTheSlabHoldsIsAProgrammersError) {
  BodySlabs slabs(kSmall);
  Slice body = slabs.take(5);
  EXPECT_DEATH(static_cast<void>(slabs.grow(body, 5000, 6000)), "assertion failed");
  EXPECT_DEATH(static_cast<void>(slabs.grow(body, 50, 40)), "assertion failed");
}

TEST(BodySlabs, PaddingBehindAFullBodyIsReadable) {
  BodySlabs slabs(kSmall);
  Slice body = slabs.take(4096);
  std::byte* data = body.writable().data();
  std::memset(data, 'x', 4096 + BodySlabs::kPadding);  // the address sanitizer objects if the padding is not ours
  EXPECT_EQ(as_text(body.bytes()), std::string(4096, 'x'));
}

}  // namespace
}  // namespace wp::stream
