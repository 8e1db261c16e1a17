#include "dataplane/base/hash_text.h"

#include <optional>

#include <gtest/gtest.h>

namespace wp {
namespace {

TEST(HashText, IsReadAsItIsWritten) {
  EXPECT_EQ(hash_text(0x0123456789abcdef), "0123456789abcdef");
  for (const std::uint64_t hash : {std::uint64_t{1}, std::uint64_t{0xfedcba9876543210}, ~std::uint64_t{0}}) {
    EXPECT_EQ(read_hash_text(hash_text(hash)), hash);
  }
}

TEST(HashText, NothingElseIsRead) {
  for (const char* text : {"", "1", "0123456789abcde", "00123456789abcdef", "0123456789ABCDEF", "0x23456789abcdef",
                           " 123456789abcdef", "0123456789abcdeg", "0000000000000000"}) {
    EXPECT_EQ(read_hash_text(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace wp
