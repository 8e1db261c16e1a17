#include "dataplane/http/sse_scanner.h"

#include <string>

#include <gtest/gtest.h>

namespace wp::http {
namespace {

std::uint64_t count(std::string_view text) {
  SseScanner whole;
  const std::uint32_t events = whole.feed(std::as_bytes(std::span(text)));
  EXPECT_EQ(whole.events(), events);
  for (std::size_t at = 0; at <= text.size(); ++at) {
    SseScanner cut;
    const std::uint32_t first = cut.feed(std::as_bytes(std::span(text.substr(0, at))));
    const std::uint32_t second = cut.feed(std::as_bytes(std::span(text.substr(at))));
    EXPECT_EQ(first + second, events) << "cut at " << at;
  }
  SseScanner bytewise;
  for (const char& c : text) (void)bytewise.feed(std::as_bytes(std::span(&c, 1)));
  EXPECT_EQ(bytewise.events(), events);
  return events;
}

TEST(SseScanner, ABlankLineEndsAnEventWithData) {
  EXPECT_EQ(count("data: a\n\n"), 1U);
  EXPECT_EQ(count("data: a\n\ndata: b\n\n"), 2U);
  EXPECT_EQ(count("data: a\ndata: b\n\n"), 1U);
  EXPECT_EQ(count("event: x\ndata: a\nid: 1\n\n"), 1U);
  EXPECT_EQ(count("data: a\n"), 0U);
}

TEST(SseScanner, EventsWithoutDataDoNotCount) {
  EXPECT_EQ(count(": comment\n\n"), 0U);
  EXPECT_EQ(count("event: ping\n\n"), 0U);
  EXPECT_EQ(count("\n\n\n"), 0U);
  EXPECT_EQ(count("data: a\n\n\n\n"), 1U);
}

TEST(SseScanner, OnlyTheFieldNamedDataIsData) {
  EXPECT_EQ(count("data\n\n"), 1U);
  EXPECT_EQ(count("data:\n\n"), 1U);
  EXPECT_EQ(count("datax: a\n\n"), 0U);
  EXPECT_EQ(count("dat: a\n\n"), 0U);
  EXPECT_EQ(count("dat\n\n"), 0U);
  EXPECT_EQ(count(" data: a\n\n"), 0U);
  EXPECT_EQ(count("Data: a\n\n"), 0U);
  EXPECT_EQ(count("id: data: a\n\n"), 0U);
}

TEST(SseScanner, LinesEndInLfCrOrBoth) {
  EXPECT_EQ(count("data: a\r\n\r\n"), 1U);
  EXPECT_EQ(count("data: a\r\r"), 1U);
  EXPECT_EQ(count("data: a\r\n\n"), 1U);
  EXPECT_EQ(count("data: a\n\r\n"), 1U);
  EXPECT_EQ(count("data: a\r\n"), 0U);  // one line end, not two
  EXPECT_EQ(count("data: a\r\r\ndata: b\r\n\r\n"), 2U);
}

TEST(SseScanner, OtherControlsDoNotEndALine) {
  EXPECT_EQ(count(std::string_view("data: a\0\x0b\x7f\x1f b\n\n", 16)), 1U);
}

TEST(SseScanner, AByteOrderMarkAtTheStartIsSkipped) {
  EXPECT_EQ(count("\xef\xbb\xbf"
                  "data: a\n\n"),
            1U);
  EXPECT_EQ(count("\xef\xbb"
                  "data: a\n\n"),
            0U);
  EXPECT_EQ(count("\xef\xbb\xbf\xef\xbb\xbf"
                  "data: a\n\n"),
            0U);
  EXPECT_EQ(count("\xef\xbb\n\ndata: a\n\n"), 1U);
  EXPECT_EQ(count("data: a\n\n\xef\xbb\xbf"
                  "data: b\n\n"),
            1U);
}

// Everything that data lines say, a line feed behind each.
std::string data_of(std::string_view text, std::size_t piece) {
  SseScanner scanner;
  std::string data;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    std::string_view part = text.substr(at, piece);
    while (!part.empty()) {
      const SseScanner::Step step = scanner.step(std::as_bytes(std::span(part)));
      EXPECT_GT(step.taken, 0U);
      part.remove_prefix(step.taken);
      data += step.data;
      if (step.data_ended) data += '\n';
    }
  }
  return data;
}

TEST(SseScanner, WhatDataLinesSayIsHandedOnHoweverItIsCut) {
  const std::string_view text =
      "\xef\xbb\xbf"
      "event: data: no\ndata: one\ttwo\x01\x7f three\r\ndata:\ndata:x\r\r: data: no\ndata\nid: 1\ndata:  y\n\ndata: "
      "cut";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_EQ(data_of(text, piece), " one\ttwo\x01\x7f three\n\nx\n  y\n cut") << piece;
  }
}

TEST(SseScanner, AWholeDataLineComesInOnePiece) {
  SseScanner scanner;
  const std::string_view text = "data: {\"a\":1}\n\ndata: {}\n\n";
  const auto line = scanner.step(std::as_bytes(std::span(text)));
  EXPECT_EQ(line.data, " {\"a\":1}");
  EXPECT_TRUE(line.data_ended);
  EXPECT_FALSE(line.blank);
  const auto end = scanner.step(std::as_bytes(std::span(text.substr(line.taken))));
  EXPECT_EQ(end.taken, 1U);
  EXPECT_TRUE(end.data.empty());
  EXPECT_TRUE(end.blank);
  EXPECT_TRUE(end.event);
}

TEST(SseScanner, LongLinesAreOneEvent) {
  EXPECT_EQ(count("data: " + std::string(500, 'x') + "\n\n"), 1U);
}

}  // namespace
}  // namespace wp::http
