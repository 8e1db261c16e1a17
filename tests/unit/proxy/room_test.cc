// Requests that find no slot or slab wait until it has shown who is slow, and are served in the order they came.
#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

constexpr std::string_view kHead = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n";

std::string half_body(std::uint32_t length) {
  return std::string(kHead) + "Content-Length: " + std::to_string(length) + "\r\n\r\n{";
}

proxy::ProxyConfig few_slots(std::uint32_t slots) {
  proxy::ProxyConfig config = Box::default_config();
  config.head_slabs = slots;
  return config;
}

// Body slabs by class, the largest of max_body bytes.
proxy::ProxyConfig few_slabs(const decltype(stream::BodyLimits::entries)& entries, std::uint32_t max_body) {
  proxy::ProxyConfig config = Box::default_config();
  config.body.max_body = max_body;
  config.body.entries = entries;
  return config;
}

std::vector<Conn> clients(Box& box, int count) {
  std::vector<Conn> made;
  for (int i = 0; i < count; ++i) made.push_back(box.client());
  box.settle();
  return made;
}

// As `clients`: the first `slow` have begun a body, the others have asked.
std::vector<Conn> slow_and_honest(Box& box, int slow, int honest) {
  const auto conns = clients(box, slow + honest);
  for (int i = 0; i < slow + honest; ++i) conns[i]->send(i < slow ? half_body(1000) : chat("honest"));
  box.settle();
  return conns;
}

void expect_answered(Box& box, const Conn& client, std::string_view text) {
  const Conn replica = box.accept_one();
  replica->send(ok_reply(text, "Connection: close\r\n"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), text);
}

// A burst of half bodies takes every slot, and nobody of them is old enough to be let go.
TEST(ProxyRoom, AnHonestRequestOutwaitsABurstOfSlowOnes) {
  Box box(1, few_slots(4));
  const auto conns = slow_and_honest(box, 5, 1);
  box.advance(millis(499));
  EXPECT_TRUE(box.accepted().empty());
  EXPECT_EQ(take(conns[5]), "");
  box.advance(millis(1));
  expect_answered(box, conns[5], "served");
  EXPECT_EQ(box.count(Reason::no_head_slab), 0U);
  EXPECT_GE(box.count(Reason::shed_body), 1U);
  EXPECT_GE(box.proxy().counters().room_wait.sum_ns(), 500'000'000U);
}

// More came at once than there are slots: those in front take as long to show themselves as those who hold one.
TEST(ProxyRoom, ABurstOfSlowOnesThatOutnumbersTheSlotsIsOutwaitedToo) {
  Box box(1, few_slots(2));
  const auto conns = slow_and_honest(box, 6, 1);
  for (int i = 0; i < 2; ++i) {
    box.advance(millis(500));
    EXPECT_TRUE(box.accepted().empty());
  }
  box.advance(millis(500));
  expect_answered(box, conns[6], "served");
  EXPECT_EQ(box.count(Reason::no_head_slab), 0U);
  EXPECT_EQ(box.count(Reason::shed_body), 6U);
}

TEST(ProxyRoom, AllWhoWaitAreServedInTheTurnThatFindsTheSlowOnes) {
  Box box(1, few_slots(8));
  const auto conns = slow_and_honest(box, 8, 8);
  box.now = box.now + millis(500);
  box.turn();
  EXPECT_EQ(box.proxy().exchanges(), 8U);
  EXPECT_EQ(box.count(Reason::shed_body), 8U);
}

// A busy machine: no turn fell between the time that shows who is slow and the end of the wait for it.
TEST(ProxyRoom, AWaitIsNotOverBeforeSomebodyLooked) {
  Box box(1, few_slots(1));
  const auto conns = slow_and_honest(box, 1, 1);
  box.advance(millis(700));
  expect_answered(box, conns[1], "served");
  EXPECT_EQ(box.count(Reason::no_head_slab), 0U);
}

