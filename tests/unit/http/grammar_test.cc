// Every byte value at every place of whole messages: inserted, and instead of what stands there; and every byte left
// out. Whatever the readers accept must be HTTP by the grammar, written down independently, and must mean the same.
#include "tests/unit/http/grammar.h"

#include <array>

#include <gtest/gtest.h>

#include "tests/unit/http/transcript.h"

namespace wp::http::test {
namespace {

constexpr HeadLimits kSmallLimits{512, 128, 16};  // small: every message gets a buffer of its own

struct Sample {
  const char* name;
  Role role;
  std::string bytes;
};

const std::string kNext = "GET /next HTTP/1.1\r\nHost: b\r\n\r\n";
const std::string kNextReply = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nN";

const std::array kSamples = {
    Sample{"Length", Role::requests,
           "POST /v1/x?y=%20z HTTP/1.1\r\nHost: a:8000\r\nX-A:  b c \r\nContent-Length: 3\r\n\r\nabc" + kNext},
    Sample{"Chunks", Role::requests,
           "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3;a=b;c=\"d\\\"\"\r\nabc\r\n0a\r\n0123456789\r\n0\r\nX-T: u\r\n\r\n" +
               kNext},
    Sample{"Absolute", Role::requests, "OPTIONS http://[::1]:80?q HTTP/1.1\r\nHost: [::1]\r\nX:y\r\n\r\n" + kNext},
    Sample{"Hops", Role::requests,
           "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Mine, keep-alive\r\nX-Mine: 1\r\nTE: trailers\r\n"
           "Expect: 100-continue\r\nUpgrade: h2c\r\n\r\n" +
               kNext},
    Sample{"Old", Role::requests, "\r\nHEAD / HTTP/1.0\r\nConnection: keep-alive\r\nX-A: b\r\n\r\n" + kNext},
    Sample{"ReplyLength", Role::replies,
           "HTTP/1.1 200 Very OK\r\nServer: s\r\nContent-Length: 03\r\nConnection: X-Own\r\nX-Own: 1\r\n\r\nabc" +
               kNextReply},
    Sample{"ReplyChunks", Role::replies,
           "HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n0\r\nX-T: u\r\n\r\n" + kNextReply},
    Sample{"ReplyInterim", Role::replies,
           "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 204\r\nX: y\r\n\r\n" + kNextReply},
    Sample{"ReplyNotModified", Role::replies, "HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\n" + kNextReply},
    Sample{"ReplyUntilClose", Role::replies, "HTTP/1.0 200 OK\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"},
    Sample{"ReplyToHead", Role::replies_to_head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\n" + kNextReply},
};

Terms terms_of(Role role) {
  return {role != Role::requests, role == Role::replies_to_head ? Method::head : Method::post, kSmallLimits};
}

// How many messages the readers accepted; each must be the grammar's.
std::size_t judge(const Sample& sample, const std::string& bytes) {
  const Transcript read = read_whole(terms_of(sample.role), bytes);
  const std::vector<Meaning> meant = read_by_grammar(bytes, sample.role);
  std::size_t accepted = 0;
  for (const Message& message : read.messages) {
    if (!message.complete) break;
    EXPECT_LT(accepted, meant.size()) << "accepted, but no message by the grammar:\n" << bytes;
    if (accepted >= meant.size()) break;
    const Meaning& meaning = meant[accepted++];
    EXPECT_EQ(message.forwarded, meaning.forwarded) << bytes;
    EXPECT_EQ(message.payload, meaning.payload) << bytes;
    EXPECT_EQ(message.end, meaning.end) << bytes;
  }
  return accepted;
}

class EveryPlace : public testing::TestWithParam<Sample> {};

TEST_P(EveryPlace, IsReadAsTheGrammarReadsItOrRefused) {
  const Sample& sample = GetParam();
  const std::size_t whole = judge(sample, sample.bytes);
  ASSERT_GE(whole, 1U);
  std::size_t changed = 0;
  std::size_t kept = 0;
  const auto try_it = [&](const std::string& bytes) {
    ++changed;
    if (judge(sample, bytes) >= whole) ++kept;
  };
  for (std::size_t at = 0; at < sample.bytes.size() && !testing::Test::HasFailure(); ++at) {
    std::string bytes = sample.bytes;
    try_it(bytes.erase(at, 1));
    for (int value = 0; value < 256; ++value) {
      bytes = sample.bytes;
      try_it(bytes.insert(at, 1, static_cast<char>(value)));
      bytes = sample.bytes;
      bytes[at] = static_cast<char>(value);
      try_it(bytes);
    }
  }
  EXPECT_GT(kept, changed / 50) << "hardly anything is accepted: this shows nothing";
  EXPECT_LT(kept, changed);
}

INSTANTIATE_TEST_SUITE_P(Samples, EveryPlace, testing::ValuesIn(kSamples),
                         [](const auto& about) { return std::string(about.param.name); });

// The oracle must not be one that accepts nothing, or everything.
TEST(Grammar, ReadsWhatIsPlain) {
  const std::vector<Meaning> read = read_by_grammar(
      "GET http://a/x HTTP/1.1\r\nHOST: A:80\r\nConnection: x-b,close\r\nX-A:\t b \r\nX-B: c\r\n\r\n", Role::requests);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].forwarded, "GET /x HTTP/1.1\r\nHost: A:80\r\nX-A: b\r\n\r\n");
  const std::vector<Meaning> reply =
      read_by_grammar("HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nrest", Role::replies);
  ASSERT_EQ(reply.size(), 1U);
  EXPECT_EQ(reply[0].forwarded, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(reply[0].payload, "ab");
}

TEST(Grammar, RefusesWhatIsAmbiguous) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const std::string& bytes :
       {post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", post + "Content-Length: +1\r\n\r\na",
        post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", post + "X : y\r\n\r\n",
        post + "X: y\r\n z\r\n\r\n", post + "X: y\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n", std::string("GET / HTTP/1.1\r\n\r\n"),
        std::string("GET /\r\n\r\n"), post + "Host: a\r\n\r\n"}) {
    EXPECT_TRUE(read_by_grammar(bytes, Role::requests).empty()) << bytes;
  }
}

}  // namespace
}  // namespace wp::http::test
