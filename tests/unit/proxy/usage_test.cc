// What replies say of their tokens, as the accounts and the access log have it.
#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

constexpr std::string_view kJson = "Content-Type: application/json\r\n";

// What chunks carry; they must be whole.
std::string unchunked(std::string_view body) {
  http::BodyReader reader;
  reader.begin(http::Framing::chunked, 0, Fault::replica);
  std::string payload;
  while (!body.empty()) {
    const auto step = reader.feed(stream::as_bytes(body));
    if (!step || step->taken == 0) break;
    payload += stream::as_text(step->payload);
    body.remove_prefix(step->taken);
  }
  EXPECT_TRUE(reader.done() && body.empty());
  return payload;
}

class UsageBox : public Box {
 public:
  UsageBox() : Box(1, logging()) {}

  // One request and the bytes of its reply; what the client gets.
  std::string exchange(const std::string& request, const std::string& reply, std::size_t piece = SIZE_MAX) {
    const Conn from = client();
    from->send(request);
    settle();
    for (const Conn& fresh : accepted()) replica_ = fresh;
    asked_ = take(replica_);
    for (std::size_t at = 0; at < reply.size(); at += piece) {
      replica_->send(reply.substr(at, piece));
      settle();
    }
    from->finish();
    settle();
    return take(from);
  }

  // The last request, as the replica got it.
  [[nodiscard]] const std::string& asked() const { return asked_; }
  balance::TokenTable::Figures figures() { return accounts().tokens().figures(0); }
  AccessRecord record() {
    AccessRecord last;
    mailbox().access.drain(UINT32_MAX, [&](const AccessRecord& record) { last = record; });
    return last;
  }

 private:
  static proxy::ProxyConfig logging() {
    proxy::ProxyConfig config = default_config();
    config.access_records = 64;
    return config;
  }
  Conn replica_;
  std::string asked_;
};

TEST(ProxyUsage, APlainReplyIsTheReceiptOfItsPrompt) {
  UsageBox box;
  const std::string reply = R"({"choices":[{"message":{"content":"\"usage\":{"}}],"usage":{"prompt_tokens":40,)"
                            R"("completion_tokens":3,"prompt_tokens_details":{"cached_tokens":32}}})";
  EXPECT_EQ(body_of(box.exchange(chat("x"), ok_reply(reply, kJson))), reply);
  const AccessRecord record = box.record();
  EXPECT_EQ(record.told_prompt_tokens, 40U);
  EXPECT_EQ(record.told_cached_tokens, 32U);
  EXPECT_EQ(record.told_completion_tokens, 3U);
  const auto figures = box.figures();
  EXPECT_EQ(figures.told, 1U);
  EXPECT_EQ(figures.known_tokens, 40U);
  EXPECT_EQ(figures.cached_tokens, 32U);
  EXPECT_EQ(figures.completion_tokens, 3U);
  EXPECT_EQ(figures.estimated_tokens, record.prompt_tokens);
  box.expect_nothing_held();
}

TEST(ProxyUsage, StreamsOfEveryApiTellItInTheirEvents) {
  struct Case {
    std::string_view path;
    std::string events;
  };
  const std::vector<Case> cases = {
      {"/v1/chat/completions",
       "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":{\"}}]}\n\n"
       "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":3,"
       "\"prompt_tokens_details\":{\"cached_tokens\":16}}}\n\ndata: [DONE]\n\n"},
      {"/v1/responses",
       "event: response.created\ndata: {\"response\":{\"usage\":null}}\n\n"
       "event: response.completed\r\ndata: {\"response\":{\"usage\":{\"input_tokens\":40,"
       "\"input_tokens_details\":{\"cached_tokens\":16},\"output_tokens\":3}}}\r\n\r\n"},
      {"/v1/messages",
       "event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":24,\"cache_read_input_tokens\":16,"
       "\"output_tokens\":1}}}\n\n"
       "event: message_delta\ndata: {\"delta\":{},\"usage\":{\"output_tokens\":3}}\n\n"},
  };
  for (const Case& about : cases) {
    for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{23}}) {
      UsageBox box;
      const std::string request = post(about.path, R"({"model":"m","stream":true,"max_tokens":9,"input":"x",)"
                                                   R"("messages":[{"role":"user","content":"x"}]})");
      box.exchange(request, kStreamHead + chunk(about.events) + "0\r\n\r\n", piece);
      const AccessRecord record = box.record();
      EXPECT_EQ(record.told_prompt_tokens, 40U) << about.path << piece;
      EXPECT_EQ(record.told_cached_tokens, 16U) << about.path << piece;
      EXPECT_EQ(record.told_completion_tokens, 3U) << about.path << piece;
    }
  }
}

TEST(ProxyUsage, SilenceOnCachedTokensIsUnknownUntilOnceTold) {
  UsageBox box;
  const std::string silent = ok_reply(R"({"usage":{"prompt_tokens":40}})", kJson);
  box.exchange(chat("x"), silent);
  EXPECT_EQ(box.record().told_cached_tokens, kNotTold);
  EXPECT_EQ(box.figures().unknown_tokens, 40U);
  box.exchange(chat("x"),
               ok_reply(R"({"usage":{"prompt_tokens":40,"prompt_tokens_details":{"cached_tokens":8}}})", kJson));
  box.exchange(chat("x"), silent);
  EXPECT_EQ(box.record().told_cached_tokens, 0U);
  EXPECT_EQ(box.figures().known_tokens, 80U);
}

