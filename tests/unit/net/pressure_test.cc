// Bounds: credit, buffers, list nodes and ports run out one at a time, and what waited goes on when they are back.
#include "tests/unit/net/world.h"

namespace wp::net::test {
namespace {

template <class T>
class NetPressure : public NetTest<T> {};
TYPED_TEST_SUITE(NetPressure, Transports, TransportNames);

TYPED_TEST(NetPressure, AFloodStopsAtTheCreditAndResumesAfterConsume) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  stream::StreamPort& port = world.ports.get(id);
  const std::string body = pattern(3'000'000);
  std::size_t out = 0;
  std::uint32_t most = 0;
  std::uint32_t most_held = 0;
  const auto push = [&, &peer = peer] {
    out += peer.send(std::string_view(body).substr(out));
    most = std::max(most, port.rx().bytes());
    most_held = std::max(most_held, world.ports.receive_pool().held());
  };
  ASSERT_TRUE(world.until([&] {
    push();
    return port.rx_paused();
  }));
  for (int i = 0; i < 50; ++i) {
    push();
    world.turn(micros(100));
  }
  const std::uint32_t buffer = world.ports.limits().receive_bytes;
  const std::uint32_t bound = port.rx().limit() + TypeParam::kOvershootBuffers * buffer;
  EXPECT_LE(most, bound);
  EXPECT_LE(most_held, bound / buffer + 2);
  ASSERT_GE(most, port.rx().limit());
  std::string got;
  EXPECT_TRUE(world.until([&] {
    push();
    drain(port, got);
    return got.size() == body.size();
  }));
  EXPECT_TRUE(got == body);
  EXPECT_LE(most, bound);
}

TYPED_TEST(NetPressure, SingleBytesDoNotPinABufferEach) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  stream::StreamPort& port = world.ports.get(id);
  const std::string body = pattern(3000);
  for (std::uint32_t i = 0; i < body.size(); ++i) {
    ASSERT_EQ(peer.send(body.substr(i, 1)), 1U);
    ASSERT_TRUE(world.until([&] { return port.rx().bytes() == i + 1; }));
  }
  EXPECT_LE(world.ports.receive_pool().held() + world.ports.slabs().held(), 2U);
  std::string got;
  drain(port, got);
  EXPECT_TRUE(got == body);
}

TYPED_TEST(NetPressure, APeerThatDoesNotReadFillsItsOwnChainOnly) {
  World<TypeParam> world;
  const Endpoint listener = world.listen();
  auto [deaf, deaf_id] = world.join(listener);
  auto [peer, id] = world.join(listener);
  const std::string filler = pattern(4096);
  std::uint32_t most = 0;
  world.app = [&, &deaf_id = deaf_id](stream::StreamPort& port, std::uint8_t events) {
    if (!(port.id() == deaf_id)) echo(port, events);
  };
  stream::StreamPort& stuck = world.ports.get(deaf_id);
  int trips = 0;
  ASSERT_TRUE(world.until([&, &peer = peer] {
    while (stuck.tx_credit() > 0) EXPECT_TRUE(stuck.append(stream::as_bytes(filler)));
    most = std::max(most, stuck.tx_bytes());
    if (peer.got.size() == 4 || trips == 0) {
      peer.got.clear();
      peer.send("ping");
      ++trips;
    }
    peer.receive();
    return trips > 500;
  }));
  EXPECT_LE(most, stuck.tx().limit() + 4096);
  EXPECT_GT(stuck.tx_bytes(), 0U);
  // It reads after all: everything flows on.
  const std::uint32_t before = stuck.tx_bytes();
  EXPECT_TRUE(world.until([&, &deaf = deaf] {
    deaf.receive();
    return stuck.tx_bytes() == 0;
  }));
  EXPECT_GE(deaf.got.size(), before);
}

TYPED_TEST(NetPressure, WritableIsToldAtHalfTheLimit) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  stream::StreamPort& port = world.ports.get(id);
  bool told = false;
  world.app = [&](stream::StreamPort&, std::uint8_t events) { told |= (events & stream::kWritable) != 0; };
  world.stuff(port);
  port.notify_writable();
  for (int i = 0; i < 10; ++i) world.turn();
  EXPECT_FALSE(told);
  EXPECT_TRUE(world.until([&, &peer = peer] {
    peer.receive();
    return told;
  }));
  EXPECT_LE(port.tx_bytes() * 2, port.tx().limit());
}

