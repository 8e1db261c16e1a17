// What is noted of a request, however it ends.
#include "dataplane/proxy/request_log.h"

#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

proxy::ProxyConfig logging(std::uint32_t records = 64) {
  proxy::ProxyConfig config = Box::default_config();
  config.access_records = records;
  config.hash_key = 7;
  return config;
}

std::vector<AccessRecord> records(Box& box) {
  std::vector<AccessRecord> all;
  box.mailbox().access.drain(UINT32_MAX, [&](const AccessRecord& record) { all.push_back(record); });
  return all;
}

// Exactly one, asserted.
AccessRecord the_record(Box& box) {
  const auto all = records(box);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? AccessRecord{} : all.front();
}

TEST(RequestLog, ACompletedStreamTellsItsWholeStory) {
  Box box(1, logging());
  const Conn client = box.client();
  const Instant start = box.now;
  const std::string request = chat("the canary prompt", "X-Session-ID: canary-session\r\n");
  client->send(request.substr(0, 20));
  box.settle();
  box.advance(millis(2));
  const std::size_t body = request.find("\r\n\r\n") + 4;
  client->send(request.substr(20, body - 20));
  box.settle();
  box.advance(millis(3));
  client->send(request.substr(body));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  box.advance(millis(4));
  replica->send("b\r\ndata: one\n\n\r\n");
  box.advance(millis(1));
  for (const int gap : {5, 9, 6}) {
    box.advance(millis(gap - 1));
    replica->send("b\r\ndata: two\n\n\r\n");
    box.advance(millis(1));
  }
  EXPECT_TRUE(records(box).empty()) << "one record a request, at its end";
  replica->send("0\r\n\r\n");
  box.settle();

  const AccessRecord record = the_record(box);
  EXPECT_EQ(record.start, start);
  EXPECT_EQ(to_string(record.client), "192.0.2.7:50000");
  EXPECT_EQ(record.method.view(), "POST");
  EXPECT_EQ(record.path.view(), "chat_completions");
  EXPECT_EQ(record.model.view(), "m");
  EXPECT_EQ(record.pool.view(), "default");
  EXPECT_EQ(record.replica.view(), "10.0.0.1:8000");
  EXPECT_EQ(record.minor_version, 1);
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.reason, Reason::none);
  EXPECT_EQ(record.phase, RequestPhase::done);
  EXPECT_EQ(record.decision, Reason::only_one);
  EXPECT_EQ(record.attempts, 1);
  EXPECT_FALSE(record.reused);
  EXPECT_EQ(record.request_bytes, request.size() - body);
  EXPECT_EQ(record.reply_bytes, 4U * 11U);
  EXPECT_EQ(record.events, 4U);
  EXPECT_GT(record.prompt_tokens, 0U);
  EXPECT_NE(record.session, 0U);
  EXPECT_NE(record.first_chunk, 0U);
  EXPECT_EQ(record.head, millis(2));
  EXPECT_EQ(record.body, millis(3));
  EXPECT_EQ(record.connect, Duration{});
  EXPECT_EQ(record.first_byte, millis(5));
  EXPECT_EQ(record.longest_gap, millis(9));
  EXPECT_EQ(record.total, box.now - start);
  EXPECT_EQ(box.proxy().counters().piece_gap.bucket(7), 2U) << "5 and 6 ms, up to 8.192 ms";
  EXPECT_EQ(box.proxy().counters().piece_gap.bucket(8), 1U) << "9 ms";
  const proxy::ProxyCounters& counters = box.proxy().counters();
  EXPECT_EQ(counters.first_byte_stream.of(Reason::only_one).bucket(7), 1U) << "5 ms";
  EXPECT_EQ(counters.first_byte_other.of(Reason::only_one).sum_ns(), 0U);
  EXPECT_EQ(counters.prompt_tokens.of(Reason::only_one).value(), record.prompt_tokens);
}

TEST(RequestLog, WhatAPickWasWorthIsToldByItsDecision) {
  Box box(4, logging());
  std::uint64_t tokens[2] = {};
  for (const bool session : {false, true}) {
    const Conn client = box.client();
    client->send(chat("x", session ? "X-Session-ID: s\r\n" : ""));
    box.settle();
    box.advance(millis(session ? 1 : 3));
    for (std::uint32_t i = 0; i < 4; ++i) {
      for (const Conn& replica : box.accepted(i)) replica->send(ok_reply("ok", "Connection: close\r\n"));
    }
    box.settle();
    const AccessRecord record = the_record(box);
    EXPECT_EQ(record.decision, session ? Reason::session : Reason::prefix);
    tokens[session ? 1 : 0] = record.prompt_tokens;
  }
  const proxy::ProxyCounters& counters = box.proxy().counters();
  EXPECT_EQ(counters.prompt_tokens.of(Reason::prefix).value(), tokens[0]);
  EXPECT_EQ(counters.prompt_tokens.of(Reason::session).value(), tokens[1]);
  EXPECT_EQ(counters.prompt_tokens.of(Reason::spill).value(), 0U);
  EXPECT_EQ(counters.first_byte_other.of(Reason::prefix).sum_ns(), 3'000'000U);
  EXPECT_EQ(counters.first_byte_other.of(Reason::session).sum_ns(), 1'000'000U);
}

