#include "dataplane/prompt/wide_numbers.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wp::prompt {
namespace {

// The text with the number at its start narrowed, less the white space that this leaves at its end.
std::string narrowed(std::string text) {
  const std::uint32_t start = 0;
  const std::string before = text;
  const bool changed = narrow_wide_numbers(text, std::span(&start, 1));
  EXPECT_EQ(changed, text != before);
  EXPECT_EQ(text.size(), before.size());
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

TEST(NarrowWideNumbers, LeavesWhatFits) {
  for (const char* number : {"0", "-0", "18446744073709551615", "-9223372036854775808", "1.7976931348623157e308",
                             "5e-324", "1e-400", "0e999", "0.0e99999", "123456789012345678901234567890.0"}) {
    EXPECT_EQ(narrowed(number), number);
  }
}

TEST(NarrowWideNumbers, ShortensIntegersToSeventeenDigits) {
  EXPECT_EQ(narrowed("18446744073709551616"), "18446744073709551e3");
  EXPECT_EQ(narrowed("-9223372036854775809"), "-92233720368547758e2");
  EXPECT_EQ(narrowed("340282366920938463463374607431768211455"), "34028236692093846e22");
  EXPECT_EQ(narrowed("99999999999999999999,1"), "99999999999999999e3 ,1");
}

TEST(NarrowWideNumbers, BoundsWhatWouldBeInfinite) {
  EXPECT_EQ(narrowed("2e308"), "1e308");
  EXPECT_EQ(narrowed("-1e309"), "-1e308");
  EXPECT_EQ(narrowed("1.5E+9999"), "1e308");
  EXPECT_EQ(narrowed("1e99999999999999999999"), "1e308");
  EXPECT_EQ(narrowed(std::string(400, '7')), "1e308");
  EXPECT_EQ(narrowed("0.001e400"), "1e308");
  EXPECT_EQ(narrowed(std::string(400, '7') + "e-50"), "1e308");
}

TEST(NarrowWideNumbers, LeavesWhatIsTooSmallOrMalformed) {
  for (const char* number : {"1e-99999999999999999999", "0.0001e-330", "01e999", "1.e999", "1e", "-", "x", "1e+", ""}) {
    EXPECT_EQ(narrowed(number), number);
  }
}

// Digits and exponent are added up: at the end of the range of 64 bits that would be no number any more.
TEST(NarrowWideNumbers, ExponentsAtTheEndOfTheirOwnRange) {
  const std::string many(90, '7');
  EXPECT_EQ(narrowed(many + "e9223372036854775806"), "1e308");
  EXPECT_EQ(narrowed(many + "e+9223372036854775807"), "1e308");
  EXPECT_EQ(narrowed("0." + many + "e-9223372036854775808"), "0." + many + "e-9223372036854775808");
  EXPECT_EQ(narrowed("0." + std::string(90, '0') + "e9223372036854775807"),
            "0." + std::string(90, '0') + "e9223372036854775807");
}

TEST(NarrowWideNumbers, LooksOnlyWhereNumbersStart) {
  std::string text = "[1e999,\"1e999\",1e999]";
  const std::vector<std::uint32_t> starts{0, 1, 6, 7, 14, 15, 20, 4000};
  EXPECT_TRUE(narrow_wide_numbers(text, starts));
  EXPECT_EQ(text, "[1e308,\"1e999\",1e308]");
}

}  // namespace
}  // namespace wp::prompt
