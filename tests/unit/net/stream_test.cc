// What every transport does for a stream in fair weather: accept, connect, carry bytes both ways, half-close.
#include "tests/unit/net/world.h"

namespace wp::net::test {
namespace {

template <class T>
class NetStream : public NetTest<T> {};
TYPED_TEST_SUITE(NetStream, Transports, TransportNames);

template <class T>
void echo_through(const char* listen_at, const char* connect_to, std::size_t bytes) {
  World<T> world;
  world.app = echo;
  Endpoint to = at(connect_to);
  to.port = world.listen(listen_at).port;
  Peer peer = Peer::connect(to);
  const std::string sent = pattern(bytes);
  std::size_t out = 0;
  EXPECT_TRUE(world.until([&] {
    out += peer.send(std::string_view(sent).substr(out));
    peer.receive();
    return peer.got.size() == sent.size();
  }));
  EXPECT_TRUE(peer.got == sent);
  peer.finish();
  EXPECT_TRUE(world.until([&] {
    peer.receive();
    return peer.closed && world.ports.live() == 0;
  }));
  EXPECT_EQ(peer.error, 0);
  EXPECT_EQ(world.net->counters().bytes_received.value(), bytes);
  EXPECT_EQ(world.net->counters().bytes_sent.value(), bytes);
  EXPECT_EQ(world.net->counters().accepted.value(), 1U);
}

TYPED_TEST(NetStream, EchoesAByte) {
  echo_through<TypeParam>("127.0.0.1:0", "127.0.0.1:0", 1);
}
TYPED_TEST(NetStream, EchoesMoreThanABuffer) {
  echo_through<TypeParam>("127.0.0.1:0", "127.0.0.1:0", 5000);
}
TYPED_TEST(NetStream, EchoesMoreThanAllCredit) {
  echo_through<TypeParam>("127.0.0.1:0", "127.0.0.1:0", 5'000'000);
}
TYPED_TEST(NetStream, EchoesOverIpv6) {
  echo_through<TypeParam>("[::1]:0", "[::1]:0", 5000);
}
TYPED_TEST(NetStream, EchoesOnAWildcard) {
  echo_through<TypeParam>(":0", "127.0.0.1:0", 5000);
}

TYPED_TEST(NetStream, KnowsBothEndpoints) {
  World<TypeParam> world;
  const Endpoint specific = world.listen();
  const Endpoint wildcard = world.listen("[::]:0");
  {
    auto [peer, id] = world.join(specific);
    EXPECT_EQ(world.ports.get(id).local(), specific);
    EXPECT_EQ(world.ports.get(id).remote(), local_endpoint(peer.fd()));
  }
  Endpoint to = at("[::1]:0");
  to.port = wildcard.port;
  auto [peer, id] = world.join(to);
  EXPECT_EQ(world.ports.get(id).local(), to);
  EXPECT_EQ(world.ports.get(id).remote(), local_endpoint(peer.fd()));
}

TYPED_TEST(NetStream, AnIpv6WildcardLeavesIpv4Alone) {
  // Holds a port of both families that nobody else can listen on meanwhile; it does not listen itself.
  const Peer both(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  const int no = 0;
  ASSERT_EQ(setsockopt(both.fd(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes), 0);
  ASSERT_EQ(setsockopt(both.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no), 0);
  const SocketAddress any = to_socket_address(at("[::]:0"));
  ASSERT_EQ(bind(both.fd(), any.get(), any.length), 0);
  const std::string port = std::to_string(local_endpoint(both.fd()).port);

  World<TypeParam> world;
  world.listen(("[::]:" + port).c_str());
  const SocketAddress address = to_socket_address(at(("127.0.0.1:" + port).c_str()));
  Peer peer(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(peer.fd(), address.get(), address.length), -1);
  EXPECT_EQ(errno, ECONNREFUSED);
}

TYPED_TEST(NetStream, PeerMayFinishFirst) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  peer.send("request");
  peer.finish();
  stream::StreamPort& port = world.ports.get(id);
  ASSERT_TRUE(world.until([&] { return port.peer_closed(); }));
  std::string request;
  drain(port, request);
  EXPECT_EQ(request, "request");
  ASSERT_TRUE(port.append(stream::as_bytes("reply")));
  port.close();
  ASSERT_TRUE(world.until([&, &peer = peer] {
    peer.receive();
    return peer.closed;
  }));
  EXPECT_EQ(peer.got, "reply");
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  EXPECT_EQ(world.net->counters().lingers_expired.value(), 0U);
}

// As a proxy reads a body: the first bytes from rx, the rest in place.
TYPED_TEST(NetStream, ReceivesIntoOfferedRoom) {
  World<TypeParam> world;
  constexpr std::size_t kBytes = 300'000;
  stream::SlicePool bodies(1, kBytes);
  stream::Slice body = bodies.take();
  std::uint32_t filled = 0;
  std::uint32_t in_place = 0;
  world.app = [&](stream::StreamPort& port, std::uint8_t) {
    port.withdraw_landing();
    const std::uint32_t landed = port.take_landed();
    filled += landed;
    in_place += landed;
    while (!port.rx().empty()) {
      const stream::Slice piece = port.pop_rx();
      std::memcpy(body.writable().data() + filled, piece.data(), piece.size());
      filled += piece.size();
    }
    if (filled < kBytes) port.offer_landing(body.share(filled, kBytes - filled));
  };
  auto [peer, id] = world.join(world.listen());
  const std::string sent = pattern(kBytes);
  std::size_t out = 0;
  ASSERT_TRUE(world.until([&, &peer = peer] {
    out += peer.send(std::string_view(sent).substr(out, 50'000));
    return filled == kBytes;
  }));
  EXPECT_EQ(stream::as_text(body.bytes()), sent);
  EXPECT_GT(in_place, kBytes / 4);
  EXPECT_EQ(world.net->counters().bytes_received.value(), kBytes);
  world.app = {};
  world.ports.get(id).close();
  peer.close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

TYPED_TEST(NetStream, AnAbortAmidAReceiveIntoOfferedRoomLetsItGoLast) {
  World<TypeParam> world;
  stream::SlicePool bodies(1, 300'000);
  auto [peer, id] = world.join(world.listen());
  peer.send(pattern(70'000));
  std::string head;
  ASSERT_TRUE(world.until([&, id = id] {
    drain(world.ports.get(id), head);
    return head.size() == 70'000;
  }));
  world.ports.get(id).offer_landing(bodies.take());
  world.settle();
  world.ports.get(id).abort(Reason::client_timeout);
  peer.send(pattern(1'000));
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  EXPECT_EQ(bodies.held(), 0U);
}

TYPED_TEST(NetStream, WeMayFinishFirst) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  stream::StreamPort& port = world.ports.get(id);
  ASSERT_TRUE(port.append(stream::as_bytes("hello")));
  port.finish();
  ASSERT_TRUE(world.until([&, &peer = peer] {
    peer.receive();
    return peer.closed;
  }));
  EXPECT_EQ(peer.got, "hello");
  peer.send("still talking");
  peer.close();
  ASSERT_TRUE(world.until([&] { return port.peer_closed(); }));
  std::string got;
  drain(port, got);
  EXPECT_EQ(got, "still talking");
  EXPECT_FALSE(port.failed());
  port.close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

// Both ends in one table: one connects to the other.
TYPED_TEST(NetStream, ConnectsAndCarriesBothWays) {
  World<TypeParam> world;
  const Endpoint listener = world.listen();
  const stream::PortId client = world.ports.connect(listener);
  std::string reply;
  world.app = [&](stream::StreamPort& port, std::uint8_t events) {
    if (!(port.id() == client)) return echo(port, events);
    if ((events & stream::kOpened) != 0) {
      EXPECT_EQ(port.remote(), listener);
      EXPECT_NE(port.local().port, 0);
    }
    drain(port, reply);
  };
  // Queued before the handshake, sent after it.
  ASSERT_TRUE(world.ports.get(client).append(stream::as_bytes("early")));
  ASSERT_TRUE(world.until([&] { return reply == "early"; }));
  EXPECT_TRUE(world.ports.get(client).is_open());
  world.ports.get(client).close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  EXPECT_EQ(world.net->counters().connects.value(), 1U);
  EXPECT_EQ(world.net->counters().lingers_expired.value(), 0U);
}

TYPED_TEST(NetStream, QueuedBytesOfAClosedConnectAreSent) {
  World<TypeParam> world;
  const Endpoint listener = world.listen();
  std::string heard;
  world.app = [&](stream::StreamPort& port, std::uint8_t) {
    drain(port, heard);
    if (port.peer_closed()) port.close();
  };
  const stream::PortId client = world.ports.connect(listener);
  ASSERT_TRUE(world.ports.get(client).append(stream::as_bytes("last words")));
  world.ports.get(client).close();
  EXPECT_TRUE(world.until([&] { return world.opened.size() == 1 && world.ports.live() == 0; }));
  EXPECT_EQ(heard, "last words");
}

TYPED_TEST(NetStream, AGatherOfManyPiecesKeepsTheirOrder) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  stream::StreamPort& port = world.ports.get(id);
  std::string expected;
  // Slices of their own, more than one gathered write takes.
  for (int i = 0; i < 200; ++i) {
    stream::Slice slice = world.ports.slabs().take();
    const std::string text = std::to_string(i) + ";";
    std::memcpy(slice.writable().data(), text.data(), text.size());
    slice.set_range(0, static_cast<std::uint32_t>(text.size()));
    expected += text;
    ASSERT_TRUE(port.push(std::move(slice)));
  }
  ASSERT_TRUE(world.until([&, &peer = peer] {
    peer.receive();
    return peer.got.size() >= expected.size();
  }));
  EXPECT_EQ(peer.got, expected);
  EXPECT_LE(world.net->counters().sends.value(), 200U / 16 + 1);
}

TYPED_TEST(NetStream, ARoundTripCostsFewSystemCalls) {
  World<TypeParam> world;
  world.app = echo;
  auto [peer, id] = world.join(world.listen());
  constexpr int kTrips = 1000;
  const std::uint64_t before = world.net->counters().system_calls.value();
  for (int i = 0; i < kTrips; ++i) {
    peer.send("ping");
    peer.got.clear();
    // The daemon's loop: one sleeping enter a turn.
    while (peer.got.size() < 4) {
      world.turn(seconds(1));
      // The reply leaves with the next enter(), which in a busy shard is the one that brings the next request.
      if (std::is_same_v<typename TypeParam::Net, KernelNet>) world.net->enter(nanos(0));
      peer.receive();
    }
  }
  const double calls = static_cast<double>(world.net->counters().system_calls.value() - before) / kTrips;
  std::printf("[          ] %.2f system calls a round trip\n", calls);
  EXPECT_LT(calls, (std::is_same_v<typename TypeParam::Net, KernelNet> ? 2.1 : 3.1));
}

TYPED_TEST(NetStream, BusyRoundTripsShareOneSystemCallATurn) {
  World<TypeParam> world;
  world.app = echo;
  const Endpoint listener = world.listen();
  std::vector<Peer> peers;
  for (int i = 0; i < 32; ++i) peers.push_back(std::move(world.join(listener).first));
  const std::uint64_t before = world.net->counters().system_calls.value();
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    for (Peer& peer : peers) peer.send("ping");
    std::size_t done = 0;
    ASSERT_TRUE(world.until([&] {
      for (Peer& peer : peers) {
        peer.receive();
        if (peer.got.size() == 4) {
          peer.got.clear();
          ++done;
        }
      }
      return done == peers.size();
    }));
  }
  const double calls = static_cast<double>(world.net->counters().system_calls.value() - before);
  std::printf("[          ] %.2f system calls a round trip, 32 at a time\n", calls / kRounds / 32);
  EXPECT_LT(calls / kRounds / 32, (std::is_same_v<typename TypeParam::Net, KernelNet> ? 0.2 : 2.2));
}

}  // namespace
}  // namespace wp::net::test
