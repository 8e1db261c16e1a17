// Every byte value at every place of a framing field, its neighbours and a chunk line: inserted and in place of what
// stands there. Whatever is accepted must mean one thing: what is written anew from it is read as the same message by a
// reader that knows nothing but the plainest HTTP, written here.
#include <optional>

#include <gtest/gtest.h>

#include "tests/unit/http/transcript.h"

namespace wp::http::test {
namespace {

constexpr HeadLimits kLimits{512, 128, 16};  // small: every message gets a buffer of its own

struct Plain {
  std::string method;
  std::string target;
  std::string body;
};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

std::string framed(const Message& message) {
  const std::size_t end = message.forwarded.find("\r\n\r\n");
  std::string bytes = message.forwarded.substr(0, end + 4);
  if (lower(bytes).find("\r\ntransfer-encoding: ") != std::string::npos) {
    char size[24];
    if (!message.payload.empty()) {
      snprintf(size, sizeof size, "%zx\r\n", message.payload.size());
      bytes += size + message.payload + "\r\n";
    }
    return bytes + "0\r\n\r\n";
  }
  return bytes + message.payload;
}

// The whole input as one message in the one spelling there is: nothing else is understood.
std::optional<Plain> read_plainly(const std::string& bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  Plain plain;
  std::optional<std::size_t> length;
  bool chunked = false;
  std::size_t at = 0;
  for (bool first = true; at < end + 2; first = false) {
    const std::size_t stop = bytes.find("\r\n", at);
    const std::string line = bytes.substr(at, stop - at);
    at = stop + 2;
    if (line.find_first_of(std::string("\r\n\0", 3)) != std::string::npos) return std::nullopt;
    if (first) {
      const std::size_t space = line.find(' ');
      const std::size_t second = line.find(' ', space + 1);
      if (second == std::string::npos || line.substr(second) != " HTTP/1.1") return std::nullopt;
      plain.method = line.substr(0, space);
      plain.target = line.substr(space + 1, second - space - 1);
      continue;
    }
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos || colon == 0) return std::nullopt;
    const std::string name = lower(line.substr(0, colon));
    if (name.find_first_of(" \t") != std::string::npos) return std::nullopt;
    const std::string value = line.substr(colon + 2);
    if (name == "content-length") {
      if (length || value.empty() || value.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
      length = std::stoul(value);
    }
    if (name == "transfer-encoding") {
      if (chunked || value != "chunked") return std::nullopt;
      chunked = true;
    }
  }
  const std::string rest = bytes.substr(end + 4);
  if (!chunked) {
    if (rest.size() != length.value_or(0)) return std::nullopt;
    plain.body = rest;
    return plain;
  }
  if (length) return std::nullopt;
  if (rest == "0\r\n\r\n") return plain;
  const std::size_t stop = rest.find("\r\n");
  const std::size_t size = std::stoul(rest.substr(0, stop), nullptr, 16);
  plain.body = rest.substr(stop + 2, size);
  return rest.substr(stop + 2 + size) == "\r\n0\r\n\r\n" ? std::optional(plain) : std::nullopt;
}

struct Tally {
  std::uint32_t accepted = 0;
  std::uint32_t refused = 0;
};

// What must hold of any bytes at all.
void judge(const Terms& terms, const std::string& bytes, Tally& tally) {
  const Transcript read = read_whole(terms, bytes);
  const Transcript cut = read_in_pieces(terms, bytes, 1);
  ASSERT_EQ(read, cut) << describe(read) << "--- byte by byte:\n" << describe(cut);
  ++(read.error ? tally.refused : tally.accepted);
  for (const Message& message : read.messages) {
    if (!message.complete) continue;
    std::string again = framed(message);
    if (terms.replies) continue;
    const std::optional<Plain> plain = read_plainly(again);
    ASSERT_TRUE(plain) << "accepted, but what is forwarded is out of shape:\n" << again;
    ASSERT_EQ(plain->body, message.payload) << again;
    ASSERT_NE(message.head.find(plain->method + " target [" + plain->target + "]"), std::string::npos) << again;
  }
}

// Every byte value inserted before, and in place of, each byte of [from, to).
Tally try_every_byte(const Terms& terms, const std::string& bytes, std::size_t from, std::size_t to) {
  Tally tally;
  for (std::size_t at = from; at <= to && !testing::Test::HasFatalFailure(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string inserted = bytes;
      inserted.insert(at, 1, static_cast<char>(value));
      judge(terms, inserted, tally);
      if (at == to) continue;
      std::string replaced = bytes;
      replaced[at] = static_cast<char>(value);
      judge(terms, replaced, tally);
    }
  }
  return tally;
}

// Inside one head: `line` alone may change, with the line end before it.
Tally try_line(const std::string& before, const std::string& line, const std::string& after, bool replies = false) {
  const Terms terms{replies, Method::post, kLimits};
  const std::string bytes = before + line + after;
  return try_every_byte(terms, bytes, before.size() - 2, before.size() + line.size());
}

constexpr const char* kStart = "POST /x HTTP/1.1\r\nHost: a\r\n";
constexpr const char* kChunks = "\r\n1\r\nZ\r\n0\r\n\r\n";

TEST(EveryByte, AroundTransferEncoding) {
  const Tally tally = try_line(kStart, "Transfer-Encoding: chunked\r\n", kChunks);
  EXPECT_GT(tally.accepted, 100U);
  EXPECT_GT(tally.refused, 8000U);
}

TEST(EveryByte, AroundTransferEncodingBesideALength) {
  try_line(std::string(kStart) + "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "\r\n0\r\n\r\n");
  try_line(std::string(kStart) + "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n", "\r\n0\r\n\r\n");
}

TEST(EveryByte, AroundContentLength) {
  const Tally tally = try_line(kStart, "Content-Length: 4\r\n", "\r\nabcd");
  EXPECT_GT(tally.refused, 5000U);
}

TEST(EveryByte, AroundHost) {
  const Tally tally = try_line("GET /x HTTP/1.1\r\n", "Host: a\r\n", "\r\n");
  EXPECT_GT(tally.refused, 1500U);
}

TEST(EveryByte, AroundConnectionAndExpect) {
  try_line(kStart, "Connection: Content-Length\r\n", "Content-Length: 4\r\n\r\nabcd");
  try_line(kStart, "Expect: 100-continue\r\n", "Content-Length: 4\r\n\r\nabcd");
}

TEST(EveryByte, InTheRequestLine) {
  Tally tally = try_every_byte({false, Method::post, kLimits},
                               "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nZ", 0, 18);
  EXPECT_GT(tally.refused, 7000U);
  tally = try_every_byte({false, Method::post, kLimits}, "GET http://a:80/x?y HTTP/1.1\r\nHost: a:80\r\n\r\n", 0, 30);
  EXPECT_GT(tally.refused, 8000U);
}

TEST(EveryByte, InChunkLinesAndTrailers) {
  const std::string head = std::string(kStart) + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string body : {"1\r\nZ\r\n0\r\n\r\n", "1;a=b\r\nZ\r\n0\r\n\r\n", "1;a=\"b\"\r\nZ\r\n0\r\n\r\n",
                                 "1\r\nZ\r\n0\r\nX-Sum: y\r\n\r\n", "1\r\nZ\r\n00;x\r\n\r\n"}) {
    const std::string bytes = head + body + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    const Tally tally = try_every_byte({false, Method::post, kLimits}, bytes, head.size(), head.size() + body.size());
    EXPECT_GT(tally.refused, 2000U) << body;
  }
}

TEST(EveryByte, InReplies) {
  const std::string start = "HTTP/1.1 200 OK\r\n";
  try_line(start, "Transfer-Encoding: chunked\r\n", kChunks, true);
  try_line(start, "Content-Length: 4\r\n", "\r\nabcd", true);
  const Terms terms{true, Method::post, kLimits};
  const Tally tally = try_every_byte(terms, start + "Content-Length: 1\r\n\r\nZ", 0, start.size());
  EXPECT_GT(tally.refused, 5000U);
}

}  // namespace
}  // namespace wp::http::test
