#include "dataplane/prompt/utf8_block.h"

#include <array>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/prompt/utf8_text.h"

namespace wp::prompt {
namespace {

using testing::is_utf8_text;

// Both sides of every border that RFC 3629 draws.
constexpr std::array<unsigned char, 24> kBytes{0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                                               0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF};

// Two blocks of spaces behind three more, with four bytes in them.
bool taken(std::size_t place, const std::array<unsigned char, 4>& four) {
  std::string text(3 + 128, ' ');
  for (std::size_t i = 0; i < four.size(); ++i) text[3 + place + i] = static_cast<char>(four[i]);
  const bool good = (utf8_faults(text.data() + 3) | utf8_faults(text.data() + 3 + 64)) == 0;
  EXPECT_EQ(is_utf8(text.data() + 3, text.data() + 3, ~std::uint64_t{0}), utf8_faults(text.data() + 3) == 0);
  EXPECT_EQ(good, is_utf8_text(text)) << place << ": " << ::testing::PrintToString(four);
  return good;
}

TEST(Utf8Block, TakesWhatRfc3629Takes) {
  std::size_t place = 0;
  std::size_t good = 0;
  for (const unsigned char a : kBytes) {
    for (const unsigned char b : kBytes) {
      for (const unsigned char c : kBytes) {
        for (const unsigned char d : {kBytes[0], kBytes[2], kBytes[7], kBytes[10]}) {
          place = (place + 7) % 100;  // within a half, a block, and across their ends
          good += taken(place, {a, b, c, d}) ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(good, 0U);
}

TEST(Utf8Block, ACharacterIsLookedAtAcrossEveryBorder) {
  for (std::size_t place = 0; place < 124; ++place) {
    EXPECT_TRUE(taken(place, {0xF0, 0x9F, 0x98, 0x80}));
    EXPECT_FALSE(taken(place, {0xF0, 0x9F, 0x98, 0x20}));
    EXPECT_FALSE(taken(place, {0x20, 0xE2, 0x82, 0x20}));
  }
}

TEST(Utf8Block, TheFaultIsWhereACharacterIsCutShort) {
  std::string text(3 + 64, ' ');
  text[3 + 10] = '\xE2';
  text[3 + 11] = '\x82';
  EXPECT_EQ(utf8_faults(text.data() + 3), std::uint64_t{1} << 12U);
}

}  // namespace
}  // namespace wp::prompt