TEST(RequestLog, TurnsThatMoveNothingAreNotCounted) {
  Box box(1, logging());
  const Conn client = box.client();
  box.own_time = micros(3);
  client->send(chat("x"));
  box.settle();
  const std::uint64_t before = box.proxy().counters().turn.bucket(2);
  EXPECT_GE(before, 2U) << "accepted and read, connected and sent";
  for (int i = 0; i < 10; ++i) box.advance(millis(1));
  EXPECT_EQ(box.proxy().counters().turn.bucket(2), before);
}

TEST(RequestLog, OwnTimeIsThatOfTheTurnsThatMovedTheRequest) {
  Box box(1, logging());
  const Conn client = box.client();
  box.own_time = micros(10);
  client->send(chat("x"));
  box.settle();  // accepted and sent; the handshake is the second turn
  const Conn replica = box.accept_one();
  box.own_time = millis(500);
  for (int i = 0; i < 10; ++i) box.advance(millis(1));  // nothing moves
  box.own_time = micros(1);
  replica->send(ok_reply("ok"));
  box.settle();
  const AccessRecord record = the_record(box);
  EXPECT_GE(record.own, micros(11));
  EXPECT_LE(record.own, micros(31)) << "turns in which it only waited are not its own";
  EXPECT_EQ(box.proxy().counters().own_time.sum_ns(), static_cast<std::uint64_t>(record.own.ns));
}

TEST(RequestLog, TheNextRequestOnAConnectionBeginsAtZero) {
  Box box(1, logging());
  box.own_time = millis(100);
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("one"));
  box.settle();
  box.own_time = micros(1);
  client->send(chat("y"));
  box.settle();
  replica->send(ok_reply("two"));
  box.settle();
  const auto both = records(box);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_GE(both[0].own, millis(200));
  EXPECT_LE(both[1].own, micros(10));
  EXPECT_TRUE(both[1].reused);
  EXPECT_EQ(both[1].connect, kNotReached);
}

// Who names a session needs no keys of the prompt where no strategy looks for prompts; nothing else is missing.
TEST(RequestLog, APromptWhoseKeysNobodyNeedsHasNone) {
  for (const balance::Strategy strategy : {balance::Strategy::session, balance::Strategy::prefix,
                                           balance::Strategy::least_loaded, balance::Strategy::warm}) {
    Box box(4, logging());
    box.publish([strategy](balance::Snapshot& next) { next.pools[0].strategy = strategy; });
    std::uint32_t tokens = 0;
    for (const bool named : {false, true, true}) {
      const Conn client = box.client();
      client->send(chat(std::string(6000, 'x'), named ? "X-Session-ID: s\r\n" : ""));
      box.settle();
      for (std::uint32_t i = 0; i < 4; ++i) {
        for (const Conn& replica : box.accepted(i)) replica->send(ok_reply("ok", "Connection: close\r\n"));
      }
      box.settle();
      const AccessRecord record = the_record(box);
      EXPECT_EQ(record.status, 200);
      EXPECT_EQ(record.session != 0, named);
      EXPECT_EQ(record.first_chunk == 0, named && strategy != balance::Strategy::warm) << word(strategy);
      EXPECT_GT(record.prompt_tokens, 1000U);
      EXPECT_TRUE(tokens == 0 || record.prompt_tokens == tokens) << "an estimate needs no keys";
      tokens = record.prompt_tokens;
    }
    const auto fates = box.accounts().sessions().figures(0);
    EXPECT_EQ(fates[static_cast<std::size_t>(balance::SessionFate::first)], 2U) << "one named, one derived";
  }
}

// The body is read in several turns, and the strategy changes between them.
TEST(RequestLog, AReloadThatWantsKeysFindsARequestWithoutAny) {
  Box box(4, logging());
  box.publish([](balance::Snapshot& next) { next.pools[0].strategy = balance::Strategy::session; });
  const Conn client = box.client();
  std::string text;
  for (int i = 0; i < 450'000; ++i) text += "\\n";
  const std::string request = chat(text, "X-Session-ID: s\r\n");
  client->send(request.substr(0, request.size() - 1));
  box.settle();
  client->send(request.substr(request.size() - 1));
  box.turn();
  box.publish([](balance::Snapshot& next) { next.pools[0].strategy = balance::Strategy::warm; });
  EXPECT_EQ(box.count(Reason::session), 0U) << "it is still being read";
  box.settle();
  for (std::uint32_t i = 0; i < 4; ++i) {
    for (const Conn& replica : box.accepted(i)) replica->send(ok_reply("ok"));
  }
  box.settle();
  const AccessRecord record = the_record(box);
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.decision, Reason::session);
  EXPECT_EQ(record.first_chunk, 0U);
}

