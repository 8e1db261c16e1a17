#include "dataplane/net/socket.h"

#include <cerrno>

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "tests/unit/net/world.h"

namespace wp::net::test {
namespace {

TEST(Socket, AddressesSurviveTheKernelsForm) {
  for (const char* text : {"192.0.2.1:80", "[2001:db8::1]:65535", "[::]:1", "0.0.0.0:9"}) {
    EXPECT_EQ(to_endpoint(to_socket_address(at(text))), at(text)) << text;
  }
  Endpoint local = at("[fe80::1]:80");
  local.scope = 3;
  EXPECT_EQ(to_endpoint(to_socket_address(local)), local);
  EXPECT_EQ(to_endpoint(SocketAddress{}).family, Endpoint::Family::none);
}

TEST(Socket, Wildcards) {
  EXPECT_TRUE(is_wildcard(at(":80")));
  EXPECT_TRUE(is_wildcard(at("[::]:80")));
  EXPECT_FALSE(is_wildcard(at("127.0.0.1:80")));
  EXPECT_FALSE(is_wildcard(at("[::1]:80")));
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(getsockopt(fd, level, name, &value, &length), 0);
  return value;
}

// What listeners have, accepted sockets inherit: no system calls for each of them.
TEST(Socket, AcceptedSocketsInheritTheirOptions) {
  NetConfig config;
  config.keepalive_idle = seconds(77);
  const auto listener = open_listener(at("127.0.0.1:0"), config, Blocking::yes);
  ASSERT_TRUE(listener.has_value());
  const Peer guard(listener->fd);
  const Peer client = Peer::connect(listener->bound);
  const Peer accepted(accept4(listener->fd, nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(option(accepted.fd(), IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(accepted.fd(), SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(accepted.fd(), IPPROTO_TCP, TCP_KEEPIDLE), 77);
}

TEST(Socket, AnErrnoMeansWhatItMeansForThatLeg) {
  EXPECT_EQ(reason_of(ECONNREFUSED, Leg::connecting), Reason::connect_refused);
  EXPECT_EQ(reason_of(EHOSTUNREACH, Leg::connecting), Reason::connect_refused);
  EXPECT_EQ(reason_of(ECONNRESET, Leg::connecting), Reason::connect_refused);
  EXPECT_EQ(reason_of(ETIMEDOUT, Leg::connecting), Reason::connect_timeout);
  EXPECT_EQ(reason_of(ECONNRESET, Leg::accepted), Reason::client_reset);
  EXPECT_EQ(reason_of(EPIPE, Leg::accepted), Reason::client_reset);
  EXPECT_EQ(reason_of(ETIMEDOUT, Leg::connected), Reason::replica_reset);
  EXPECT_EQ(reason_of(EPIPE, Leg::connected), Reason::replica_reset);
  EXPECT_EQ(reason_of(EMFILE, Leg::connecting), Reason::no_connection_slot);
  EXPECT_EQ(reason_of(ENOBUFS, Leg::accepted), Reason::no_buffer);
}

TEST(Socket, ListeningNowhereIsRefused) {
  const auto listener = open_listener({}, {}, Blocking::yes);
  ASSERT_FALSE(listener.has_value());
  EXPECT_EQ(listener.error(), "cannot listen: no address given");
}

}  // namespace
}  // namespace wp::net::test
