// Where two things meet that seldom do: resources that are gone, ends that cross, waits that belong to the other side.
#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

// The ports towards replica `i` that the proxy holds now.
std::vector<stream::StreamPort*> ports_to(Box& box, std::uint32_t i) {
  std::vector<stream::StreamPort*> found;
  box.ports().for_each([&](stream::StreamPort& port) {
    if (port.remote() == Box::replica_address(i)) found.push_back(&port);
  });
  return found;
}

// The transport cannot open a socket: out of descriptors, or of source ports towards that address.
TEST(ProxyEdge, AHandshakeThatFailsForWantOfOurOwnSocketsIs503) {
  for (const Reason why : {Reason::no_connection_slot, Reason::no_buffer}) {
    Box box;
    box.net().set_black_hole(Box::replica_address(0), true);
    const Conn client = box.client();
    client->send(chat("x"));
    box.settle();
    ASSERT_EQ(ports_to(box, 0).size(), 1U);
    ports_to(box, 0).front()->fail(why);
    box.settle();
    EXPECT_EQ(status_of(take(client)), 503) << word(why);
    EXPECT_EQ(box.proxy().counters().refused.value(), 1U);
    box.expect_nothing_held();
  }
}

TEST(ProxyEdge, AFailedHandshakeIsRetriedWhoeversEventComesFirst) {
  Box box(2);
  for (std::uint32_t i = 0; i < 2; ++i) box.net().set_black_hole(Box::replica_address(i), true);
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const std::uint32_t first = ports_to(box, 0).empty() ? 1 : 0;
  // The client's event stands before the replica's on the ready list.
  box.ports().for_each([](stream::StreamPort& port) {
    if (port.remote().port == 50'000) port.notify_writable();
  });
  ports_to(box, first).front()->fail(Reason::connect_refused);
  box.net().set_black_hole(Box::replica_address(1 - first), false);
  box.settle();
  box.accept_one(1 - first)->send(ok_reply("the other"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "the other");
  box.expect_nothing_held();
}

TEST(ProxyEdge, AReplyThatEndsWhileTheShardHasNoBufferEndsLater) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\n\r\nabc");
  box.settle();
  EXPECT_TRUE(take(client).ends_with("\r\n\r\n3\r\nabc\r\n"));

  std::vector<stream::Slice> hoard;
  while (box.ports().slabs().free() > 0) hoard.push_back(box.ports().slabs().take());
  replica->finish();
  box.settle();
  EXPECT_EQ(take(client), "");
  // It waits by the clock: a shard that only turned would burn its core and free nothing.
  EXPECT_EQ(box.proxy().counters().relay_stalls.value(), 1U);
  EXPECT_EQ(box.ports().application_ready(), 0U);
  EXPECT_GT(box.proxy().next_deadline(), box.now);
  EXPECT_LE(box.proxy().next_deadline(), box.now + millis(1));
  box.advance(millis(1));
  EXPECT_EQ(box.proxy().counters().relay_stalls.value(), 2U);

  hoard.clear();
  box.advance(millis(1));
  EXPECT_EQ(take(client), "0\r\n\r\n");
  box.expect_nothing_held();
}

TEST(ProxyEdge, AClientThatLeavesWhileItsReplyIsStalledLeavesNothing) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  std::vector<stream::Slice> hoard;
  while (box.ports().slabs().free() > 0) hoard.push_back(box.ports().slabs().take());
  box.accept_one()->send(ok_reply("late"));
  box.settle();
  EXPECT_EQ(box.proxy().counters().relay_stalls.value(), 1U);
  client->reset();
  box.settle();
  box.advance(millis(5));
  EXPECT_EQ(box.proxy().counters().client_gone.value(), 1U);
  hoard.clear();
  box.expect_nothing_held();
}

