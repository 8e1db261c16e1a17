#include "dataplane/base/huge_array.h"

#include <atomic>
#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

namespace wp {
namespace {

struct alignas(128) Line {
  std::atomic<std::uint64_t> word{7};
};

// Below the size of a huge page, and above it by one value.
TEST(HugeArray, EveryValueIsAsItsTypeHasItAndWhereItBelongs) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20U;
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, kHugePage / sizeof(Line) + 1}) {
    HugeArray<Line> array(size);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(array[i].word.load(), 7U);
    array[size - 1].word = 9;
    const HugeArray<Line> moved = std::move(array);
    EXPECT_EQ(moved[size - 1].word.load(), 9U);
    const std::size_t alignment = size * sizeof(Line) < kHugePage ? alignof(Line) : kHugePage;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&moved[0]) % alignment, 0U);
  }
}

}  // namespace
}  // namespace wp
