// Connections on both sides: pooling, retries, cancellation, timeouts, drain, change of the configuration.
#include <array>

#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

TEST(ProxyPool, ASecondClientReusesTheConnection) {
  Box box;
  const Conn replica = pooled(box);
  const Conn client = box.client();
  client->send(chat("second"));
  box.settle();
  EXPECT_TRUE(box.accepted().empty());
  EXPECT_NE(take(replica).find("second"), std::string::npos);
}

TEST(ProxyPool, AConnectionClosedBeforeTheReplyIsRetriedOnceOnAFreshOne) {
  Box box;
  const Conn replica = pooled(box);
  const Conn client = box.client();
  client->send(chat("stale"));
  box.settle();
  replica->finish();  // the close crossed our request
  box.settle();
  const Conn fresh = box.accept_one();
  EXPECT_NE(take(fresh).find("stale"), std::string::npos);
  fresh->send(ok_reply("served"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "served");
  EXPECT_EQ(box.count(Reason::stale_connection), 1U);
  box.expect_nothing_held();
}

TEST(ProxyPool, AFreshConnectionThatClosesSilentlyIsNotRetried) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  box.accept_one()->finish();
  box.settle();
  EXPECT_EQ(status_of(take(client)), 502);
  EXPECT_TRUE(box.accepted().empty());
  EXPECT_EQ(box.count(Reason::replica_closed), 1U);
}

TEST(ProxyPool, APooledConnectionThatBeganItsReplyIsNotRetried) {
  Box box;
  const Conn replica = pooled(box);
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  replica->send("HTTP/1.1 200");
  replica->finish();
  box.settle();
  EXPECT_EQ(status_of(take(client)), 502);
  EXPECT_TRUE(box.accepted().empty());
}

TEST(ProxyPool, IdleConnectionsCloseBeforeTheReplicaWould) {
  Box box;
  const Conn replica = pooled(box);
  box.advance(millis(3900));
  EXPECT_FALSE(replica->over());
  box.advance(millis(200));
  EXPECT_TRUE(replica->over());
  EXPECT_EQ(box.count(Reason::idle_timeout), 1U);
}

TEST(ProxyPool, NoMoreIdleConnectionsThanTheLimit) {
  proxy::ProxyConfig config = Box::default_config();
  config.idle_per_replica = 1;
  Box box(1, config);
  const Conn a = box.client();
  const Conn b = box.client();
  a->send(chat("a"));
  b->send(chat("b"));
  box.settle();
  for (const Conn& replica : box.accepted()) replica->send(ok_reply("ok"));
  box.settle();
  EXPECT_EQ(box.proxy().counters().upstream_idle.value(), 1U);
  EXPECT_EQ(box.count(Reason::surplus_idle), 1U);
}

TEST(ProxyPool, TheReplicasCloseIsHonoured) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("ok", "Connection: close\r\n"));
  box.settle();
  EXPECT_TRUE(replica->over());
  EXPECT_FALSE(client->over());
  EXPECT_EQ(box.proxy().counters().upstream_idle.value(), 0U);
}

TEST(ProxyRetry, ARefusedConnectionGoesToAnotherReplica) {
  Box box(3);
  box.net().stop_listening(Box::replica_address(0));
  box.net().stop_listening(Box::replica_address(1));
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  box.accept_one(2)->send(ok_reply("third time lucky"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "third time lucky");
  box.expect_nothing_held();
}

TEST(ProxyRetry, WithNobodyListeningTheErrorIsTyped) {
  Box box(2);
  box.net().stop_listening(Box::replica_address(0));
  box.net().stop_listening(Box::replica_address(1));
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const std::string reply = take(client);
  EXPECT_EQ(status_of(reply), 502);
  EXPECT_NE(reply.find("\"code\":\"connect_refused\""), std::string::npos) << reply;
  EXPECT_EQ(box.count(Reason::connect_refused), 2U) << "once a handshake, also the last";
  box.expect_nothing_held();
}

TEST(ProxyRetry, NoReplicaAtAllIs503) {
  Box box(1);
  box.publish([](balance::Snapshot& s) { s.replicas[0].state = balance::ReplicaState::down; });
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  EXPECT_EQ(status_of(take(client)), 503);
  EXPECT_FALSE(client->over());
}

TEST(ProxyRetry, AHandshakeThatHangsTimesOutAndMovesOn) {
  Box box(2);
  box.net().set_black_hole(Box::replica_address(0), true);
  box.net().set_black_hole(Box::replica_address(1), true);
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  box.advance(millis(5100));
  EXPECT_EQ(status_of(take(client)), 0);
  EXPECT_EQ(box.count(Reason::connect_timeout), 1U);
  box.advance(millis(5100));
  EXPECT_EQ(status_of(take(client)), 504);
  EXPECT_EQ(box.count(Reason::connect_timeout), 2U);
  box.expect_nothing_held();
}

TEST(ProxyRetry, TheOtherAddressOfTheSameReplicaIsTriedFirst) {
  Box box(2);
  box.publish([](balance::Snapshot& s) {
    s.replicas.resize(1);
    s.pools[0].members = {0};
    s.replicas[0].endpoints = {Box::replica_address(9), Box::replica_address(0)};
  });
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  box.accept_one(0)->send(ok_reply("second address"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "second address");
}

TEST(ProxyCancel, AClientsResetAbortsTheReplicaAtOnce) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  client->reset();
  box.settle();
  EXPECT_TRUE(replica->reset_received());
  EXPECT_EQ(box.proxy().counters().client_gone.value(), 1U);
  box.expect_nothing_held();
}

TEST(ProxyCancel, AClientsFinWhileItsReplyIsPendingAbortsTheReplica) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  box.settle();
  client->finish();
  box.settle();
  EXPECT_TRUE(replica->reset_received());
  EXPECT_EQ(box.count(Reason::client_closed), 1U);
  box.expect_nothing_held();
}

