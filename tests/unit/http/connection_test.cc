// What a Connection field does: persistence, upgrades, and fields that end here.
#include <gtest/gtest.h>

#include "tests/unit/http/parse.h"

namespace wp::http::test {
namespace {

bool keeps_alive(std::string_view version, std::string_view lines) {
  const ParsedRequest head =
      request(std::string("GET / HTTP/").append(version).append("\r\nHost: a\r\n").append(lines).append("\r\n"));
  EXPECT_TRUE(head.complete()) << lines;
  return head->keep_alive;
}

// RFC 9112 section 9.3.
TEST(Connection, PersistenceFollowsVersionAndOptions) {
  EXPECT_TRUE(keeps_alive("1.1", ""));
  EXPECT_TRUE(keeps_alive("1.1", "Connection: keep-alive\r\n"));
  EXPECT_TRUE(keeps_alive("1.1", "Connection:\r\n"));
  EXPECT_TRUE(keeps_alive("1.1", "Connection: closed\r\n"));
  EXPECT_FALSE(keeps_alive("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps_alive("1.1", "Connection: Close\t\r\n"));
  EXPECT_FALSE(keeps_alive("1.1", "Connection: keep-alive, ,x , close\r\n"));
  EXPECT_FALSE(keeps_alive("1.1", "Connection: close\r\nConnection: keep-alive\r\n"));
  EXPECT_FALSE(keeps_alive("1.0", ""));
  EXPECT_TRUE(keeps_alive("1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(keeps_alive("1.0", "Connection: keep-alive, close\r\n"));
  EXPECT_FALSE(keeps_alive("1.0", "Proxy-Connection: keep-alive\r\n"));
}

TEST(Connection, AnUpgradeTakesBothFieldsAndHttp11) {
  EXPECT_TRUE(request(with_fields("Connection: x, Upgrade\r\nUpgrade: websocket\r\n"))->wants_upgrade);
  EXPECT_FALSE(request(with_fields("Connection: upgrade\r\n"))->wants_upgrade);
  EXPECT_FALSE(request(with_fields("Upgrade: websocket\r\n"))->wants_upgrade);
  EXPECT_FALSE(request("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")->wants_upgrade);
}

TEST(Connection, StandardFieldsAreHopByHopByName) {
  const ParsedRequest head =
      request(with_fields("Keep-Alive: 1\r\nProxy-Connection: x\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: "
                          "x\r\nTransfer-Encoding: chunked\r\n"
                          "Proxy-Authorization: x\r\nProxy-Authenticate: x\r\nConnection: keep-alive\r\n"));
  ASSERT_TRUE(head.complete());
  for (const Field& field : head->all()) EXPECT_EQ(field.hop_by_hop, field.name != Name::host) << head->name(field);
}

TEST(Connection, NamedFieldsAreHopByHopWhereverTheyStand) {
  const ParsedRequest head = request(
      with_fields("X-Before: 1\r\nConnection: x-before , X-AFTER\r\nX-After: 2\r\nX-Stays: 3\r\nx-after: 4\r\n"));
  ASSERT_TRUE(head.complete());
  const bool expected[] = {false, true, true, true, false, true};
  for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(head->fields[i].hop_by_hop, expected[i]) << i;
}

// A client could hide from the replica what we read ourselves.
TEST(Connection, NamingAnEndToEndFieldIsRefused) {
  for (const std::string name :
       {"Content-Length", "host", "Transfer-Encoding", "Authorization", "x-api-key", "EXPECT", "content-type",
        "content-encoding", "X-Forwarded-For", "x-forwarded-proto", "via", "x-request-id"}) {
    EXPECT_EQ(reason_of_fields("Connection: " + name + "\r\n"), Reason::bad_header) << name;
    EXPECT_EQ(reason_of_fields("Connection: close, x," + name + " \r\n"), Reason::bad_header) << name;
  }
}

TEST(Connection, NamingHopByHopFieldsIsAllowed) {
  EXPECT_EQ(reason_of_fields("Connection: TE, Trailer, keep-alive, Upgrade, HTTP2-Settings\r\n"), Reason::none);
}

TEST(Connection, OptionsAreTokens) {
  EXPECT_EQ(reason_of_fields("Connection: a b\r\n"), Reason::bad_header);
  EXPECT_EQ(reason_of_fields("Connection: close;x\r\n"), Reason::bad_header);
  EXPECT_EQ(reason_of_fields("Connection: \"close\"\r\n"), Reason::bad_header);
  EXPECT_EQ(reason_of_fields("Connection: , ,,\t,\r\n"), Reason::none);
}

TEST(Connection, NamingOptionsAreBounded) {
  std::string options = "a0";
  for (int i = 1; i < 32; ++i) options += ",a" + std::to_string(i);
  EXPECT_EQ(reason_of_fields("Connection: " + options + "\r\n"), Reason::none);
  EXPECT_EQ(reason_of_fields("Connection: " + options + "\r\nConnection: b\r\n"), Reason::bad_header);
}

TEST(Connection, ErrorsHaveTheirPosition) {
  const std::string bytes = with_fields("Connection: close, host\r\n");
  EXPECT_EQ(request(bytes).position(), bytes.find("host"));
  const std::string space = with_fields("Connection: close it\r\n");
  EXPECT_EQ(request(space).position(), space.find("it"));
}

}  // namespace
}  // namespace wp::http::test
