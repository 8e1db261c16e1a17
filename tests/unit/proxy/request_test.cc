// What a client sends and what a replica gets.
#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

TEST(ProxyRequest, IsRewrittenAndItsReplyRelayed) {
  Box box;
  const Conn client = box.client();
  client->send(chat("hello", "Connection: x-private\r\nX-Private: 1\r\nKeep-Alive: 5\r\nX-Kept: yes\r\n"));
  box.settle();
  const Conn replica = box.accept_one();
  const std::string sent = take(replica);
  EXPECT_TRUE(sent.starts_with("POST /v1/chat/completions HTTP/1.1\r\nHost: 10.0.0.1:8000\r\n")) << sent;
  EXPECT_EQ(sent.find("X-Private"), std::string::npos);
  EXPECT_EQ(sent.find("Keep-Alive"), std::string::npos);
  EXPECT_NE(sent.find("X-Kept: yes\r\n"), std::string::npos);
  EXPECT_NE(sent.find("X-Forwarded-For: 192.0.2.7\r\n"), std::string::npos);
  EXPECT_NE(sent.find("\"content\":\"hello\""), std::string::npos);
  replica->send(ok_reply("world", "Connection: x-inner\r\nX-Inner: 1\r\nX-Outer: 2\r\n"));
  box.settle();
  const std::string reply = take(client);
  EXPECT_EQ(status_of(reply), 200);
  EXPECT_EQ(body_of(reply), "world");
  EXPECT_EQ(reply.find("X-Inner"), std::string::npos);
  EXPECT_NE(reply.find("X-Outer: 2"), std::string::npos);
  EXPECT_EQ(box.proxy().counters().completed.value(), 1U);
  box.expect_nothing_held();
}

