#include "dataplane/base/pool.h"

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp {
namespace {

// Counts how many of it live.
struct Tracked {
  Tracked(int& live, int value) : live_(&live), value_(value) { ++*live_; }
  Tracked(const Tracked&) = delete;
  Tracked& operator=(const Tracked&) = delete;
  ~Tracked() { --*live_; }
  int* live_;
  int value_;
};

TEST(Handle, ZeroIsInvalidAndPackingIsInverse) {
  EXPECT_FALSE(Handle{}.valid());
  EXPECT_FALSE(Handle::unpack(0).valid());
  for (const Handle h : {Handle{0, 1}, Handle{UINT32_MAX, UINT32_MAX}, Handle{12, 3'000'000'000U}}) {
    EXPECT_EQ(Handle::unpack(h.pack()), h);
  }
}

TEST(Pool, MakesFindsAndDestroys) {
  int live = 0;
  Pool<Tracked> pool(2);
  const Handle a = pool.make(live, 1);
  const Handle b = pool.make(live, 2);
  ASSERT_TRUE(a.valid() && b.valid());
  EXPECT_EQ(pool.get(a).value_, 1);
  EXPECT_EQ(pool.find(b)->value_, 2);
  EXPECT_TRUE(pool.full());
  pool.destroy(a);
  EXPECT_EQ(live, 1);
  EXPECT_EQ(pool.live(), 1U);
  EXPECT_EQ(pool.find(a), nullptr);
}

TEST(Pool, IsInvalidWhenFullAndMakesNothing) {
  int live = 0;
  Pool<Tracked> pool(1);
  ASSERT_TRUE(pool.make(live, 1).valid());
  EXPECT_FALSE(pool.make(live, 2).valid());
  EXPECT_EQ(live, 1);
  Pool<int> none(0);
  EXPECT_FALSE(none.make(1).valid());
}

TEST(Pool, AStaleHandleFindsNothingAfterItsPlaceIsUsedAgain) {
  Pool<int> pool(1);
  const Handle old = pool.make(1);
  pool.destroy(old);
  const Handle fresh = pool.make(2);
  EXPECT_EQ(fresh.index, old.index);
  EXPECT_NE(fresh.generation, old.generation);
  EXPECT_EQ(pool.find(old), nullptr);
  EXPECT_EQ(*pool.find(fresh), 2);
}

TEST(Pool, ForeignHandlesFindNothing) {
  Pool<int> pool(4);
  const Handle h = pool.make(1);
  EXPECT_EQ(pool.find(Handle{}), nullptr);
  EXPECT_EQ(pool.find(Handle{3, 1}), nullptr) << "never touched";
  EXPECT_EQ(pool.find(Handle{4, 1}), nullptr) << "beyond the capacity";
  EXPECT_EQ(pool.find(Handle{h.index, h.generation + 1}), nullptr);
}

TEST(Pool, HandsOutTheMostRecentlyFreedFirst) {
  Pool<int> pool(8);
  std::vector<Handle> made;
  for (int i = 0; i < 4; ++i) made.push_back(pool.make(i));
  pool.destroy(made[1]);
  pool.destroy(made[3]);
  EXPECT_EQ(pool.make(9).index, made[3].index);
  EXPECT_EQ(pool.make(9).index, made[1].index);
  EXPECT_EQ(pool.make(9).index, 4U) << "untouched memory comes last";
}

TEST(Pool, DestroysWhatIsLeft) {
  int live = 0;
  {
    Pool<Tracked> pool(8);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(pool.make(live, i).valid());
    pool.destroy(Handle{2, 1});
    EXPECT_EQ(live, 4);
  }
  EXPECT_EQ(live, 0);
}

TEST(Pool, VisitsEveryLiveObjectWithItsHandle) {
  Pool<std::string> pool(8);
  const Handle a = pool.make("a");
  const Handle b = pool.make("b");
  const Handle c = pool.make("c");
  pool.destroy(b);
  std::vector<std::pair<std::uint64_t, std::string>> seen;
  pool.for_each([&](Handle h, std::string& text) { seen.emplace_back(h.pack(), text); });
  EXPECT_EQ(seen, (std::vector<std::pair<std::uint64_t, std::string>>{{a.pack(), "a"}, {c.pack(), "c"}}));
}

TEST(Pool, KeepsTheAlignmentOfItsObjects) {
  struct alignas(64) Line {
    char bytes[65];
  };
  Pool<Line> pool(3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pool.find(pool.make())) % 64, 0U);
  }
}

TEST(PoolDeathTest, UsingAGoneObjectIsAWrongProgram) {
  Pool<int> pool(2);
  const Handle h = pool.make(1);
  pool.destroy(h);
  EXPECT_DEATH(static_cast<void>(pool.get(h)), "assertion failed");
  EXPECT_DEATH(pool.destroy(h), "assertion failed");
}

TEST(Pool, NoHandleComesTwiceAndNoObjectIsLost) {
  constexpr std::uint32_t kCapacity = 16;
  Rng rng(7);
  Pool<std::uint64_t> pool(kCapacity);
  std::unordered_map<std::uint64_t, std::uint64_t> live;
  std::set<std::uint64_t> ever;
  for (std::uint64_t step = 0; step < 20'000; ++step) {
    if (rng.chance(0.52)) {
      const Handle h = pool.make(step);
      ASSERT_EQ(h.valid(), live.size() < kCapacity);
      if (!h.valid()) continue;
      ASSERT_TRUE(ever.insert(h.pack()).second);
      live.emplace(h.pack(), step);
    } else if (!live.empty()) {
      auto victim = live.begin();
      std::advance(victim, rng.below(static_cast<std::uint32_t>(live.size())));
      pool.destroy(Handle::unpack(victim->first));
      live.erase(victim);
    }
    ASSERT_EQ(pool.live(), live.size());
    for (const auto& [packed, value] : live) ASSERT_EQ(pool.get(Handle::unpack(packed)), value);
  }
}

}  // namespace
}  // namespace wp