// One write and a close: nobody waits for this reply either.
TEST(ProxyCancel, AFinInTheSameTurnAsTheRequestIsNoticedToo) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  client->finish();
  box.settle();
  for (const Conn& replica : box.accepted()) EXPECT_TRUE(replica->over());
  EXPECT_EQ(box.proxy().counters().client_gone.value(), 1U);
  EXPECT_EQ(box.count(Reason::client_closed), 1U);
  box.expect_nothing_held();
}

// Those before it were asked for while it still wrote.
TEST(ProxyCancel, AFinBehindPipelinedRequestsEndsTheLastOne) {
  Box box;
  const Conn client = box.client();
  client->send(chat("a") + chat("b"));
  client->finish();
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("first"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "first");
  EXPECT_TRUE(replica->reset_received());
  EXPECT_EQ(box.proxy().counters().client_gone.value(), 1U);
  box.expect_nothing_held();
}

TEST(ProxyCancel, AHalfClosedClientCannotTakePartOfAReplyForTheWhole) {
  Box box;
  const Conn client = box.client();
  client->send("GET /v1/models HTTP/1.0\r\n\r\n");
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  box.settle();
  client->finish();
  box.settle();
  EXPECT_TRUE(client->reset_received());
  box.expect_nothing_held();
}

TEST(ProxyTimeout, AHeadThatNeverEndsIs408) {
  Box box;
  const Conn client = box.client();
  client->send("GET /v1/models HT");
  box.settle();
  box.advance(seconds(9));
  client->send("TP/1.1\r\n");  // progress does not extend the head's time
  box.settle();
  box.advance(millis(1100));
  EXPECT_EQ(status_of(take(client)), 408);
  box.expect_nothing_held();
}

TEST(ProxyTimeout, ABodyMayBeSlowButNotStop) {
  Box box;
  const Conn client = box.client();
  client->send("POST /v1/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  box.settle();
  for (int i = 0; i < 9; ++i) {
    box.advance(seconds(20));
    client->send(std::string(11'000, ' '));  // 550 bytes a second, a little above the least rate
    box.settle();
  }
  EXPECT_EQ(status_of(take(client)), 0);
  box.advance(seconds(31));
  EXPECT_EQ(status_of(take(client)), 408);
  EXPECT_EQ(box.count(Reason::body_timeout), 1U);
}

TEST(ProxyTimeout, AReplicaThatNeverAnswersIs504) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  box.advance(seconds(599));
  EXPECT_EQ(status_of(take(client)), 0);
  box.advance(seconds(2));
  EXPECT_EQ(status_of(take(client)), 504);
  EXPECT_TRUE(replica->reset_received());
  box.expect_nothing_held();
}

TEST(ProxyTimeout, AnIdleClientIsClosedAndALongStreamIsNot) {
  Box box;
  const Conn idle = box.client();
  const Conn busy = box.client();
  busy->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 20; ++i) {
    box.advance(seconds(60));
    replica->send("1\r\na\r\n");
    box.settle();
  }
  EXPECT_TRUE(idle->over());
  EXPECT_FALSE(busy->over());
  replica->send("0\r\n\r\n");
  box.settle();
  EXPECT_TRUE(take(busy).ends_with("0\r\n\r\n"));
}

TEST(ProxyChange, AStreamOutlivesAThousandChangesAndItsOwnReplica) {
  Box box(2);
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  Conn replica;
  for (std::uint32_t i = 0; i < 2; ++i) {
    for (const Conn& conn : box.accepted(i)) replica = conn;
  }
  ASSERT_NE(replica, nullptr);
  replica->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 1000; ++i) {
    box.publish([&](balance::Snapshot& s) {
      s.replicas.clear();
      s.pools[0].members.clear();
      if (i % 2 == 0) return;
      balance::Replica other;
      other.ref = {7, static_cast<std::uint32_t>(i + 1)};
      other.name = "other:1";
      other.endpoints = {Box::replica_address(9)};
      s.pools[0].members = {0};
      s.replicas.push_back(other);
    });
    if (i % 100 == 0) replica->send("1\r\na\r\n");
    box.settle();
  }
  replica->send("0\r\n\r\n");
  box.settle();
  EXPECT_TRUE(take(client).ends_with("1\r\na\r\n0\r\n\r\n"));
  EXPECT_TRUE(replica->over());  // nothing to pool it for
  for (std::uint32_t id = 0; id < 2; ++id) EXPECT_EQ(box.accounts().charged(id), box.accounts().released(id));
}

