// Who is let go when a pool is nearly used up: those that get on least, before anybody honest is refused.
#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

constexpr std::string_view kHalfHead = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n";

std::string unfinished(std::uint32_t length) {
  return std::string(kHalfHead) + "Content-Length: " + std::to_string(length) + "\r\n\r\n{";
}

// Its request goes through, whoever holds what.
void expect_served(Box& box) {
  const Conn honest = box.client();
  ASSERT_NE(honest, nullptr);
  honest->send(chat("honest"));
  box.settle();
  const auto replicas = box.accepted();
  ASSERT_EQ(replicas.size(), 1U) << take(honest);
  replicas[0]->send(ok_reply("served", "Connection: close\r\n"));
  box.settle();
  EXPECT_EQ(body_of(take(honest)), "served");
  honest->finish();
  box.settle();
}

TEST(ProxyShed, ANewConnectionTakesThePlaceOfOneThatSaysNothing) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_clients = 4;
  Box box(1, config);
  const Conn first = box.client();
  box.settle();
  box.advance(millis(10));
  std::vector<Conn> more;
  for (int i = 0; i < 3; ++i) more.push_back(box.client());
  box.settle();
  box.advance(millis(95));
  expect_served(box);
  EXPECT_TRUE(first->reset_received()) << "the oldest";
  for (const Conn& conn : more) EXPECT_FALSE(conn->over());
  EXPECT_EQ(box.count(Reason::shed_silent), 1U);
}

// What was queued a moment ago is not lost with its connection.
TEST(ProxyShed, AKeptConnectionIsClosedBehindItsReply) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_clients = 1;
  Box box(1, config);
  const Conn conn = box.client();
  conn->send(chat("x"));
  box.settle();
  box.accept_one()->send(ok_reply("whole"));
  box.settle();
  EXPECT_EQ(body_of(take(conn)), "whole");
  EXPECT_TRUE(conn->fin_received());
  EXPECT_FALSE(conn->reset_received());
  EXPECT_EQ(box.count(Reason::shed_idle), 1U);
}

// A connection whose next request is there already is not idle.
TEST(ProxyShed, APipelinedRequestKeepsItsConnection) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_clients = 1;
  Box box(1, config);
  const Conn conn = box.client();
  conn->send(chat("x") + chat("y"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("one"));
  box.settle();
  EXPECT_EQ(body_of(take(conn)), "one");
  replica->send(ok_reply("two"));
  box.settle();
  EXPECT_EQ(body_of(take(conn)), "two");
  EXPECT_TRUE(conn->fin_received());
}

// Whoever comes now waits in the kernel's queue, where no event tells of him.
TEST(ProxyShed, AFullShardLooksAgainThoughNothingHappens) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_clients = 2;
  Box box(1, config);
  const Conn a = box.client();
  const Conn b = box.client();
  box.settle();
  for (int i = 0; i < 20 && !a->over(); ++i) {
    const Instant next = box.proxy().next_deadline();
    ASSERT_GT(next, box.now);
    ASSERT_LE(next, box.now + millis(10));
    box.advance(next - box.now);
  }
  EXPECT_TRUE(a->reset_received());
  EXPECT_FALSE(b->over()) << "one place was enough";
  EXPECT_TRUE(box.ports().may_accept());
  EXPECT_GT(box.proxy().next_deadline(), box.now + millis(10));
}

TEST(ProxyShed, NobodyIsLetGoBeforeItsTime) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_clients = 2;
  Box box(1, config);
  const Conn a = box.client();
  const Conn b = box.client();
  box.settle();
  box.advance(millis(99));
  EXPECT_EQ(box.net().connect({}), nullptr);
  EXPECT_FALSE(a->over());
  EXPECT_FALSE(b->over());
}

