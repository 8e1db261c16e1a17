#include "dataplane/http/syntax.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wp::http::syntax {
namespace {

// The blocks and the overlapping tail against a plain loop, for every range of a buffer with no byte to spare.
TEST(Syntax, ControlsAreFoundAtEveryPlaceOfEveryRange) {
  constexpr std::uint32_t kSize = 40;
  for (const char control : {'\0', '\x1f', '\r', '\x7f'}) {
    for (std::uint32_t place = 0; place <= kSize; ++place) {
      std::vector<char> text(kSize, '\xff');
      text[place / 2] = '\t';
      if (place < kSize) text[place] = control;
      for (std::uint32_t from = 0; from <= kSize; ++from) {
        for (std::uint32_t to = from; to <= kSize; ++to) {
          const std::uint32_t expected = place >= from && place < to ? place : to;
          ASSERT_EQ(find_control(text.data(), from, to), expected) << place << " in " << from << ".." << to;
        }
      }
    }
  }
}

TEST(Syntax, PlainNamesAreFoldedToTheirFirstOtherByte) {
  for (int other = 0; other < 256; ++other) {
    const char c = static_cast<char>(other);
    [[maybe_unused]] const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-';
    for (std::uint32_t place = 0; place < 34; ++place) {
      std::string text = "Abc-XYZ-019-azAZ-Content-Length-AND-more-of-it-to-the-end";
      text[place] = c;
      std::array<char, 32> lower;
      const std::uint32_t length = fold_plain_name(text.data(), 0, static_cast<std::uint32_t>(text.size()), lower);
#if defined(__SSE2__)
      ASSERT_EQ(length, plain || place > 31 ? 32U : place) << other << " at " << place;
#endif
      for (std::uint32_t i = 0; i < length; ++i) ASSERT_EQ(lower[i], lower_case(text[i]));
    }
  }
}

TEST(Syntax, FoldingStaysInsideItsText) {
  const std::vector<char> text(20, 'A');
  std::array<char, 32> lower;
  EXPECT_EQ(fold_plain_name(text.data(), 5, 20, lower), 0U);
  EXPECT_LE(fold_plain_name(text.data(), 4, 20, lower), 16U);
}

TEST(Syntax, FoldedBytesAreTokensInLowerCase) {
  EXPECT_EQ(kFolded['A'], 'a');
  EXPECT_EQ(kFolded['z'], 'z');
  EXPECT_EQ(kFolded['-'], '-');
  EXPECT_EQ(kFolded[':'], 0);
  EXPECT_EQ(kFolded['\r'], 0);
  EXPECT_EQ(kFolded[0], 0);
  EXPECT_EQ(kFolded[0xe4], 0);
  EXPECT_EQ(std::count_if(kFolded.begin(), kFolded.end(), [](char c) { return c != 0; }), 77);
}

}  // namespace
}  // namespace wp::http::syntax
