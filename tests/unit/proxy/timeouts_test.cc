// Every timeout: whom it ends, with which word, and whom it must never end.
#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

struct Stream {
  Conn client;
  Conn replica;
};

Stream open_stream(Box& box) {
  Stream stream{box.client(), nullptr};
  stream.client->send(chat("x"));
  box.settle();
  stream.replica = box.accept_one();
  stream.replica->send(kStreamHead);
  box.settle();
  return stream;
}

TEST(ProxyTimeouts, AConnectionThatSendsNothingIsClosed) {
  Box box;
  const Conn client = box.client();
  box.settle();
  box.advance(millis(9'900));
  EXPECT_FALSE(client->over());
  box.advance(millis(200));
  EXPECT_TRUE(client->fin_received());
  EXPECT_EQ(take(client), "") << "nothing was asked, so nothing is answered";
  EXPECT_EQ(box.count(Reason::no_request), 1U);
}

TEST(ProxyTimeouts, AHeadHasOneTimeHoweverItsBytesCome) {
  Box box;
  const Conn client = box.client();
  client->send("G");
  box.settle();
  for (const char c : std::string_view("ET / HTT")) {
    box.advance(seconds(1));
    client->send(std::string(1, c));
  }
  EXPECT_FALSE(client->over());
  box.advance(seconds(3));
  EXPECT_EQ(status_of(take(client)), 408);
  EXPECT_EQ(box.count(Reason::head_timeout), 1U);
  box.expect_nothing_held();
}

TEST(ProxyTimeouts, ABodyThatStopsIsRefused) {
  Box box;
  const Conn client = box.client();
  client->send(chat("hello").substr(0, 150));
  box.settle();
  box.advance(millis(29'900));
  EXPECT_FALSE(client->over());
  box.advance(millis(200));
  EXPECT_EQ(status_of(take(client)), 408);
  EXPECT_EQ(box.count(Reason::body_timeout), 1U);
  box.expect_nothing_held();
}

// The trickle that a timeout between pieces alone would never end.
TEST(ProxyTimeouts, ABodyOfOneByteNowAndThenEnds) {
  for (const bool chunked : {false, true}) {
    Box box;
    const Conn client = box.client();
    client->send(std::string("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n") +
                 (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: 10000\r\n\r\n"));
    box.settle();
    int pieces = 0;
    for (; pieces < 100 && !client->over(); ++pieces) {
      client->send(chunked ? "1;a=" + std::string(100, 'b') + "\r\n \r\n" : " ");
      box.advance(seconds(29));
    }
    EXPECT_LE(pieces, 2) << "half a minute, and what the bytes paid for";
    EXPECT_EQ(status_of(take(client)), 408);
    EXPECT_EQ(box.count(Reason::body_too_slow), 1U);
    EXPECT_EQ(box.count(Reason::body_timeout), 0U);
    box.expect_nothing_held();
  }
}

TEST(ProxyTimeouts, ALargeBodyOverASlowLineArrives) {
  Box box;
  const Conn client = box.client();
  const std::string request = chat(std::string(300'000, 'x'));
  // 1 KiB a second, five minutes: ten times the time between pieces.
  for (std::size_t at = 0; at < request.size(); at += 1024) {
    client->send(request.substr(at, 1024));
    box.advance(seconds(1));
    ASSERT_FALSE(client->over()) << "after " << at << " bytes";
  }
  box.accept_one()->send(ok_reply("thanks"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "thanks");
  box.expect_nothing_held();
}

TEST(ProxyTimeouts, TheLeastRateCanBeTurnedOff) {
  proxy::ProxyConfig config = Box::default_config();
  config.body_min_rate = 0;
  Box box(1, config);
  const Conn client = box.client();
  const std::string request = chat("hello");
  client->send(request.substr(0, request.size() - 20));
  for (std::size_t at = request.size() - 20; at < request.size(); ++at) {
    box.advance(seconds(29));
    ASSERT_FALSE(client->over());
    client->send(request.substr(at, 1));
  }
  box.settle();
  box.accept_one()->send(ok_reply("thanks"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "thanks");
}

TEST(ProxyTimeouts, TheFirstTokenAndTheNextHaveWordsOfTheirOwn) {
  Box box;
  const Stream waiting = open_stream(box);
  box.advance(seconds(601));
  EXPECT_TRUE(waiting.replica->over());
  EXPECT_EQ(box.count(Reason::first_token_timeout), 1U);
  EXPECT_EQ(box.count(Reason::token_timeout), 0U);
  const Stream begun = open_stream(box);
  begun.replica->send(chunk("data: 1\n\n"));
  box.settle();
  box.advance(seconds(121));
  EXPECT_TRUE(begun.replica->over());
  EXPECT_EQ(box.count(Reason::token_timeout), 1U);
  box.expect_nothing_held();
}

TEST(ProxyTimeouts, AnIdleClientAndAnIdleReplicaHaveWordsOfTheirOwn) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  box.accept_one()->send(ok_reply("ok"));
  box.settle();
  box.advance(seconds(5));
  EXPECT_EQ(box.count(Reason::idle_timeout), 1U);
  EXPECT_FALSE(client->over());
  box.advance(seconds(71));
  EXPECT_TRUE(client->fin_received());
  EXPECT_EQ(box.count(Reason::keep_alive_timeout), 1U);
}

TEST(ProxyTimeouts, AReaderBelowTheLeastRateIsGivenUp) {
  Box box;
  const Stream stream = open_stream(box);
  stream.client->set_window(0);
  const std::string piece = chunk(std::string(16'000, 'z'));
  for (int i = 0; i < 20; ++i) stream.replica->send(piece);
  box.settle();
  int minutes = 0;
  for (; minutes < 60 && !stream.client->over(); ++minutes) {
    stream.client->set_window(static_cast<std::uint32_t>(stream.client->inbox().size()) + 100);
    box.advance(seconds(60));
  }
  EXPECT_LE(minutes, 3);
  EXPECT_EQ(box.count(Reason::client_too_slow), 1U);
  EXPECT_EQ(box.count(Reason::client_timeout), 0U);
  EXPECT_TRUE(stream.replica->over()) << "the replica's slot is free";
  box.expect_nothing_held();
}

// Bytes of a next request say nothing of the replies that it does not read.
TEST(ProxyTimeouts, WhoSendsNowAndThenAndReadsNothingIsGivenUp) {
  stream::StreamLimits limits = Box::small_limits();
  limits.tx_limit = 16 * 1024;
  Box box(1, probed_config(), limits);
  const Conn client = deaf_client(box);
  int rounds = 0;
  for (; rounds < 60 && box.proxy().clients() > 0; ++rounds) {
    client->send("G");
    box.advance(seconds(10));
  }
  EXPECT_LE(rounds, 13);
  EXPECT_EQ(box.count(Reason::keep_alive_timeout), 1U);
}

// Twelve hours of a healthy stream: tokens, pings while the model thinks, pauses just below the bound, a client that
// stops reading for a while. Nothing of this may end it.
TEST(ProxyTimeouts, NothingCutsAHealthyLongStream) {
  Box box;
  const Stream stream = open_stream(box);
  std::string sent;
  std::string got;
  const auto say = [&](std::string_view text) {
    stream.replica->send(chunk(text));
    sent += text;
    box.settle();
  };
  say(": thinking\n\n");
  const Instant end = box.now + seconds(12 * 3600);
  for (std::uint32_t round = 0; box.now < end; ++round) {
    if (round % 7 == 3) {
      for (int i = 0; i < 20; ++i) {
        say("data: token\n\n");
        box.advance(millis(50));
      }
    }
    const bool deaf = round % 5 == 4;
    stream.client->set_window(deaf ? 0 : UINT32_MAX);
    say(round % 3 == 0 ? ": ping\n\n" : "data: token\n\n");
    box.advance(deaf ? seconds(115) : millis(119'900));
    got += take(stream.client);
    ASSERT_FALSE(stream.client->over()) << "round " << round;
    ASSERT_FALSE(stream.replica->over()) << "round " << round;
  }
  stream.client->set_window(UINT32_MAX);
  stream.replica->send("0\r\n\r\n");
  box.settle();
  got += take(stream.client);
  EXPECT_TRUE(got.ends_with("0\r\n\r\n"));
  std::string body;
  for (std::size_t at = got.find("\r\n\r\n") + 4; at < got.size();) {
    const std::size_t size = std::stoul(got.substr(at), nullptr, 16);
    at = got.find("\r\n", at) + 2;
    body += got.substr(at, size);
    at += size + 2;
  }
  EXPECT_EQ(body, sent);
  box.expect_nothing_held();
}

}  // namespace
}  // namespace wp::test