TEST(ProxyRoom, SlotsGoToThoseWhoCameFirst) {
  Box box(1, few_slots(1));
  const auto conns = clients(box, 4);
  for (const Conn& conn : conns) {
    conn->send(chat("x"));
    box.settle();
  }
  for (std::size_t i = 0; i < conns.size(); ++i) {
    expect_answered(box, conns[i], std::to_string(i));
    // One that is served comes again, and finds others before it.
    if (i == 0) conns[0]->send(chat("again"));
    box.settle();
  }
  expect_answered(box, conns[0], "again");
  EXPECT_EQ(box.count(Reason::no_head_slab), 0U);
  for (const Conn& conn : conns) conn->finish();
  box.expect_nothing_held();
}

TEST(ProxyRoom, AShardWithSomebodyWaitingLooksAgain) {
  Box box(1, few_slots(1));
  const auto conns = clients(box, 2);
  conns[0]->send(half_body(1000));
  box.settle();
  conns[1]->send(chat("x"));
  box.settle();
  for (int i = 0; i < 60 && !conns[0]->over(); ++i) {
    const Instant next = box.proxy().next_deadline();
    ASSERT_GT(next, box.now);
    box.advance(next - box.now);
  }
  expect_answered(box, conns[1], "served");
}

TEST(ProxyRoom, ALargeBodyWaitsForItsSlabAndHoldsUpNoSmallOne) {
  Box box(1, few_slabs({16, 4, 1, 1}, 1024 * 1024));
  const auto conns = clients(box, 5);
  conns[0]->send(half_body(900'000));
  conns[1]->send(half_body(400'000));
  conns[2]->send(std::string(kHead) + "Expect: 100-continue\r\nContent-Length: 900000\r\n\r\n");
  conns[3]->send(chat(std::string(300'000, 'y')));
  conns[4]->send(chat("small"));
  box.settle();
  expect_answered(box, conns[4], "small");
  EXPECT_EQ(take(conns[2]), "") << "it is not asked to send what nobody could take";
  box.advance(millis(500));
  EXPECT_EQ(take(conns[2]), "HTTP/1.1 100 Continue\r\n\r\n");
  for (int i = 0; i < 10; ++i) box.settle();
  expect_answered(box, conns[3], "medium");
  EXPECT_EQ(box.count(Reason::shed_body), 2U);
  EXPECT_EQ(box.count(Reason::no_body_slab), 0U);
  const std::string text = chat(std::string(899'000, 'z'));
  std::string body = body_of(text);
  body.insert(body.size() - 1, std::string(900'000 - body.size(), ' '));
  conns[2]->send(body);
  for (int i = 0; i < 20; ++i) box.settle();
  expect_answered(box, conns[2], "large");
}

constexpr std::size_t kChunk = 0x5dc;

// A chat's body of whole chunks.
std::string chunkable_body() {
  std::string body = body_of(chat(std::string(20'000, 'x')));
  body += std::string(kChunk - body.size() % kChunk, ' ');
  return body;
}

std::string in_chunks(const std::string& body) {
  std::string framed;
  for (std::size_t at = 0; at < body.size(); at += kChunk) framed += chunk(body.substr(at, kChunk));
  return framed + "0\r\n\r\n";
}

// Its length is not known before: what is already there stays, and what comes stays unread meanwhile.
TEST(ProxyRoom, AChunkedBodyWaitsForALargerSlab) {
  Box box(1, few_slabs({16, 1, 1, 1}, 64 * 1024));
  const auto conns = clients(box, 4);
  for (int i : {0, 2, 3}) conns[i]->send(half_body(60'000));
  box.settle();
  const std::string body = chunkable_body();
  conns[1]->send(std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body));
  box.advance(millis(100));
  EXPECT_EQ(take(conns[1]), "");
  box.advance(millis(400));
  EXPECT_TRUE(conns[0]->over() || conns[2]->over() || conns[3]->over());
  const Conn replica = box.accept_one();
  EXPECT_EQ(body_of(replica->inbox()), body);
  replica->send(ok_reply("grown"));
  box.settle();
  EXPECT_EQ(body_of(take(conns[1])), "grown");
}

// Four requests that replicas work for take every slab. The last client of `conns` is younger than the first replica's
// connection, which the simulated network therefore serves before it.
std::vector<Conn> take_all_slabs(Box& box, std::vector<Conn>& conns, const std::string& request) {
  std::vector<Conn> working;
  for (int i = 0; i < 4; ++i) {
    conns[i]->send(request);
    if (i == 3) conns.push_back(box.client());
    box.settle();
    working.push_back(box.accept_one());
  }
  return working;
}

TEST(ProxyRoom, ASlabThatComesFreeIsNotANewcomersWhileSomebodyWaits) {
  Box box(1, few_slabs({1, 1, 1, 1}, 1024 * 1024));
  auto conns = clients(box, 5);
  const auto working = take_all_slabs(box, conns, chat("busy"));
  conns[4]->send(chat("first"));
  box.settle();
  // In one turn the slab is given back, and only then the newcomer is read.
  working[0]->send(ok_reply("ok", "Connection: close\r\n"));
  conns[5]->send(chat("second"));
  box.settle();
  expect_answered(box, conns[4], "one");
  expect_answered(box, conns[5], "two");
  EXPECT_EQ(box.count(Reason::no_body_slab), 0U);
}

// Who has a slab and wants a larger one has waited for that no longer than a newcomer.
TEST(ProxyRoom, AGrowingBodyDoesNotOvertakeWhoWaits) {
  Box box(1, few_slabs({2, 2, 1, 1}, 64 * 1024));
  auto conns = clients(box, 5);
  const std::string large = chat(std::string(20'000, 'x'));
  const auto working = take_all_slabs(box, conns, large);
  conns[4]->send(large);
  conns[5]->send(std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n");
  box.settle();
  working[0]->send(ok_reply("ok", "Connection: close\r\n"));
  conns[5]->send(in_chunks(chunkable_body()));
  box.settle();
  expect_answered(box, conns[4], "first");
  expect_answered(box, conns[5], "grown");
  EXPECT_EQ(box.count(Reason::no_body_slab), 0U);
}

TEST(ProxyRoom, WhoWaitedInVainIsToldWhatWasMissing) {
  Box box(1, few_slabs({1, 1, 1, 1}, 1024 * 1024));
  const auto conns = clients(box, 5);
  for (int i : {0, 2, 3, 4}) conns[i]->send(chat("busy"));
  box.settle();
  const std::vector<Conn> working = box.accepted();  // take their time
  ASSERT_EQ(working.size(), 4U);
  conns[1]->send(chat("late"));
  box.settle();
  box.advance(millis(509));
  EXPECT_EQ(take(conns[1]), "");
  box.advance(millis(1));
  EXPECT_EQ(status_of(take(conns[1])), 503);
  EXPECT_EQ(box.count(Reason::no_body_slab), 1U);
  for (const Conn& replica : working) replica->send(ok_reply("ok"));
  box.settle();
  for (int i : {0, 2, 3, 4}) {
    EXPECT_EQ(body_of(take(conns[i])), "ok");
    conns[i]->finish();
  }
  box.expect_nothing_held();
}

TEST(ProxyRoom, WhoWaitsWhenTheShardDrainsIsStillServed) {
  Box box(1, few_slots(1));
  const auto conns = clients(box, 2);
  for (const Conn& conn : conns) conn->send(chat("x"));
  box.settle();
  box.proxy().drain();
  expect_answered(box, conns[0], "first");
  expect_answered(box, conns[1], "second");
  EXPECT_TRUE(conns[1]->fin_received());
}

TEST(ProxyRoom, WhoLeavesWhileWaitingLeavesNothing) {
  Box box(1, few_slots(1));
  const auto conns = clients(box, 3);
  for (const Conn& conn : conns) conn->send(chat("x"));
  box.settle();
  conns[1]->reset();
  box.settle();
  expect_answered(box, conns[0], "first");
  expect_answered(box, conns[2], "third");
  for (const Conn& conn : conns) conn->finish();
  box.expect_nothing_held();
}

TEST(ProxyRoom, WhoLeavesInOrderWhileWaitingIsNotWorkedFor) {
  Box box(1, few_slots(1));
  const auto conns = clients(box, 2);
  conns[0]->send(chat("first"));
  box.settle();
  conns[1]->send(chat("x"));
  box.settle();
  conns[1]->finish();
  box.settle();
  expect_answered(box, conns[0], "first");
  for (const Conn& replica : box.accepted()) EXPECT_TRUE(replica->over());
  EXPECT_EQ(box.proxy().counters().client_gone.value(), 1U);
  conns[0]->finish();
  box.expect_nothing_held();
}

}  // namespace
}  // namespace wp::test
