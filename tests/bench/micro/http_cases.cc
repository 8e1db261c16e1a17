#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "dataplane/base/assert.h"
#include "dataplane/http/body_reader.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/http/sse_scanner.h"
#include "dataplane/http/writer.h"
#include "dataplane/proxy/head_edit.h"
#include "tests/bench/micro/cases.h"

namespace wp::bench {
namespace {

constexpr std::uint32_t kRuns = 200;
constexpr std::uint32_t kEvents = 64;

// What the OpenAI SDK for Python sends.
constexpr std::string_view kRequest =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: inference.example.com\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Connection: keep-alive\r\n"
    "Accept: application/json\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: OpenAI/Python 1.55.0\r\n"
    "X-Stainless-Lang: python\r\n"
    "X-Stainless-Package-Version: 1.55.0\r\n"
    "X-Stainless-OS: Linux\r\n"
    "X-Stainless-Arch: x64\r\n"
    "X-Stainless-Runtime: CPython\r\n"
    "X-Stainless-Runtime-Version: 3.11.2\r\n"
    "Authorization: Bearer sk-bench-000000000000000000000000\r\n"
    "X-Session-ID: 7d9a0c5e-5d0e-4f0a-9a51-0c3f5c1b2a77\r\n"
    "X-Stainless-Retry-Count: 0\r\n"
    "Content-Length: 4096\r\n"
    "\r\n";

// What vLLM's server answers a stream with.
constexpr std::string_view kReply =
    "HTTP/1.1 200 OK\r\n"
    "date: Sat, 01 Nov 2025 12:00:00 GMT\r\n"
    "server: uvicorn\r\n"
    "content-type: text/event-stream; charset=utf-8\r\n"
    "x-request-id: 4f6c9f7f2f4d4b0f8a0e\r\n"
    "transfer-encoding: chunked\r\n"
    "\r\n";

constexpr std::string_view kEvent =
    "data: {\"id\":\"chatcmpl-4f6c9f7f2f4d4b0f8a0e\",\"object\":\"chat.completion.chunk\",\"created\":1761998400,"
    "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" warm\"},\"logprobs\":null,"
    "\"finish_reason\":null}]}\n\n";

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

template <class Reader>
std::uint64_t read_whole(Reader& reader, std::string_view text) {
  std::uint32_t taken = 0;
  const auto progress = reader.feed(bytes_of(text), taken);
  WP_ASSERT(progress.has_value() && *progress == http::Progress::complete);
  return reader.head().field_count + taken;
}

// A reader with a buffer of its own.
template <class Reader>
struct Reading {
  Reader reader{http::HeadLimits{}};
  std::array<char, 16 * 1024> buffer{};
};

void add_requests(std::vector<Case>& cases) {
  const auto request = std::make_shared<Reading<http::RequestHeadReader>>();
  cases.push_back({"http/request_head", kRuns, kRequest.size(), [request] {
                     request->reader.begin(request->buffer);
                     return read_whole(request->reader, kRequest);
                   }});
  const auto read = std::make_shared<Reading<http::RequestHeadReader>>();
  read->reader.begin(read->buffer);
  static_cast<void>(read_whole(read->reader, kRequest));
  cases.push_back({"proxy/upstream_request", kRuns, kRequest.size(), [read] {
                     std::array<std::byte, 2048> room;
                     http::Writer out(room);
                     proxy::write_upstream_request(out, read->reader.head(), {"10.1.2.3:8000", "192.0.2.7", 4096});
                     return std::uint64_t{out.size()};
                   }});
}

void add_replies(std::vector<Case>& cases) {
  const auto reply = std::make_shared<Reading<http::ReplyHeadReader>>();
  cases.push_back({"http/reply_head", kRuns, kReply.size(), [reply] {
                     reply->reader.begin(reply->buffer, http::Method::post);
                     return read_whole(reply->reader, kReply);
                   }});
  const auto read = std::make_shared<Reading<http::ReplyHeadReader>>();
  read->reader.begin(read->buffer, http::Method::post);
  static_cast<void>(read_whole(read->reader, kReply));
  cases.push_back({"proxy/client_reply", kRuns, kReply.size(), [read] {
                     std::array<std::byte, 2048> room;
                     http::Writer out(room);
                     proxy::ReplyEdit edit;
                     edit.framing = http::Framing::chunked;
                     edit.decision = "session";
                     edit.replica = "10.1.2.3:8000";
                     proxy::write_client_reply(out, read->reader.head(), edit);
                     return std::uint64_t{out.size()};
                   }});
}

// One chunk an event, as servers that flush each of them write.
std::string chunked_events() {
  std::array<std::byte, 32> line;
  std::string all;
  for (std::uint32_t i = 0; i < kEvents; ++i) {
    http::Writer out(line);
    http::write_chunk_start(out, kEvent.size());
    all.append(reinterpret_cast<const char*>(line.data()), out.size());
    all += kEvent;
    all += http::kChunkEnd;
  }
  all += http::kLastChunk;
  return all;
}

std::uint64_t decode(std::string_view framed) {
  http::BodyReader reader;
  reader.begin(http::Framing::chunked, 0, Fault::replica);
  std::uint64_t payload = 0;
  auto left = bytes_of(framed);
  while (!reader.done()) {
    const auto step = reader.feed(left);
    WP_ASSERT(step.has_value() && step->taken > 0);
    payload += step->payload.size();
    left = left.subspan(step->taken);
  }
  return payload;
}

}  // namespace

void add_http_cases(std::vector<Case>& cases) {
  add_requests(cases);
  add_replies(cases);
  const std::string framed = chunked_events();
  cases.push_back({"http/chunked_decode", kRuns / 10, framed.size(), [framed] { return decode(framed); }});
  std::string events;
  for (std::uint32_t i = 0; i < kEvents; ++i) events += kEvent;
  cases.push_back({"http/sse_scan", kRuns / 10, events.size(), [events] {
                     http::SseScanner scanner;
                     return std::uint64_t{scanner.feed(bytes_of(events))};
                   }});
}

}  // namespace wp::bench