// In the order of how little they have done; the one that a replica works for is last.
TEST(ProxyShed, TheLeastAdvancedGoFirst) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_clients = 6;
  Box box(1, config);
  const Conn reader = box.client();
  reader->set_window(0);
  reader->send(chat("much"));
  box.settle();
  const Conn working = box.accept_one();
  working->send("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + std::string(200'000, 'z'));
  const Conn body = box.client();
  body->send(unfinished(1000));
  const Conn idle = box.client();
  idle->send(chat("x"));
  box.settle();
  box.accept_one()->send(ok_reply("ok"));
  box.settle();
  const Conn head = box.client();
  head->send(kHalfHead);
  const Conn silent = box.client();
  box.settle();
  box.advance(seconds(1));

  const std::vector<std::pair<Conn, Reason>> order = {{silent, Reason::shed_silent},
                                                      {head, Reason::shed_head},
                                                      {idle, Reason::shed_idle},
                                                      {body, Reason::shed_body},
                                                      {reader, Reason::shed_reader}};
  std::vector<Conn> newcomers;
  for (const auto& [conn, why] : order) {
    EXPECT_FALSE(conn->over()) << word(why);
    newcomers.push_back(box.client());
    newcomers.back()->send(chat("busy"));
    box.settle();
    EXPECT_TRUE(why == Reason::shed_idle ? conn->fin_received() : conn->reset_received()) << word(why);
    EXPECT_EQ(box.count(why), 1U) << word(why);
  }
  newcomers.push_back(box.client());
  newcomers.back()->send(chat("busy"));
  box.settle();
  EXPECT_TRUE(working->over()) << "nobody waits for this reply any more";
  EXPECT_EQ(box.net().connect({}), nullptr) << "all that are left wait for a replica";
  for (const Conn& busy : newcomers) EXPECT_FALSE(busy->over());
}

TEST(ProxyShed, HalfHeadsMakeRoomForWholeOnes) {
  proxy::ProxyConfig config = Box::default_config();
  config.head_slabs = 4;
  Box box(1, config);
  std::vector<Conn> slow;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(box.client());
    slow.back()->send(kHalfHead);
  }
  box.settle();
  box.advance(millis(200));
  for (int i = 0; i < 3; ++i) expect_served(box);
  EXPECT_GE(box.count(Reason::shed_head), 1U);
  EXPECT_EQ(box.count(Reason::no_head_slab), 0U);
}

