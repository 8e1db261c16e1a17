#include "dataplane/tcp/stack.h"

#include <cstdio>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

#include "dataplane/base/sanitizers.h"

namespace wp::tcp {
namespace {

using wire::TcpFlag;
using wire::TcpHeader;

class StackTest : public testing::Test {
 protected:
  static constexpr StackLimits kLimits{.connections = 8, .half_open = 3, .pieces = 16, .resets = 2};

  static Endpoint endpoint(std::uint8_t host, std::uint16_t port) {
    return {.address = {192, 0, 2, host}, .port = port, .family = Endpoint::Family::v4};
  }
  StackTest() {
    stack_.listen(endpoint(1, 80));
    stack_.use_source(endpoint(1, 0));
  }
  ~StackTest() override { EXPECT_EQ(stack_.broken_invariant(), ""); }

  void receive(const Flow& flow, const TcpHeader& header) { stack_.on_segment(now_, flow, header, {}); }
  std::vector<Outgoing> sent() {
    std::vector<Outgoing> all;
    while (const auto one = stack_.poll_transmit(now_)) all.push_back(*one);
    return all;
  }
  static Flow flow(std::uint16_t port) { return {endpoint(1, 80), endpoint(2, port)}; }
  static TcpHeader syn(std::uint32_t sequence = 100) {
    return {.sequence = SeqNumber(sequence), .flags = {TcpFlag::syn}, .window = 1'000};
  }
  // A connection that we closed first.
  void wait_in_time_wait(const Flow& flow) {
    receive(flow, syn(100));
    receive(flow, answer(sent().at(0), {TcpFlag::ack}));
    stream::PortId id;
    ASSERT_TRUE(ports_.next_for_application(id));
    ports_.get(id).close();
    stack_.step(now_);
    receive(flow, answer(sent().at(0), {TcpFlag::fin, TcpFlag::ack}));
    ASSERT_EQ(stack_.find(flow)->state(), State::time_wait);
    EXPECT_EQ(ports_.live(), 0U);
    static_cast<void>(sent());
  }
  // The peer's answer to what was sent last.
  static TcpHeader answer(const Outgoing& to, wire::TcpFlags flags) {
    const bool syn = to.header.flags.has(TcpFlag::syn);
    return {
        .sequence = to.header.acknowledgment,
        .acknowledgment = to.header.sequence + to.length + (syn ? 1 : 0) + (to.header.flags.has(TcpFlag::fin) ? 1 : 0),
        .flags = flags,
        .window = 1'000};
  }

  Rng rng_{1};
  Instant now_{seconds(10).ns};
  stream::PortTable ports_{
      {.ports = 4, .nodes = 64, .receive_entries = 16, .receive_bytes = 2'048, .slab_entries = 16}};
  TcpConfig config_;
  Stack stack_{config_, kLimits, ports_, rng_, now_};
};

TEST_F(StackTest, NobodyThereIsToldSo) {
  TcpHeader stray{.sequence = SeqNumber(7), .acknowledgment = SeqNumber(9), .flags = {TcpFlag::ack}};
  receive(flow(1), stray);
  const auto first = sent();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].header.flags, wire::TcpFlags{TcpFlag::rst});
  EXPECT_EQ(first[0].header.sequence, SeqNumber(9));
  receive({endpoint(1, 81), endpoint(2, 1)}, syn(100));
  const auto second = sent();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].header.acknowledgment, SeqNumber(101));
  stray.flags = {TcpFlag::rst};
  receive(flow(1), stray);
  EXPECT_TRUE(sent().empty());
}

TEST_F(StackTest, ResetsAndHandshakesAreBounded) {
  for (std::uint16_t port = 1; port <= 10; ++port) {
    receive(flow(port), syn());
    receive({endpoint(1, 9), endpoint(2, port)}, syn());
  }
  EXPECT_EQ(stack_.half_open(), 3U);
  EXPECT_EQ(stack_.counters().syns_refused.value(), 7U);
  EXPECT_EQ(stack_.counters().resets_dropped.value(), 8U);
  EXPECT_EQ(sent().size(), 2U + 3U);
  // Never completed: gone in time, and the slots free again.
  while (stack_.connections() > 0) {
    now_ = std::max(now_ + millis(1), stack_.next_deadline(now_));
    stack_.step(now_);
    static_cast<void>(sent());
  }
  EXPECT_EQ(stack_.half_open(), 0U);
}

TEST_F(StackTest, APortIsMadeWhenTheHandshakeIsComplete) {
  receive(flow(1), syn());
  const auto synack = sent();
  ASSERT_EQ(synack.size(), 1U);
  EXPECT_EQ(ports_.live(), 0U);
  receive(flow(1), answer(synack[0], {TcpFlag::ack}));
  EXPECT_EQ(ports_.live(), 1U);
  stream::PortId id;
  ASSERT_TRUE(ports_.next_for_application(id));
  EXPECT_EQ(ports_.get(id).remote(), endpoint(2, 1));
  ports_.get(id).abort(Reason::client_closed);
  stack_.step(now_);
  const auto reset = sent();
  ASSERT_EQ(reset.size(), 1U);
  EXPECT_TRUE(reset[0].header.flags.has(TcpFlag::rst));
  EXPECT_EQ(ports_.live(), 0U);
  EXPECT_EQ(stack_.connections(), 0U);
}

TEST_F(StackTest, WithoutAPortTheHandshakeWaits) {
  for (std::uint16_t port = 1; port <= 4; ++port) static_cast<void>(ports_.accept({}, {}));
  receive(flow(1), syn());
  const auto synack = sent();
  receive(flow(1), answer(synack.at(0), {TcpFlag::ack}));
  EXPECT_EQ(stack_.counters().accepts_deferred.value(), 1U);
  EXPECT_EQ(stack_.find(flow(1))->state(), State::syn_received);
}

TEST_F(StackTest, ConnectsFromAFreePortAndTellsOfRefusal) {
  const stream::PortId id = ports_.connect(endpoint(2, 8'000));
  stack_.step(now_);
  const auto first = sent();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].header.flags, wire::TcpFlags{TcpFlag::syn});
  EXPECT_GE(first[0].flow.local.port, kLimits.first_port);
  TcpHeader reset = answer(first[0], {TcpFlag::rst, TcpFlag::ack});
  receive(first[0].flow, reset);
  EXPECT_EQ(ports_.get(id).failure(), Reason::connect_refused);
  EXPECT_EQ(stack_.connections(), 0U);
  ports_.get(id).close();
  stack_.step(now_);
  EXPECT_EQ(ports_.live(), 0U);
}

TEST_F(StackTest, ANewConnectionTakesThePlaceOfOneInTimeWait) {
  wait_in_time_wait(flow(1));
  const SeqNumber old_end = stack_.find(flow(1))->end_of_sent();
  receive(flow(1), syn(50));  // an old one: answered, not obeyed
  EXPECT_EQ(stack_.find(flow(1))->state(), State::time_wait);
  static_cast<void>(sent());
  receive(flow(1), syn(5'000));
  const auto out = sent();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_TRUE(out[0].header.flags.has(TcpFlag::syn));
  EXPECT_GT(out[0].header.sequence, old_end);
  EXPECT_EQ(stack_.counters().time_wait_reused.value(), 1U);
}

TEST_F(StackTest, ASynThatFindsNoPlaceEndsNoTimeWait) {
  wait_in_time_wait(flow(1));
  for (std::uint32_t n = 2; stack_.half_open() < kLimits.half_open; ++n) receive(flow(n), syn(100));
  receive(flow(1), syn(5'000));
  EXPECT_EQ(stack_.find(flow(1))->state(), State::time_wait);
  EXPECT_EQ(stack_.counters().syns_refused.value(), 1U);
}

TEST_F(StackTest, TheOldestInTimeWaitMakesRoom) {
  for (std::uint32_t n = 1; n <= kLimits.connections; ++n) wait_in_time_wait(flow(n));
  const stream::PortId id = ports_.connect(endpoint(2, 8'000));
  stack_.step(now_);
  EXPECT_FALSE(ports_.get(id).failed());
  EXPECT_EQ(stack_.find(flow(1)), nullptr);
  EXPECT_NE(stack_.find(flow(2)), nullptr);
  EXPECT_EQ(stack_.counters().time_wait_cut.value(), 1U);
  EXPECT_EQ(stack_.broken_invariant(), "");
}

TEST_F(StackTest, WhoCannotConnectIsTold) {
  const stream::PortId other_family = ports_.connect({.address = {0x20}, .port = 80, .family = Endpoint::Family::v6});
  stack_.step(now_);
  EXPECT_EQ(ports_.get(other_family).failure(), Reason::no_connection_slot);
  ports_.get(other_family).close();
  stack_.step(now_);
  EXPECT_EQ(ports_.live(), 0U);
  // One source port, and it is taken.
  StackLimits limits = kLimits;
  limits.first_port = limits.last_port = 5'000;
  Stack narrow(config_, limits, ports_, rng_, now_);
  narrow.use_source(endpoint(1, 0));
  const stream::PortId first = ports_.connect(endpoint(2, 80));
  const stream::PortId second = ports_.connect(endpoint(2, 80));
  narrow.step(now_);
  EXPECT_FALSE(ports_.get(first).failed());
  EXPECT_EQ(ports_.get(second).failure(), Reason::no_connection_slot);
  ports_.get(first).close();
  ports_.get(second).close();
  narrow.step(now_);
  EXPECT_EQ(ports_.live(), 0U);
}

TEST_F(StackTest, ARouterThatAllowsNothingIsNotBelieved) {
  receive(flow(1), syn(100));
  receive(flow(1), answer(sent().at(0), {TcpFlag::ack}));
  const std::uint16_t mss = stack_.find(flow(1))->mss();
  stack_.on_too_big(flow(1), stack_.find(flow(1))->unacknowledged(), 40);
  stack_.on_too_big(flow(2), SeqNumber(1), 1'000);
  EXPECT_EQ(stack_.find(flow(1))->mss(), mss);
}

// Bytes on the heap for `connections` of them, with ports, and next to nothing else.
[[maybe_unused]] std::size_t heap_of(std::uint32_t connections) {
  const auto used = [] {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const std::size_t before = used();
  Rng rng(1);
  stream::PortTable ports(
      {.ports = connections, .nodes = 8, .receive_entries = 1, .receive_bytes = 64, .slab_entries = 1});
  const Stack stack({}, {.connections = connections, .half_open = 8, .pieces = 8, .resets = 8}, ports, rng, {});
  return used() - before;
}

// A connection that holds no data has all its memory in tables that are made at the start.
TEST_F(StackTest, AnIdleConnectionTakesLessThanAKilobyte) {
  const std::size_t bytes = Stack::bytes_per_connection();
  std::printf("an established idle connection: %zu bytes, of which the connection %zu, the port %zu\n", bytes,
              sizeof(Connection), sizeof(stream::StreamPort));
  EXPECT_LE(bytes, 1'024U);
// Sanitizers bring a heap of their own, which mallinfo2() does not know.
#if !WP_ADDRESS_SANITIZER && !WP_THREAD_SANITIZER
  constexpr std::uint32_t kMany = 65'536;
  const std::size_t measured = (heap_of(2 * kMany) - heap_of(kMany)) / kMany;
  std::printf("measured on the heap: %zu bytes\n", measured);
  EXPECT_GE(measured, sizeof(Connection) + sizeof(stream::StreamPort));
  EXPECT_LE(measured, 1'024U);
#endif
}

}  // namespace
}  // namespace wp::tcp
