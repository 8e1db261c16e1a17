#include "dataplane/base/endpoint.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace wp {
namespace {

using namespace std::string_view_literals;

TEST(Endpoint, ReadsIPv4) {
  const auto parsed = parse_endpoint("192.0.2.7:8080");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->family, Endpoint::Family::v4);
  EXPECT_EQ(parsed->port, 8080);
  EXPECT_EQ(parsed->address[0], 192);
  EXPECT_EQ(parsed->address[3], 7);
  EXPECT_EQ(parsed->address[4], 0);
}

TEST(Endpoint, ReadsIPv6InBrackets) {
  const auto parsed = parse_endpoint("[2001:db8::1]:443");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->family, Endpoint::Family::v6);
  EXPECT_EQ(parsed->port, 443);
  EXPECT_EQ(parsed->address[0], 0x20);
  EXPECT_EQ(parsed->address[15], 1);
}

TEST(Endpoint, NoAddressOrAStarIsEveryIPv4Address) {
  const auto any = parse_endpoint("0.0.0.0:80");
  ASSERT_TRUE(any.has_value());
  EXPECT_EQ(parse_endpoint(":80"), any);
  EXPECT_EQ(parse_endpoint("*:80"), any);
}

TEST(Endpoint, EveryPortIsRead) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:0")->port, 0);
  EXPECT_EQ(parse_endpoint("127.0.0.1:65535")->port, 65535);
}

TEST(Endpoint, TextAndValueAreInverse) {
  for (const auto text : {"127.0.0.1:80", "255.255.255.255:65535", "[::]:1", "[::1]:8000", "[2001:db8::a:b]:443",
                          "[::ffff:192.0.2.1]:80"}) {
    const auto parsed = parse_endpoint(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(to_string(*parsed), text);
  }
}

TEST(Endpoint, TheAddressAloneHasNoBrackets) {
  EXPECT_EQ(address_string(*parse_endpoint("[2001:db8::1]:443")), "2001:db8::1");
  EXPECT_EQ(address_string(*parse_endpoint("10.0.0.1:443")), "10.0.0.1");
  EXPECT_EQ(address_string(Endpoint{}), "-");
}

TEST(Endpoint, TheLongestTextIsWithin64Characters) {
  Endpoint longest{.port = 65535, .family = Endpoint::Family::v6};
  longest.address.fill(0xff);
  EXPECT_LE(to_string(longest).size(), 64U);
}

TEST(Endpoint, UnlikeValuesAreUnlike) {
  EXPECT_NE(parse_endpoint("127.0.0.1:80"), parse_endpoint("127.0.0.1:81"));
  EXPECT_NE(parse_endpoint("127.0.0.1:80"), parse_endpoint("127.0.0.2:80"));
  EXPECT_NE(parse_endpoint("0.0.0.0:80"), parse_endpoint("[::]:80"));
}

TEST(Endpoint, MalformedTextIsRefusedAndQuoted) {
  const std::string_view bad[] = {
      "",
      "127.0.0.1",
      "127.0.0.1:",
      "127.0.0.1:http",
      "127.0.0.1:65536",
      "127.0.0.1:-1",
      "127.0.0.1:+1",
      "127.0.0.1: 80",
      "127.0.0.1:80 ",
      "127.0.0.1:8 0",
      "localhost:80",
      "1.2.3:80",
      "1.2.3.4.5:80",
      "256.0.0.1:80",
      "::1:80",
      "2001:db8::1:80",
      "[::1]",
      "[::1:80",
      "[]:80",
      "[127.0.0.1]:80",
      "[2001:db8::g]:80",
      "]:80",
      "[:80",
      " :80",
      "127.0.0.1\0.evil:80"sv,
      "[::1\0]:80"sv,
      "127.0.0.1\0:80"sv,
      "127.0.0.1:80\0"sv,
  };
  for (const std::string_view text : bad) {
    const auto parsed = parse_endpoint(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().substr(0, text.size() + 4), "'" + std::string(text) + "': ");
    EXPECT_EQ(parsed.error().find('\n'), std::string::npos);
    EXPECT_GT(parsed.error().size(), text.size() + 10) << "says why";
  }
}

}  // namespace
}  // namespace wp
