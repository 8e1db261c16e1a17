#include "dataplane/http/authority.h"

#include <string>

#include <gtest/gtest.h>

namespace wp::http {
namespace {

TEST(Authority, HostsAndPortsAreValid) {
  for (const std::string_view good :
       {"a", "A.example", "a.example:1", "a:65535", "127.0.0.1:8080", "[::1]", "[::]:80", "[2001:db8::192.0.2.1]:443",
        "under_score.example", "xn--a", "a-b", "0.0.0.0=5000"}) {
    EXPECT_TRUE(is_valid_authority(good)) << good;
  }
}

TEST(Authority, EverythingElseIsNot) {
  for (const std::string_view bad : {"",         ":80",   "a:",     "a:0",   "a:65536",
                                     "a:123456", "a:8x",  "a:-1",   "a:+1",  "a:80:80",
                                     "u@a",      "u:p@a", "a,b",    "a, b",  "a b",
                                     "a/b",      "a?b",   "a#b",    "[::1",  "::1",
                                     "[]",       "[a]",   "[::1]x", "[::g]", "[fe80::1%25eth0]",
                                     "[v1.a]",   "a%2e",  "a\tb",   "a\\b",  "a<",
                                     "\xc3\xa4", "a\"",   "a]",     "[a:b]:"}) {
    EXPECT_FALSE(is_valid_authority(bad)) << bad;
  }
}

TEST(Authority, ComparesWithoutCaseAndDefaultPort) {
  EXPECT_TRUE(same_authority("A.Example", "a.example"));
  EXPECT_TRUE(same_authority("a:80", "a"));
  EXPECT_TRUE(same_authority("a", "A:80"));
  EXPECT_TRUE(same_authority("a:81", "a:81"));
  EXPECT_FALSE(same_authority("a:81", "a"));
  EXPECT_FALSE(same_authority("a:8080", "a:80"));
  EXPECT_FALSE(same_authority("a", "b"));
  EXPECT_FALSE(same_authority("a", "aa"));
}

}  // namespace
}  // namespace wp::http
