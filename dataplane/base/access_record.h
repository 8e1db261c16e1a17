// What is known of one request when it is over: a flat value that a shard fills while the request runs and hands over
// once. It holds no prompt, no credential and no session id: of those, keyed hashes only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "dataplane/base/endpoint.h"
#include "dataplane/base/reasons.h"
#include "dataplane/base/time.h"

namespace wp {

// Text of up to N - 1 bytes in place; longer text is cut.
template <std::size_t N>
struct BoundedText {
  static_assert(N > 1 && N <= 256);

  void assign(std::string_view text) {
    length = static_cast<std::uint8_t>(std::min(text.size(), N - 1));
    std::copy_n(text.data(), length, data);
  }
  [[nodiscard]] std::string_view view() const { return {data, length}; }

  std::uint8_t length = 0;
  char data[N - 1];  // behind `length` bytes whatever was there
};

// How far a request came.
enum class RequestPhase : std::uint8_t {
  head,     // its head is being read
  body,     // its body is being read and understood
  pick,     // a replica is being chosen
  connect,  // a connection to the replica is being opened
  wait,     // sent: the head of the reply is awaited
  reply,    // the reply is being handed on
  done,     // its last byte was
};

// A time that never came, such as the handshake of a connection that was there already.
inline constexpr Duration kNotReached{-1};

// A figure that no reply told.
inline constexpr std::uint32_t kNotTold = UINT32_MAX;

struct AccessRecord {
  Instant start;  // the first byte of the request was seen
  Endpoint client;
  std::uint64_t session = 0;      // keyed hash of session key and credential; 0: none was sent
  std::uint64_t first_chunk = 0;  // keyed hash of the prompt's beginning; 0: not read or not needed
  std::uint64_t reply_bytes = 0;  // of the replica's body, as handed on; 0 for answers of our own
  Duration head = kNotReached;    // first byte of the request to the end of its head
  Duration body = kNotReached;    // end of the head to the end of the body
  Duration connect = kNotReached;
  Duration first_byte = kNotReached;  // whole request to the first byte of the reply's body
  Duration longest_gap;               // between two pieces of the reply's body
  Duration total;
  Duration own;                     // in turns of the shard that moved this request or its reply, see RequestLog
  std::uint32_t request_bytes = 0;  // of the body
  std::uint32_t prompt_tokens = 0;  // estimated; 0: no prompt was read
  std::uint32_t events = 0;         // server-sent events handed on
  // What the reply said of its tokens.
  std::uint32_t told_prompt_tokens = kNotTold;
  std::uint32_t told_cached_tokens = kNotTold;
  std::uint32_t told_completion_tokens = kNotTold;
  std::uint16_t status = 0;        // 0: nothing was answered
  std::uint8_t minor_version = 1;  // of HTTP/1.x
  std::uint8_t attempts = 0;       // times it was sent to a replica
  Reason reason = Reason::none;    // why it ended, unless it ended well
  Reason decision = Reason::none;  // why the last replica was picked
  RequestPhase phase = RequestPhase::head;
  bool reused = false;  // the last attempt went out on a connection that was there already

  BoundedText<8> method;
  BoundedText<64> path;  // the API's word, or the path of another request, without its query
  BoundedText<64> model;
  BoundedText<32> pool;
  BoundedText<64> replica;  // the last one tried
};
static_assert(std::is_trivially_copyable_v<AccessRecord>);
static_assert(sizeof(AccessRecord) <= 384, "six cache lines for each request under way and each place in a ring");

}  // namespace wp