// White space is read byte by byte, so that 400 KB of it are four turns' work; others get on meanwhile.
TEST(ProxyRequest, ALongBodyIsReadInManyTurns) {
  Box box;
  const Conn client = box.client();
  const std::string request = post("/v1/chat/completions", "{" + std::string(400'000, ' ') + "}");
  client->send(request.substr(0, request.size() - 1));
  box.settle();
  client->send(request.substr(request.size() - 1));
  const Conn other = box.client();
  other->send(chat("short"));
  for (int turn = 0; turn < 3; ++turn) box.turn();
  EXPECT_EQ(box.count(Reason::only_one), 1U) << "the short one, and no more of a turn goes into the long one";
  box.settle();
  EXPECT_EQ(box.count(Reason::only_one), 2U);
}

TEST(ProxyRequest, ByteByByteGivesTheSameRequest) {
  Box box;
  const Conn client = box.client();
  for (const char c : chat("slow typist")) {
    client->send(std::string_view(&c, 1));
    box.settle();
  }
  const Conn replica = box.accept_one();
  EXPECT_NE(take(replica).find("slow typist"), std::string::npos);
}

TEST(ProxyRequest, ChunkedBodyReachesTheReplicaWithALength) {
  Box box;
  const Conn client = box.client();
  client->send(
      "POST /v1/completions HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\n{\"pro\r\n7;x=y\r\nmpt\":\"a\r\n2\r\n\"}\r\n0\r\n\r\n");
  box.settle();
  const std::string sent = take(box.accept_one());
  EXPECT_NE(sent.find("Content-Length: 14\r\n"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("chunked"), std::string::npos);
  EXPECT_EQ(body_of(sent), "{\"prompt\":\"a\"}");
}

TEST(ProxyRequest, ALongBodyIsTheSameWhetherItLandsInItsSlabOrIsCopied) {
  Box box;
  std::uint64_t landed = 0;
  for (int round = 0; round < 20; ++round) {
    std::string text(60'000, 'x');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + (i * 31 + i / 26) % 26);
    const std::string request = chat(text);
    const Conn client = box.client();
    for (std::size_t at = 0; at < request.size(); at += 7'001) {
      client->send(std::string_view(request).substr(at, 7'001));
      box.settle();
    }
    const Conn replica = box.accept_one();
    EXPECT_EQ(body_of(take(replica)), body_of(request));
    replica->send(ok_reply("done", "Connection: close\r\n"));
    replica->finish();
    box.settle();
    EXPECT_EQ(body_of(take(client)), "done");
    landed = box.net().landed();
  }
  EXPECT_GT(landed, 100'000U);
  EXPECT_LT(landed, 20U * 60'000U);  // the rest was copied
  box.expect_nothing_held();
}

TEST(ProxyRequest, EveryByteThatIsCopiedIsCounted) {
  Box box;
  const Conn client = box.client();
  const std::string reply = ok_reply("done", "Connection: close\r\n");
  for (int round = 0; round < 20; ++round) {
    const std::string request = chat(std::string(30'000, 'x'));
    const std::uint64_t copied = box.ports().copied().value();
    const std::uint64_t landed = box.net().landed();
    for (std::size_t at = 0; at < request.size(); at += 7'001) {
      client->send(std::string_view(request).substr(at, 7'001));
      box.settle();
    }
    const Conn replica = box.accept_one();
    const std::string sent = take(replica);
    replica->send(reply);
    box.settle();
    const std::string answer = take(client);
    // The heads as they came and as they went, the short reply's body, and of the request's what did not land.
    const std::size_t heads_out = sent.size() + answer.size() - body_of(sent).size() - body_of(answer).size();
    EXPECT_EQ(box.ports().copied().value() - copied + box.net().landed() - landed,
              request.size() + reply.size() + heads_out);
  }
  EXPECT_GT(box.net().landed(), 100'000U);
}

TEST(ProxyRequest, AClientThatLeavesAmidALongBodyLeavesNothingBehind) {
  Box box;
  const std::string request = chat(std::string(60'000, 'x'));
  const Conn client = box.client();
  client->send(std::string_view(request).substr(0, 30'000));
  box.settle();
  client->reset();
  box.settle();
  box.expect_nothing_held();
}

TEST(ProxyRequest, ALargeChunkedBodyGrowsThroughTheSlabClasses) {
  Box box;
  const Conn client = box.client();
  const std::string text(300'000, 'x');
  const std::string body = R"({"prompt":")" + text + R"("})";
  client->send("POST /v1/completions HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (std::size_t at = 0; at < body.size(); at += 1000) {
    const std::string piece = body.substr(at, 1000);
    char line[16];
    std::snprintf(line, sizeof line, "%zx\r\n", piece.size());
    client->send(line + piece + "\r\n");
    box.settle();
  }
  client->send("0\r\n\r\n");
  box.settle();
  const Conn replica = box.accept_one();
  EXPECT_EQ(body_of(take(replica)), body);
  replica->send(ok_reply("done"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "done");
  box.expect_nothing_held();
}

TEST(ProxyRequest, AChunkLongerThanItsSlabMayComeInPieces) {
  Box box;
  const Conn client = box.client();
  const std::string body = R"({"prompt":")" + std::string(100'000, 'x') + R"("})";
  char line[16];
  std::snprintf(line, sizeof line, "%zx\r\n", body.size());
  const std::string chunked = line + body + "\r\n0\r\n\r\n";
  client->send("POST /v1/completions HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (std::size_t at = 0; at < chunked.size(); at += 7'001) {
    client->send(chunked.substr(at, 7'001));
    box.settle();
  }
  EXPECT_EQ(body_of(take(box.accept_one())), body);
}

TEST(ProxyRequest, PipelinedRequestsAreAnsweredInOrder) {
  Box box;
  const Conn client = box.client();
  client->send(chat("first") + "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n" + chat("second"));
  box.settle();
  const Conn replica = box.accept_one();
  EXPECT_NE(take(replica).find("first"), std::string::npos);
  EXPECT_TRUE(client->inbox().empty());
  replica->send(ok_reply("one"));
  box.settle();
  EXPECT_NE(take(replica).find("second"), std::string::npos);
  replica->send(ok_reply("two"));
  box.settle();
  const std::string replies = take(client);
  const std::size_t one = replies.find("one");
  const std::size_t refused = replies.find("HTTP/1.1 404");
  const std::size_t two = replies.find("two");
  ASSERT_NE(two, std::string::npos) << replies;
  EXPECT_LT(one, refused);
  EXPECT_LT(refused, two);
  EXPECT_EQ(box.proxy().counters().upstream_reused.value(), 1U);
  box.expect_nothing_held();
}

TEST(ProxyRequest, ExpectContinueIsAnsweredBeforeTheBody) {
  Box box;
  const Conn client = box.client();
  client->send("POST /v1/completions HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 14\r\n\r\n");
  box.settle();
  EXPECT_EQ(take(client), "HTTP/1.1 100 Continue\r\n\r\n");
  client->send("{\"prompt\":\"a\"}");
  box.settle();
  const std::string sent = take(box.accept_one());
  EXPECT_EQ(sent.find("Expect"), std::string::npos);
}

TEST(ProxyRequest, ExpectOnARefusedRequestGetsTheFinalStatusOnly) {
  Box box;
  const Conn client = box.client();
  client->send("POST /v1/completions HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  box.settle();
  EXPECT_EQ(status_of(take(client)), 413);
  EXPECT_TRUE(client->fin_received());
}

TEST(ProxyRequest, HeadGetsTheLengthWithoutABody) {
  Box box;
  const Conn client = box.client();
  client->send("HEAD /v1/models HTTP/1.1\r\nHost: h\r\n\r\n");
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
  box.settle();
  const std::string reply = take(client);
  EXPECT_NE(reply.find("Content-Length: 1234\r\n"), std::string::npos);
  EXPECT_EQ(body_of(reply), "");
  EXPECT_EQ(box.proxy().counters().completed.value(), 1U);
}

TEST(ProxyRequest, ARefusedHeadGetsNoBodyEither) {
  Box box;
  const Conn client = box.client();
  client->send("HEAD /nowhere HTTP/1.1\r\nHost: h\r\n\r\nGET /nowhere HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  box.settle();
  const std::string replies = take(client);
  const std::string second = body_of(replies);
  EXPECT_EQ(status_of(replies), 404);
  EXPECT_EQ(status_of(second), 404) << replies;
  EXPECT_NE(second.find("Connection: keep-alive\r\n"), std::string::npos) << replies;
}

TEST(ProxyRequest, Http10ClientGetsABodyEndedByClose) {
  Box box;
  const Conn client = box.client();
  client->send("GET /v1/models HTTP/1.0\r\n\r\n");
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  box.settle();
  const std::string reply = take(client);
  EXPECT_EQ(reply.find("chunked"), std::string::npos);
  EXPECT_EQ(body_of(reply), "abc");
  EXPECT_TRUE(client->fin_received());
}

struct Refusal {
  const char* name;
  std::string request;
  int status;
  const char* word;
  bool keeps_connection;
};

class ProxyRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(ProxyRefusal, IsAnsweredInShapeAndReachesNoReplica) {
  const Refusal& refusal = GetParam();
  Box box;
  const Conn client = box.client();
  client->send(refusal.request);
  box.settle();
  const std::string reply = take(client);
  EXPECT_EQ(status_of(reply), refusal.status) << reply;
  EXPECT_NE(reply.find(refusal.word), std::string::npos) << reply;
  EXPECT_NE(reply.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_EQ(client->fin_received(), !refusal.keeps_connection) << reply;
  EXPECT_TRUE(box.accepted().empty());
  EXPECT_EQ(box.proxy().counters().refused.value(), 1U);
  if (refusal.keeps_connection) {
    client->send(chat("still here"));
    box.settle();
    EXPECT_EQ(box.accepted().size(), 1U);
    client->reset();
  }
  box.expect_nothing_held();
}

INSTANTIATE_TEST_SUITE_P(
    All, ProxyRefusal,
    testing::Values(
        Refusal{"UnknownPath", "GET /admin HTTP/1.1\r\nHost: h\r\n\r\n", 404, "unknown_path", true},
        Refusal{"WrongMethod", "GET /v1/chat/completions HTTP/1.1\r\nHost: h\r\n\r\n", 405, "method_refused", true},
        Refusal{"BrokenJson", post("/v1/chat/completions", "{\"model\":"), 400, "bad_json", true},
        Refusal{"NoBody", "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_json", true},
        Refusal{"RepeatedKey", post("/v1/completions", R"({"model":"a","model":"b"})"), 400, "repeated_key", true},
        Refusal{"AnthropicShape", post("/v1/messages", "[]"), 400, R"({"type":"error","error":{"type":"invalid)", true},
        Refusal{"BodyTooLarge", "POST /v1/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n", 413,
                "body_too_large", false},
        Refusal{"AmbiguousFraming",
                "POST /v1/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                400, "ambiguous_framing", false},
        Refusal{"Upgrade", "GET /v1/models HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                501, "upgrade_refused", true},
        Refusal{"NoHost", "GET /v1/models HTTP/1.1\r\n\r\n", 400, "missing_host", false},
        Refusal{"BareLf", "GET /v1/models HTTP/1.1\nHost: h\n\n", 400, "bad_line_end", false}),
    [](const auto& about) { return about.param.name; });

TEST(ProxyRequest, AnOversizedHeadIsRefused) {
  Box box;
  const Conn client = box.client();
  client->send("GET /v1/models HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n");
  box.settle();
  EXPECT_EQ(status_of(take(client)), 431);
  EXPECT_TRUE(client->fin_received());
  box.expect_nothing_held();
}

TEST(ProxyRequest, BodySlabsAtTheirMarkShedAndRecover) {
  proxy::ProxyConfig config = Box::default_config();
  config.body.entries = {1, 1, 1, 1};
  Box box(1, config);
  std::vector<Conn> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(box.client());
    held.back()->send(chat("busy"));
  }
  const Conn shed = box.client();
  box.settle();
  EXPECT_EQ(box.accepted().size(), 4U);
  shed->send(chat("one too many"));
  box.advance(millis(1));
  box.advance(millis(510));
  const std::string reply = take(shed);
  EXPECT_EQ(status_of(reply), 503);
  EXPECT_NE(reply.find("no_body_slab"), std::string::npos);
  EXPECT_NE(reply.find("Retry-After"), std::string::npos);
  for (const Conn& conn : held) conn->reset();
  box.settle();
  const Conn next = box.client();
  next->send(chat("room again"));
  box.settle();
  EXPECT_EQ(box.accepted().size(), 1U);
}

// A body that takes many turns to read: half a megabyte of tokens.
std::string long_body() {
  std::string tokens = "1";
  for (int i = 0; i < 250'000; ++i) tokens += ",1";
  return post("/v1/completions", R"({"prompt":[)" + tokens + "]}");
}

void settle_long(Box& box) {
  for (int i = 0; i < 60; ++i) box.settle();
}

TEST(ProxyRequest, OthersGoOnWhileALongBodyIsRead) {
  Box box;
  const Conn slow = box.client();
  slow->send(long_body());
  box.settle();
  EXPECT_TRUE(box.accepted().empty()) << "it is still being read";
  const Conn quick = box.client();
  quick->send(chat("quick"));
  box.settle();
  EXPECT_NE(take(box.accept_one()).find("quick"), std::string::npos);
  settle_long(box);
  EXPECT_EQ(body_of(take(box.accept_one())).size(), body_of(long_body()).size());
}

TEST(ProxyRequest, LongBodiesAreReadOneAfterTheOther) {
  Box box;
  for (int i = 0; i < 3; ++i) box.client()->send(long_body());
  for (int i = 0; i < 3; ++i) settle_long(box);
  EXPECT_EQ(box.accepted().size(), 3U);
}

TEST(ProxyRequest, AClientThatLeavesWhileItsBodyIsReadHoldsNobodyUp) {
  for (const bool reset : {false, true}) {
    Box box;
    const Conn first = box.client();
    first->send(long_body());
    box.settle();
    const Conn second = box.client();
    second->send(long_body());
    box.settle();
    reset ? first->reset() : first->finish();
    settle_long(box);
    EXPECT_EQ(box.accepted().size(), 1U) << "the second's";
    EXPECT_EQ(box.proxy().clients(), 1U);
  }
}

}  // namespace
}  // namespace wp::test
