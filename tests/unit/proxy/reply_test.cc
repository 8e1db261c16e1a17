// What a replica answers and what the client gets.
#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

TEST(ProxyReply, EventsLeaveInTheTurnTheyArriveIn) {
  Box box;
  const Conn client = box.client();
  client->send(chat("stream"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(kStreamHead);
  box.settle();
  EXPECT_EQ(status_of(take(client)), 200);
  EXPECT_EQ(box.accounts().load(0).prefill > 0, true);
  replica->send("b\r\ndata: one\n\n\r\n");
  box.settle();
  EXPECT_EQ(take(client), "b\r\ndata: one\n\n\r\n");
  EXPECT_EQ(box.accounts().load(0).prefill, 0U);  // released at the first byte of the body
  EXPECT_EQ(box.accounts().load(0).streams, 1U);
  replica->send("b\r\ndata: two\n\n\r\n0\r\n\r\n");
  box.settle();
  EXPECT_EQ(take(client), "b\r\ndata: two\n\n\r\n0\r\n\r\n");
  EXPECT_EQ(box.proxy().counters().stream_events.value(), 2U);
  box.expect_nothing_held();
}

TEST(ProxyReply, ABodyEndedByCloseBecomesChunked) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\n\r\nall of it");
  replica->finish();
  box.settle();
  const std::string reply = take(client);
  EXPECT_NE(reply.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(body_of(reply), "9\r\nall of it\r\n0\r\n\r\n");
  EXPECT_FALSE(client->over());
  box.expect_nothing_held();
}

TEST(ProxyReply, ATruncatedReplyIsNeverMadeWhole) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(std::string(kStreamHead) + "5\r\nhello\r\n");
  replica->finish();
  box.settle();
  const std::string reply = take(client);
  EXPECT_TRUE(reply.ends_with("5\r\nhello\r\n")) << reply;
  EXPECT_TRUE(client->over());
  EXPECT_EQ(box.count(Reason::reply_cut), 1U);
  EXPECT_EQ(box.proxy().counters().failed.value(), 1U);
  box.expect_nothing_held();
}

TEST(ProxyReply, AResetMidStreamCutsAndFreesTheReplica) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(std::string(kStreamHead) + "5\r\nhello\r\n");
  box.settle();
  replica->reset();
  box.settle();
  EXPECT_TRUE(client->over());
  EXPECT_EQ(box.count(Reason::replica_reset), 1U);
  box.expect_nothing_held();
}

struct BadReply {
  const char* name;
  std::string bytes;
  const char* word;
};
class ProxyBadReply : public testing::TestWithParam<BadReply> {};

TEST_P(ProxyBadReply, Becomes502AndNeitherSidesConnectionIsUsedAgain) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(GetParam().bytes);
  box.settle();
  const std::string reply = take(client);
  EXPECT_EQ(status_of(reply), 502) << reply;
  EXPECT_NE(reply.find(GetParam().word), std::string::npos) << reply;
  EXPECT_TRUE(replica->over());
  EXPECT_NE(reply.find("\r\nConnection: close\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(client->fin_received());
  const Conn other = box.client();
  other->send(chat("again"));
  box.settle();
  EXPECT_EQ(box.accepted().size(), 1U);
  other->reset();
  box.expect_nothing_held();
}

INSTANTIATE_TEST_SUITE_P(
    All, ProxyBadReply,
    testing::Values(BadReply{"NotHttp", "SSH-2.0-OpenSSH\r\n\r\n", "replica_bad_head"},
                    BadReply{"BothFramings",
                             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
                             "replica_bad_framing"},
                    BadReply{"SwitchingProtocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "replica_upgrade"},
                    BadReply{"EndlessHead", "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'a'), "replica_bad_head"}),
    [](const auto& about) { return about.param.name; });

TEST(ProxyReply, InterimRepliesAreDropped) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok_reply("final"));
  box.settle();
  const std::string reply = take(client);
  EXPECT_EQ(status_of(reply), 200);
  EXPECT_EQ(reply.find("Early"), std::string::npos);
  EXPECT_EQ(body_of(reply), "final");
}

TEST(ProxyReply, BytesBehindAReplyEndBothSidesConnections) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("good") + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  box.settle();
  EXPECT_EQ(body_of(take(client)), "good");
  EXPECT_TRUE(replica->over());
  EXPECT_TRUE(client->fin_received());
  EXPECT_EQ(box.count(Reason::unasked_bytes), 1U);
  const Conn other = box.client();
  other->send(chat("y"));
  box.settle();
  const Conn fresh = box.accept_one();
  fresh->send(ok_reply("mine"));
  box.settle();
  EXPECT_EQ(body_of(take(other)), "mine");
  box.expect_nothing_held();
}

TEST(ProxyReply, ASlowClientStopsTheReplicaAndLosesNothing) {
  Box box;
  const Conn client = box.client();
  client->set_window(0);
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  const std::string big(1'000'000, 'z');
  replica->send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + big);
  box.settle();
  // One side's rx and the other's tx are full, each with at most a buffer's overshoot; nothing else is held.
  EXPECT_TRUE(replica->sends_pending());
  const std::uint64_t held = std::uint64_t{box.ports().receive_pool().held()} * 4096;
  EXPECT_LE(held, 3U * 64 * 1024);
  std::string got;
  for (int i = 0; i < 2000 && got.size() < 1'000'000; ++i) {
    client->set_window(4096);
    box.settle();
    got += take(client);
  }
  EXPECT_EQ(body_of(got), big);
  box.expect_nothing_held();
}

TEST(ProxyReply, AClientThatTakesNothingIsGivenUp) {
  Box box;
  const Conn client = box.client();
  client->set_window(0);
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(500'000, 'z'));
  box.settle();
  box.advance(seconds(121));
  EXPECT_TRUE(replica->over());
  EXPECT_EQ(box.count(Reason::client_timeout), 1U);
  box.expect_nothing_held();
}

TEST(ProxyReply, DecisionHeadersAppearWhenAskedFor) {
  proxy::ProxyConfig config = Box::default_config();
  config.decision_headers = true;
  Box box(2, config);
  const Conn client = box.client();
  client->send(chat("x", "X-Session-ID: s-1\r\n"));
  box.settle();
  std::string name;
  for (std::uint32_t i = 0; i < 2; ++i) {
    for (const Conn& replica : box.accepted(i)) {
      replica->send(ok_reply("ok"));
      name = to_string(Box::replica_address(i));
    }
  }
  box.settle();
  const std::string reply = take(client);
  EXPECT_NE(reply.find("x-warmpath-decision: session\r\n"), std::string::npos) << reply;
  EXPECT_NE(reply.find("x-warmpath-replica: " + name + "\r\n"), std::string::npos) << reply;
  EXPECT_NE(reply.find("x-warmpath-pool: default\r\n"), std::string::npos) << reply;
}

}  // namespace
}  // namespace wp::test