// A Content-Length is a promise that costs its sender nothing.
TEST(ProxyShed, SlowBodiesGiveTheirSlabsBackByClass) {
  proxy::ProxyConfig config = Box::default_config();
  config.body.entries = {16, 4, 2, 2};
  Box box(1, config);
  const Conn large_a = box.client();
  const Conn large_b = box.client();
  const Conn small = box.client();
  large_a->send(unfinished(900'000));
  box.settle();
  box.advance(millis(1));
  large_b->send(unfinished(900'000));
  small->send(unfinished(100));
  box.settle();
  box.advance(millis(600));
  EXPECT_TRUE(large_a->reset_received());
  EXPECT_FALSE(large_b->over());
  EXPECT_FALSE(small->over()) << "there is no want of small slabs";
  EXPECT_EQ(box.count(Reason::shed_body), 1U);
  const Conn honest = box.client();
  honest->send(chat(std::string(800'000, 'x')));
  for (int i = 0; i < 20; ++i) box.settle();
  EXPECT_EQ(box.accepted().size(), 1U);
  EXPECT_EQ(box.count(Reason::no_body_slab), 0U);
}

// A transport that receives into a slab still has it when its client has just been let go.
TEST(ProxyShed, ASlabOnItsWayBackIsNotAskedForTwice) {
  proxy::ProxyConfig config = Box::default_config();
  config.body.entries = {16, 4, 2, 2};
  Box box(1, config);
  const Conn a = box.client();
  const Conn b = box.client();
  for (const Conn& conn : {a, b}) conn->send(unfinished(900'000));
  box.settle();
  box.ports().for_each([](stream::StreamPort& port) {
    ASSERT_TRUE(port.can_land());
    static_cast<void>(port.begin_landing(4096));
  });
  box.advance(millis(600));
  EXPECT_EQ(box.count(Reason::shed_body), 1U);
  EXPECT_NE(a->over(), b->over());
}

TEST(ProxyShed, ABodyThatGetsOnIsNotTheOneToGo) {
  proxy::ProxyConfig config = Box::default_config();
  config.body.entries = {16, 4, 2, 2};
  Box box(1, config);
  const Conn moving = box.client();
  moving->send(unfinished(900'000));
  box.settle();
  const Conn stuck = box.client();
  stuck->send(unfinished(900'000));
  box.settle();
  for (int i = 0; i < 10; ++i) {
    box.advance(millis(100));
    moving->send(std::string(5000, ' '));
    box.settle();
    stuck->send(" ");
    box.settle();
  }
  EXPECT_TRUE(stuck->reset_received());
  EXPECT_FALSE(moving->over());
}

TEST(ProxyShed, ReadersThatReadNothingGiveTheirBuffersBack) {
  stream::StreamLimits limits = Box::small_limits();
  limits.slab_entries = 32;
  limits.receive_entries = 64;
  Box box(1, Box::default_config(), limits);
  std::vector<Conn> deaf;
  std::vector<Conn> working;
  for (int i = 0; i < 4; ++i) {
    deaf.push_back(box.client());
    deaf.back()->set_window(0);
    deaf.back()->send(chat("much"));
    box.settle();
    working.push_back(box.accept_one());
    working.back()->send("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + std::string(300'000, 'z'));
    box.settle();
  }
  EXPECT_TRUE(box.ports().slabs().below_low_mark());
  for (int i = 0; i < 10; ++i) box.advance(millis(100));
  EXPECT_FALSE(box.ports().slabs().below_low_mark());
  EXPECT_GE(box.count(Reason::shed_reader), 1U);
  expect_served(box);
  for (const Conn& conn : deaf) conn->reset();
  box.settle();
  box.expect_nothing_held();
}

// All of them wait for replies that no buffer is left to receive.
TEST(ProxyShed, RequestsSentAheadOfTheirRepliesDoNotHoldEveryReceiveBuffer) {
  stream::StreamLimits limits = Box::small_limits();
  limits.receive_entries = 32;
  Box box(1, Box::default_config(), limits);
  std::vector<Conn> ahead;
  std::vector<Conn> working;
  for (int i = 0; i < 20; ++i) {
    ahead.push_back(box.client());
    ahead.back()->send(chat("first"));
    box.settle();
    working.push_back(box.accept_one());
  }
  for (const Conn& conn : ahead) conn->send(std::string(40'000, 'x'));
  box.settle();
  ASSERT_LE(box.ports().receive_pool().free(), limits.receive_entries / 8);
  std::vector<stream::Slice> hoard;
  while (box.ports().receive_pool().free() > 0) hoard.push_back(box.ports().receive_pool().take());
  for (const Conn& conn : working) conn->send(ok_reply("served"));
  box.settle();
  for (const Conn& conn : ahead) EXPECT_EQ(take(conn), "");
  box.advance(millis(400));
  EXPECT_EQ(box.count(Reason::shed_ahead), 0U) << "before its time";
  for (int i = 0; i < 4; ++i) box.advance(millis(100));
  EXPECT_GE(box.count(Reason::shed_ahead), 1U);
  EXPECT_LT(box.count(Reason::shed_ahead), ahead.size()) << "more than were needed";
  for (const Conn& conn : ahead) EXPECT_TRUE(conn->reset_received() || take(conn).contains("served"));
}

// What is left of a reply behind its last byte is nobody's work any more: it goes before a reply that is being made.
TEST(ProxyShed, AReplyThatLiesUnreadIsCountedAsAReaderThatReadsNothing) {
  stream::StreamLimits limits = Box::small_limits();
  limits.slab_entries = 64;
  Box box(1, Box::default_config(), limits);
  const Conn deaf = box.client();
  deaf->set_window(0);
  deaf->send(chat("x"));
  box.settle();
  // In pieces too small to be handed on by reference.
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n");
  for (int i = 0; i < 100; ++i) {
    replica->send(std::string(500, 'z'));
    box.settle();
  }
  EXPECT_EQ(box.proxy().exchanges(), 0U);
  std::vector<stream::Slice> hoard;
  while (!box.ports().slabs().below_low_mark()) hoard.push_back(box.ports().slabs().take());
  box.advance(millis(400));
  EXPECT_FALSE(deaf->over());
  box.advance(millis(200));
  EXPECT_TRUE(deaf->reset_received());
  EXPECT_EQ(box.count(Reason::shed_reader), 1U);
}

TEST(ProxyShed, WhoHasReadHisRepliesAfterAllIsNotCountedAsUnread) {
  stream::StreamLimits limits = Box::small_limits();
  limits.slab_entries = 64;
  limits.tx_limit = 16 * 1024;
  Box box(1, probed_config(), limits);
  const Conn client = deaf_client(box);
  client->set_window(limits.tx_limit / 4 * 3);
  box.settle();
  client->set_window(UINT32_MAX);
  box.settle();
  std::vector<stream::Slice> hoard;
  while (!box.ports().slabs().below_low_mark()) hoard.push_back(box.ports().slabs().take());
  box.advance(millis(600));
  EXPECT_FALSE(client->over());
  EXPECT_EQ(box.count(Reason::shed_reader), 0U);
}

// The shard is full all the time and lets somebody go every turn, and never the one that a replica answers.
TEST(ProxyShed, AHealthyStreamOutlivesAnHourOfSlowPeers) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_clients = 4;
  config.head_slabs = 3;
  Box box(1, config);
  const Conn client = box.client();
  client->send(chat("long"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::vector<Conn> slow;
  std::uint32_t came = 0;
  std::uint64_t got = 0;
  const Instant end = box.now + seconds(3600);
  for (std::uint32_t round = 0; box.now < end; ++round) {
    std::erase_if(slow, [](const Conn& conn) { return conn->over(); });
    while (box.ports().may_accept()) {
      slow.push_back(box.client());
      ++came;
      if (came % 3 == 1) slow.back()->send(kHalfHead);
      if (came % 3 == 2) slow.back()->send(unfinished(100));
    }
    replica->send("b\r\ndata: one\n\n\r\n");
    box.advance(millis(250 + round % 500));
    ASSERT_FALSE(client->over()) << "round " << round;
    got += take(client).size();
  }
  replica->send("0\r\n\r\n");
  box.settle();
  EXPECT_TRUE(take(client).ends_with("0\r\n\r\n"));
  EXPECT_GT(got, 50'000U);
  for (const Reason why : {Reason::shed_silent, Reason::shed_head, Reason::shed_body}) {
    EXPECT_GT(box.count(why), 500U) << word(why);
  }
}

TEST(ProxyShed, AFullPoolOfHeadsPausesAccepting) {
  proxy::ProxyConfig config = Box::default_config();
  config.head_slabs = 2;
  Box box(1, config);
  const Conn a = box.client();
  const Conn b = box.client();
  for (const Conn& busy : {a, b}) busy->send(chat("x"));
  box.settle();
  EXPECT_FALSE(box.ports().may_accept());
  EXPECT_EQ(box.net().connect({}), nullptr) << "it waits in the kernel's queue";
  EXPECT_EQ(box.ports().admission().pauses(stream::PoolName::heads).value(), 1U);
  for (const Conn& replica : box.accepted()) replica->send(ok_reply("ok"));
  box.settle();
  EXPECT_TRUE(box.ports().may_accept());
}

}  // namespace
}  // namespace wp::test