TEST(ProxyEdge, AClientThatReadsSlowlyIsNotOneThatTakesNothing) {
  Box box;
  const Conn client = box.client();
  client->set_window(0);
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  const std::string big(400'000, 'z');
  replica->send("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + big);
  box.settle();
  client->set_window(6144);  // 205 bytes a second, above the least rate
  std::string got;
  for (int i = 0; i < 60; ++i) {  // half an hour, many times the client's time for any progress
    box.advance(seconds(30));
    got += take(client);
  }
  EXPECT_FALSE(client->over());
  EXPECT_EQ(box.count(Reason::client_timeout), 0U);
  client->set_window(UINT32_MAX);
  box.settle();
  got += take(client);
  EXPECT_EQ(body_of(got), big);
  box.expect_nothing_held();
}

// Streaming servers send their head before the prefill.
TEST(ProxyEdge, AHeadOrAHintDoesNotShortenTheWaitForTheFirstByte) {
  for (const std::string_view early :
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200"}) {
    Box box;
    const Conn client = box.client();
    client->send(chat("x"));
    box.settle();
    const Conn replica = box.accept_one();
    replica->send(early);
    box.settle();
    box.advance(seconds(590));
    EXPECT_FALSE(replica->over()) << early;
    box.advance(seconds(11));
    EXPECT_TRUE(replica->over()) << early;
    EXPECT_EQ(box.count(Reason::first_token_timeout), 1U);
    box.expect_nothing_held();
  }
}

TEST(ProxyEdge, BetweenTwoPiecesOfABodyTheShorterTimeHolds) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  box.settle();
  box.advance(seconds(119));
  EXPECT_FALSE(replica->over());
  box.advance(seconds(2));
  EXPECT_TRUE(replica->over());
  EXPECT_EQ(box.count(Reason::token_timeout), 1U);
}

// A close this late is no close that crossed the request: the replica may have died over it.
TEST(ProxyEdge, APooledConnectionThatClosesMuchLaterIsNotRetried) {
  Box box;
  const Conn replica = pooled(box);
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  box.advance(seconds(5));
  replica->finish();
  box.settle();
  EXPECT_EQ(status_of(take(client)), 502);
  EXPECT_TRUE(box.accepted().empty());
  EXPECT_EQ(box.count(Reason::stale_connection), 0U);
  box.expect_nothing_held();
}

TEST(ProxyEdge, AnIdleConnectionMakesRoomForARequestElsewhere) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_upstreams = 1;
  Box box(2, config);
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  Conn idle;
  std::uint32_t first = 0;
  for (std::uint32_t i = 0; i < 2; ++i) {
    for (const Conn& conn : box.accepted(i)) {
      idle = conn;
      first = i;
    }
  }
  ASSERT_NE(idle, nullptr);
  idle->send(ok_reply("one"));
  box.settle();
  static_cast<void>(take(client));
  box.publish([&](balance::Snapshot& s) { s.replicas[first].state = balance::ReplicaState::draining; });
  client->send(chat("y"));
  box.settle();
  EXPECT_TRUE(idle->over());
  box.accept_one(1 - first)->send(ok_reply("two"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "two");
  EXPECT_EQ(box.count(Reason::surplus_idle), 1U);
  box.expect_nothing_held();
}

TEST(ProxyEdge, AnErrorDuringADrainSaysThatItIsTheLast) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  ASSERT_TRUE(box.mailbox().commands.push(shard::Command::drain));
  box.settle();
  box.accept_one()->send("no HTTP\r\n\r\n");
  box.settle();
  const std::string reply = take(client);
  EXPECT_EQ(status_of(reply), 502);
  EXPECT_NE(reply.find("\r\nConnection: close\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(client->fin_received());
  box.expect_nothing_held();
}

TEST(ProxyEdge, NothingBeginsInTheTurnOfAStop) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  ASSERT_TRUE(box.mailbox().commands.push(shard::Command::stop));
  box.settle();
  EXPECT_EQ(box.proxy().clients(), 0U);
  EXPECT_EQ(box.proxy().counters().accepted.value(), 0U);
  EXPECT_TRUE(box.accepted().empty());
}

// Who answered without reading may take the rest of the body for the next request.
TEST(ProxyEdge, AReplyBeforeTheRequestWasSentEndsTheReplicasConnection) {
  Box box;
  const Conn replica = pooled(box);
  replica->set_window(100);
  const Conn client = box.client();
  client->send(chat(std::string(200'000, 'y')));
  box.settle();
  replica->send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
  box.settle();
  EXPECT_EQ(status_of(take(client)), 413);
  client->send(chat("next"));
  box.settle();
  const Conn fresh = box.accept_one();
  EXPECT_NE(take(fresh).find("next"), std::string::npos);
}

// The rest of a request that its replica refused early is still on its way when the shard goes.
TEST(ProxyEdge, AnUnsentRequestOutlivesItsExchangeAndNotTheShard) {
  Box box;
  const Conn replica = pooled(box);
  replica->set_window(100);
  const Conn client = box.client();
  client->send(chat(std::string(200'000, 'y')));
  box.settle();
  replica->send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  box.settle();
  EXPECT_EQ(status_of(take(client)), 413);
  EXPECT_EQ(box.proxy().exchanges(), 0U);
  EXPECT_FALSE(replica->over());
  EXPECT_GT(box.proxy().counters().body_slabs.value(), 0U);
}

}  // namespace
}  // namespace wp::test
