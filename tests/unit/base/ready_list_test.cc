#include "dataplane/base/ready_list.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp {
namespace {

std::vector<std::uint32_t> drain(ReadyList& list) {
  std::vector<std::uint32_t> all;
  std::uint32_t index = 0;
  while (list.pop(index)) all.push_back(index);
  return all;
}

ReadyList list_of(std::initializer_list<std::uint32_t> indices) {
  ReadyList list(16);
  for (const std::uint32_t index : indices) list.push(index);
  return list;
}

TEST(ReadyList, IsEmptyAtFirst) {
  ReadyList list(4);
  std::uint32_t index = 9;
  EXPECT_TRUE(list.empty());
  EXPECT_FALSE(list.pop(index));
  EXPECT_EQ(index, 9U);
}

TEST(ReadyList, FirstInFirstOut) {
  ReadyList list = list_of({3, 0, 15});
  EXPECT_EQ(list.size(), 3U);
  EXPECT_EQ(drain(list), (std::vector<std::uint32_t>{3, 0, 15}));
  EXPECT_TRUE(list.empty());
}

TEST(ReadyList, AQueuedOneKeepsItsPlaceWhenPushedAgain) {
  ReadyList list = list_of({3, 0, 3, 3});
  EXPECT_EQ(list.size(), 2U);
  EXPECT_EQ(drain(list), (std::vector<std::uint32_t>{3, 0}));
}

TEST(ReadyList, RemovesFromFrontMiddleAndEnd) {
  for (const std::uint32_t victim : {1U, 2U, 3U}) {
    ReadyList list = list_of({1, 2, 3});
    list.remove(victim);
    EXPECT_FALSE(list.contains(victim));
    list.push(7);
    std::vector<std::uint32_t> expected = {1, 2, 3, 7};
    std::erase(expected, victim);
    EXPECT_EQ(drain(list), expected);
  }
}

TEST(ReadyList, RemovingTheOnlyOneLeavesAWorkingList) {
  ReadyList list = list_of({5});
  list.remove(5);
  list.remove(5);
  EXPECT_TRUE(list.empty());
  list.push(5);
  EXPECT_EQ(drain(list), (std::vector<std::uint32_t>{5}));
}

TEST(ReadyList, AgreesWithADequeOverRandomSequences) {
  constexpr std::uint32_t kCapacity = 12;
  Rng rng(11);
  ReadyList list(kCapacity);
  std::deque<std::uint32_t> plain;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint32_t index = rng.below(kCapacity);
    const auto found = std::find(plain.begin(), plain.end(), index);
    switch (rng.below(3)) {
      case 0:
        if (found == plain.end()) plain.push_back(index);
        list.push(index);
        break;
      case 1:
        if (found != plain.end()) plain.erase(found);
        list.remove(index);
        break;
      default: {
        std::uint32_t popped = 0;
        ASSERT_EQ(list.pop(popped), !plain.empty());
        if (plain.empty()) break;
        ASSERT_EQ(popped, plain.front());
        plain.pop_front();
      }
    }
    ASSERT_EQ(list.size(), plain.size());
    ASSERT_EQ(list.contains(index), std::find(plain.begin(), plain.end(), index) != plain.end());
  }
}

}  // namespace
}  // namespace wp