TYPED_TEST(NetPressure, StarvedReceiversGoOnWhenBuffersAreBack) {
  stream::StreamLimits limits = small_limits();
  limits.receive_entries = 4;
  World<TypeParam> world(limits);
  const Endpoint listener = world.listen();
  auto [hog, hog_id] = world.join(listener);
  const std::string body = pattern(100'000);
  std::vector<std::pair<Peer, stream::PortId>> others;
  for (int i = 0; i < 16; ++i) others.push_back(world.join(listener));
  ASSERT_TRUE(world.until([&, &hog = hog] {
    hog.send(body);
    return world.ports.receive_pool().held() == 4;
  }));
  std::vector<std::size_t> out(others.size());
  std::vector<std::string> got(others.size());
  const auto push = [&] {
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (out[i] < 20'000) out[i] += others[i].first.send(std::string_view(body).substr(out[i], 20'000 - out[i]));
      drain(world.ports.get(others[i].second), got[i]);
    }
  };
  for (int i = 0; i < 20; ++i) {
    push();
    world.turn(micros(200));
  }
  EXPECT_GT(world.net->counters().receive_starved.value(), 0U);
  for (const std::string& text : got) EXPECT_TRUE(text.empty());
  std::string hogged;
  EXPECT_TRUE(world.until([&, &hog_id = hog_id] {
    push();
    drain(world.ports.get(hog_id), hogged);
    return std::all_of(got.begin(), got.end(), [](const std::string& text) { return text.size() == 20'000; });
  }));
  for (const std::string& text : got) EXPECT_TRUE(text == body.substr(0, 20'000));
}

TYPED_TEST(NetPressure, PiecesWithoutAListNodeAreKeptInOrder) {
  stream::StreamLimits limits = small_limits();
  limits.nodes = 6;
  World<TypeParam> world(limits);
  const Endpoint listener = world.listen();
  std::vector<std::pair<Peer, stream::PortId>> peers;
  for (int i = 0; i < 4; ++i) peers.push_back(world.join(listener));
  const std::string body = pattern(40'000);
  std::vector<std::size_t> out(peers.size());
  std::vector<std::string> got(peers.size());
  const auto push = [&] {
    for (std::size_t i = 0; i < peers.size(); ++i) {
      out[i] += peers[i].first.send(std::string_view(body).substr(out[i]));
      if (out[i] == body.size()) peers[i].first.finish();
    }
  };
  for (int i = 0; i < 20; ++i) {
    push();
    world.turn(micros(200));
  }
  EXPECT_EQ(world.ports.nodes().available(), 0U);
  EXPECT_GT(world.net->counters().receive_starved.value(), 0U);
  const auto finished = [&](std::size_t i) { return world.ports.get(peers[i].second).peer_closed(); };
  EXPECT_TRUE(world.until([&] {
    push();
    std::size_t done = 0;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      drain(world.ports.get(peers[i].second), got[i]);
      done += finished(i) && got[i].size() == body.size() ? 1 : 0;
    }
    return done == peers.size();
  }));
  for (const std::string& text : got) EXPECT_TRUE(text == body);
}

TYPED_TEST(NetPressure, AFullTablePausesAcceptingAndResetsNobody) {
  stream::StreamLimits limits = small_limits();
  limits.ports = 4;
  World<TypeParam> world(limits);
  world.app = echo;
  const Endpoint listener = world.listen();
  std::vector<Peer> peers;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(Peer::connect(listener));
    peers.back().send("hello");
  }
  const auto served = [&](std::size_t from, std::size_t to) {
    std::size_t n = 0;
    for (std::size_t i = from; i < to; ++i) {
      peers[i].receive();
      EXPECT_EQ(peers[i].error, 0);
      n += peers[i].got == "hello" ? 1 : 0;
    }
    return n;
  };
  ASSERT_TRUE(world.until([&] { return served(0, 10) == 4; }));
  for (int i = 0; i < 20; ++i) world.turn(micros(200));
  EXPECT_EQ(served(0, 10), 4U);
  EXPECT_EQ(world.ports.live(), 4U);
  EXPECT_GE(world.net->counters().accept_paused.value(), 1U);
  EXPECT_FALSE(world.ports.connect(listener).valid());
  for (std::size_t gone = 0; gone < 6; ++gone) {
    peers[gone].finish();
    ASSERT_TRUE(world.until([&] { return served(0, 10) == 5 + gone; })) << gone;
  }
  EXPECT_EQ(world.net->counters().accepted.value(), 10U);
  EXPECT_EQ(world.net->counters().accept_dropped.value(), 0U);
}

}  // namespace
}  // namespace wp::net::test