TEST(ProxyUsage, OnlyGoodRepliesOfTheApisAreRead) {
  UsageBox box;
  const std::string usage = R"({"usage":{"prompt_tokens":40}})";
  box.exchange("GET /v1/other HTTP/1.1\r\nHost: x\r\n\r\n", ok_reply(usage, kJson));
  box.exchange(chat("x"), "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: " +
                              std::to_string(usage.size()) + "\r\n\r\n" + usage);
  box.exchange(chat("x"), ok_reply(usage, "Content-Encoding: gzip\r\nContent-Type: application/json\r\n"));
  box.exchange(chat("x"), ok_reply(usage, "Content-Type: text/plain\r\n"));
  EXPECT_EQ(box.figures().told, 0U);
  EXPECT_EQ(box.figures().untold, 0U);
  box.exchange(chat("x"), ok_reply("{}", kJson));
  EXPECT_EQ(box.figures().untold, 1U);
  EXPECT_EQ(box.record().told_prompt_tokens, kNotTold);
}

TEST(ProxyUsage, TheNextPickIsChargedByWhatRepliesSaid) {
  UsageBox box;
  const std::string request = chat(std::string(3000, 'x'));
  box.exchange(request, ok_reply(R"({"usage":{"prompt_tokens":1000}})", kJson));
  const std::uint32_t first = box.record().prompt_tokens;
  EXPECT_LT(first, 800U);
  for (int i = 0; i < 20; ++i) box.exchange(request, ok_reply(R"({"usage":{"prompt_tokens":1000}})", kJson));
  const Conn client = box.client();
  client->send(request);
  box.settle();
  EXPECT_NEAR(static_cast<double>(box.accounts().load(0).prefill), 1000.0, 20.0);
  client->reset();
  box.expect_nothing_held();
}

TEST(ProxyUsage, WhatWasToldBeforeACutStillCounts) {
  UsageBox box;
  const Conn client = box.client();
  client->send(post("/v1/messages", R"({"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]})"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(kStreamHead + chunk("data: {\"message\":{\"usage\":{\"input_tokens\":24}}}\n\n"));
  box.settle();
  client->reset();
  box.settle();
  EXPECT_EQ(box.figures().told, 1U);
  EXPECT_EQ(box.figures().unknown_tokens, 24U);
}

TEST(ProxyUsage, AStreamIsAskedForItsUsageAndHandedOnWithout) {
  const std::string body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]})";
  const std::string token = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
  const std::string usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":1}}\n\n";
  const std::string done = "data: [DONE]\n\n";
  for (const bool ask : {true, false}) {
    for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{50}}) {
      UsageBox box;
      box.publish([&](balance::Snapshot& next) { next.pools[0].ask_usage = ask; });
      const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ";
      const std::string events = token + usage + done;
      const std::string got = box.exchange(post("/v1/chat/completions", body),
                                           head + std::to_string(events.size()) + "\r\n\r\n" + events, piece);
      EXPECT_EQ(body_of(box.asked()), ask ? R"({"stream_options":{"include_usage":true},)" + body.substr(1) : body);
      EXPECT_NE(box.asked().find("Content-Length: " + std::to_string(body_of(box.asked()).size()) + "\r\n"),
                std::string::npos);
      EXPECT_EQ(got.find("chunked") != std::string::npos, ask) << "a length that is not known yet is not said";
      EXPECT_EQ(ask ? unchunked(body_of(got)) : body_of(got), ask ? token + done : events) << piece;
      const AccessRecord record = box.record();
      EXPECT_EQ(record.told_prompt_tokens, 40U);
      EXPECT_EQ(record.events, ask ? 2U : 3U);
      EXPECT_EQ(record.reply_bytes, ask ? token.size() + done.size() : events.size());
      EXPECT_EQ(box.proxy().counters().stream_events.value(), record.events);
      box.expect_nothing_held();
    }
  }
}

TEST(ProxyUsage, AnEventThatIsNeverFinishedGoesOnToTheEnd) {
  UsageBox box;
  const std::string request = post("/v1/completions", R"({"stream":true,"prompt":"x"})");
  const std::string got = box.exchange(request, kStreamHead + chunk("data: {\"choi") + "0\r\n\r\n");
  EXPECT_EQ(unchunked(body_of(got)), "data: {\"choi");
  const std::string failed = box.exchange(request, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(body_of(failed), "no");
  box.expect_nothing_held();
}

TEST(ProxyUsage, WhatIsHeldWhenAClientLeavesIsGivenBack) {
  UsageBox box;
  const Conn client = box.client();
  client->send(post("/v1/completions", R"({"stream":true,"prompt":"x"})"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(kStreamHead + chunk("data: {\"choi"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "");
  client->reset();
  box.expect_nothing_held();
}

}  // namespace
}  // namespace wp::test