TEST(RequestLog, ARefusedHeadSaysHowFarItCame) {
  Box box(1, logging());
  const Conn client = box.client();
  client->send("GET /nowhere?secret=canary HTTP/1.1\r\nHost: a\r\n\r\n");
  box.settle();
  AccessRecord record = the_record(box);
  EXPECT_EQ(record.reason, Reason::unknown_path);
  EXPECT_EQ(record.status, 404);
  EXPECT_EQ(record.path.view(), "/nowhere") << "without the query";
  EXPECT_EQ(record.method.view(), "GET");
  EXPECT_EQ(record.attempts, 0);
  EXPECT_EQ(record.first_chunk, 0U);

  client->send("GET bad HTTP/1.1\r\n\r\n");
  box.settle();
  record = the_record(box);
  EXPECT_EQ(record.phase, RequestPhase::head);
  EXPECT_EQ(record.status, 400);
  EXPECT_TRUE(record.method.view().empty());
  EXPECT_EQ(record.head, kNotReached);
}

TEST(RequestLog, ABodyThatIsNoJsonEndsInItsBody) {
  Box box(1, logging());
  const Conn client = box.client();
  client->send(post("/v1/chat/completions", "{"));
  box.settle();
  const AccessRecord record = the_record(box);
  EXPECT_EQ(record.reason, Reason::bad_json);
  EXPECT_EQ(record.phase, RequestPhase::body);
  EXPECT_EQ(record.status, 400);
  EXPECT_EQ(record.request_bytes, 1U);
}

TEST(RequestLog, ARequestThatTheClientLeftUnfinishedIsOneToo) {
  Box box(1, logging());
  const Conn client = box.client();
  client->send("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{");
  box.settle();
  client->finish();
  box.settle();
  const AccessRecord record = the_record(box);
  EXPECT_EQ(record.reason, Reason::client_closed);
  EXPECT_EQ(record.phase, RequestPhase::body);
  EXPECT_EQ(record.status, 0);
}

TEST(RequestLog, AConnectionWithoutARequestLeavesNone) {
  Box box(1, logging());
  box.client()->finish();
  box.settle();
  const Conn idle = box.client();
  box.advance(seconds(100));
  EXPECT_TRUE(records(box).empty());
}

TEST(RequestLog, AReplicaThatCannotBeReachedShowsEveryAttempt) {
  Box box(2, logging());
  box.net().stop_listening(Box::replica_address(0));
  box.net().stop_listening(Box::replica_address(1));
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const AccessRecord record = the_record(box);
  EXPECT_EQ(record.reason, Reason::connect_refused);
  EXPECT_EQ(record.phase, RequestPhase::connect);
  EXPECT_EQ(record.attempts, 2);
  EXPECT_EQ(record.status, 502);
}

TEST(RequestLog, ACutReplyKeepsTheStatusThatTheClientSaw) {
  Box box(1, logging());
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  box.settle();
  replica->reset();
  box.settle();
  const AccessRecord record = the_record(box);
  EXPECT_EQ(record.reason, Reason::replica_reset);
  EXPECT_EQ(record.phase, RequestPhase::reply);
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.reply_bytes, 3U);
}

TEST(RequestLog, AClientThatLeavesIsNamedWithThePhase) {
  Box box(1, logging());
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  static_cast<void>(box.accept_one());
  client->reset();
  box.settle();
  const AccessRecord record = the_record(box);
  EXPECT_EQ(record.phase, RequestPhase::wait);
  EXPECT_EQ(record.status, 0);
  EXPECT_EQ(info(record.reason).fault, Fault::client);
}

TEST(RequestLog, PipelinedRequestsAndAStopLeaveOneEach) {
  Box box(1, logging());
  const Conn client = box.client();
  client->send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /no HTTP/1.1\r\nHost: a\r\n\r\n" + chat("x"));
  box.settle();
  EXPECT_EQ(records(box).size(), 2U);
  ASSERT_TRUE(box.mailbox().commands.push(shard::Command::stop));
  box.settle();
  const AccessRecord record = the_record(box);
  EXPECT_EQ(record.reason, Reason::shutting_down);
}

TEST(RequestLog, AFullRingLosesRecordsAndNothingElse) {
  Box box(1, logging(2));
  const Conn client = box.client();
  for (int i = 0; i < 5; ++i) {
    client->send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    box.settle();
  }
  EXPECT_EQ(box.mailbox().access.dropped().value(), 3U);
  EXPECT_EQ(records(box).size(), 2U);
  EXPECT_EQ(box.proxy().counters().refused.value(), 5U);
  std::uint64_t measured = 0;
  for (std::size_t i = 0; i <= Histogram::kBounds; ++i) measured += box.proxy().counters().own_time.bucket(i);
  EXPECT_EQ(measured, 5U) << "own time is counted with and without a record";
}

TEST(RequestLog, WithoutALogNothingIsKept) {
  Box box(1, Box::default_config());
  box.client()->send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  box.settle();
  EXPECT_TRUE(records(box).empty());
  EXPECT_EQ(box.mailbox().access.dropped().value(), 0U);
}

}  // namespace
}  // namespace wp::test
