#include "dataplane/prompt/numbers.h"

#include <bit>
#include <string>

#include <gtest/gtest.h>

namespace wp::prompt {
namespace {

// The number as far as it is one; a comma and padding stand behind it.
Node read(std::string_view number, std::size_t taken) {
  std::string text(number);
  text.append(64, ',');
  Node node{};
  const char* behind = read_number(text.data(), text.data() + text.size(), node);
  if (behind == nullptr) {
    ADD_FAILURE() << "refused: " << number;
  } else {
    EXPECT_EQ(static_cast<std::size_t>(behind - text.data()), taken) << number;
  }
  return node;
}

Node read(std::string_view number) {
  return read(number, number.size());
}

bool refused(std::string_view number) {
  std::string text(number);
  text.append(64, ',');
  Node node{};
  return read_number(text.data(), text.data() + text.size(), node) == nullptr;
}

TEST(Numbers, IntegersAreExact) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{7}, std::int64_t{-1}, std::int64_t{999999999999999999},
                                   std::int64_t{-1000000000000000000}, INT64_MAX, INT64_MIN}) {
    const Node node = read(std::to_string(value));
    EXPECT_EQ(node.kind, Kind::integer);
    EXPECT_EQ(Value(&node).integer(), value);
  }
  const Node most = read("18446744073709551615");
  EXPECT_EQ(most.kind, Kind::natural);
  EXPECT_EQ(most.payload, UINT64_MAX);
  EXPECT_EQ(read("9223372036854775808").kind, Kind::natural);
}

TEST(Numbers, FractionsAndExponentsAreDoubles) {
  for (const auto& [text, value] : {std::pair{"0.5", 0.5},
                                    {"-0.0", 0.0},
                                    {"1e2", 100.0},
                                    {"1E+2", 100.0},
                                    {"12.5e-1", 1.25},
                                    {"123456789012345678.5", 123456789012345678.5},
                                    {"-2.5", -2.5}}) {
    const Node node = read(text);
    EXPECT_EQ(node.kind, Kind::real) << text;
    EXPECT_EQ(Value(&node).real(), value) << text;
  }
}

TEST(Numbers, BeyondSixtyFourBitsAreTheNearestDouble) {
  for (const auto& [text, value] :
       {std::pair{"18446744073709551616", 18446744073709551616.0},
        {"-9223372036854775809", -9223372036854775808.0},
        {"340282366920938463463374607431768211455", 340282366920938463463374607431768211455.0},
        {"1e400", 1e308},
        {"-2E308", -1e308},
        {"1e-400", 0.0},
        {"1e99999999999999999999", 1e308},
        {"1e-99999999999999999999", 0.0},
        {"0e999999", 0.0}}) {
    const Node node = read(text);
    EXPECT_EQ(node.kind, Kind::real) << text;
    EXPECT_EQ(Value(&node).real(), value) << text;
  }
}

TEST(Numbers, LongOnesAreReadOrRefused) {
  EXPECT_EQ(read(std::string(4000, '9')).payload, std::bit_cast<std::uint64_t>(1e308));
  EXPECT_EQ(read("0." + std::string(4000, '0') + "1").payload, 0U);
  EXPECT_TRUE(refused(std::string(kLongestNumber, '9')));
  EXPECT_TRUE(refused("0." + std::string(1 << 20, '1')));
}

TEST(Numbers, MalformedOnesAreRefused) {
  for (const char* number :
       {"", "-", "01", "-01", "00", "1.", "1e", "1e+", ".5", "+1", "--1", "1.e5", "01111111111111111111111", "-x"}) {
    EXPECT_TRUE(refused(number)) << number;
  }
}

// What follows is the scanner's to judge.
TEST(Numbers, EndWhereTheyEnd) {
  EXPECT_EQ(read("1x", 1).payload, 1U);
  EXPECT_EQ(read("0x10", 1).payload, 0U);
  EXPECT_EQ(read("1.2.3", 3).kind, Kind::real);
  EXPECT_EQ(read("1_000", 1).payload, 1U);
}

TEST(Numbers, DoNotEndTheBody) {
  const std::string text = "123456789" + std::string(64, '0');
  for (const std::size_t size : {1U, 5U, 9U}) {
    Node node{};
    EXPECT_EQ(read_number(text.data(), text.data() + size, node), nullptr) << "digits behind the end are none of it";
  }
}

}  // namespace
}  // namespace wp::prompt