TEST(ProxyChange, AReplicaThatLeavesLosesItsIdleConnections) {
  Box box;
  const Conn replica = pooled(box);
  box.publish([](balance::Snapshot& s) {
    s.replicas.clear();
    s.pools[0].members.clear();
  });
  box.settle();
  EXPECT_TRUE(replica->over());
  EXPECT_EQ(box.count(Reason::replica_gone), 1U);
}

TEST(ProxyChange, AChangedAddressIsNotServedByAnOldConnection) {
  Box box(2);
  box.publish([](balance::Snapshot& s) {
    s.replicas.resize(1);
    s.pools[0].members = {0};
  });
  const Conn old = pooled(box);
  box.publish([](balance::Snapshot& s) { s.replicas[0].endpoints = {Box::replica_address(1)}; });
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  EXPECT_EQ(box.accepted(1).size(), 1U);
  EXPECT_TRUE(old->over());
}

// As in a rolling restart: the replica has left by the time that its close is seen.
TEST(ProxyChange, ARequestOnAStaleConnectionOfAReplicaThatLeftGoesToAnother) {
  Box box(2);
  const Conn client = box.client();
  client->send(chat("warm up"));
  box.settle();
  std::array<std::vector<Conn>, 2> at = {box.accepted(0), box.accepted(1)};
  const std::uint32_t first = at[0].empty() ? 1 : 0;
  const Conn old = at[first].at(0);
  old->send(ok_reply("ok"));
  box.settle();
  static_cast<void>(take(client));
  static_cast<void>(take(old));
  client->send(chat("warm up"));
  box.settle();
  ASSERT_NE(take(old).find("warm up"), std::string::npos) << "on the pooled connection";
  box.publish([&](balance::Snapshot& s) {
    s.replicas.erase(s.replicas.begin() + first);
    s.pools[0].members = {0};
  });
  box.settle();
  old->finish();
  box.settle();
  const Conn other = box.accept_one(1 - first);
  EXPECT_NE(take(other).find("warm up"), std::string::npos);
  other->send(ok_reply("served"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "served");
  EXPECT_EQ(box.count(Reason::stale_connection), 1U);
  client->finish();
  box.expect_nothing_held();
}

TEST(ProxyDrain, RunningRequestsEndAndTheRestIsClosed) {
  Box box;
  const Conn idle = box.client();
  const Conn busy = box.client();
  busy->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  ASSERT_TRUE(box.mailbox().commands.push(shard::Command::drain));
  box.settle();
  EXPECT_TRUE(idle->fin_received());
  EXPECT_FALSE(busy->over());
  EXPECT_FALSE(box.mailbox().drained.load());
  const Conn late = box.client();
  late->send(chat("late"));
  box.settle();
  EXPECT_EQ(status_of(take(late)), 503);
  replica->send(ok_reply("last"));
  box.settle();
  EXPECT_EQ(body_of(take(busy)), "last");
  EXPECT_TRUE(busy->fin_received());
  EXPECT_TRUE(box.mailbox().drained.load());
  box.expect_nothing_held();
}

TEST(ProxyDrain, AReplyBegunLaterSaysThatTheConnectionCloses) {
  Box box;
  const Conn asked = box.client();
  const Conn reading = box.client();
  asked->send(chat("x"));
  reading->send(chat("y"));
  box.settle();
  const std::vector<Conn> replicas = box.accepted();
  ASSERT_EQ(replicas.size(), 2U);
  replicas[1]->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
  box.settle();
  ASSERT_TRUE(box.mailbox().commands.push(shard::Command::drain));
  box.settle();
  replicas[0]->send(ok_reply("last"));
  replicas[1]->send("lf");
  box.settle();
  const std::string reply = take(asked);
  EXPECT_NE(reply.find("\r\nConnection: close\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(asked->fin_received());
  EXPECT_EQ(body_of(take(reading)), "half") << "its head was out before";
  EXPECT_TRUE(reading->fin_received());
}

TEST(ProxyAccept, MoreClientsThanSlotsWaitToBeAccepted) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_clients = 2;
  Box box(1, config);
  const Conn a = box.client();
  const Conn b = box.client();
  for (const Conn& busy : {a, b}) busy->send(chat("x"));
  box.settle();
  box.advance(seconds(60));
  EXPECT_EQ(box.net().connect({}), nullptr);
  EXPECT_EQ(box.ports().admission().pauses(stream::PoolName::clients).value(), 1U);
  EXPECT_FALSE(a->over());
  EXPECT_FALSE(b->over());
  a->finish();
  box.settle();
  EXPECT_NE(box.client(), nullptr);
}

}  // namespace
}  // namespace wp::test
