// What a run has measured: how each request ended, and how long everything took.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tools/load/samples.h"

namespace wp::load {

// How a request ended. Only `ok` is a success; nothing is ever sent again.
enum class Outcome : std::uint8_t {
  ok,              // 200, complete, and every byte as expected
  status,          // another status
  wrong_bytes,     // 200, but not the reply that this request has
  bad_reply,       // no HTTP/1.1 that can be read
  cut,             // the connection ended inside the reply
  closed,          // or before it
  connect_failed,  // no connection came about
  timed_out,       // not complete in time
  unfinished,      // still on its way when the run was over
  not_sent,        // its time came and went without a free connection
};
inline constexpr std::size_t kOutcomes = 10;

[[nodiscard]] std::string_view word(Outcome outcome);

struct ReplicaTally {
  std::uint64_t requests = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;
};

// Latencies count from when a request was meant to be sent. In an open loop that is the arrival that was drawn, so that
// a server that makes requests wait cannot hide it (coordinated omission).
struct Tally {
  std::array<std::uint64_t, kOutcomes> outcomes{};
  std::map<std::uint16_t, std::uint64_t> statuses;  // other than 200
  std::uint64_t sent = 0;
  std::uint64_t connections = 0;  // opened
  std::uint64_t bytes_sent = 0;   // of bodies
  std::uint64_t bytes_received = 0;
  std::uint64_t tokens = 0;  // events that brought text
  Samples late;              // sent after it was meant to be
  Samples first_byte;
  Samples first_token;  // of streams
  Samples gap;          // between tokens of one stream
  Samples whole;
  Samples delay;  // of a piece of a stream, from the replica's writing it, where pieces say when that was
  std::map<std::string, ReplicaTally, std::less<>> replicas;  // by x-replica-name, of replies that were ok
  ReplicaTally all;                                           // whose prompt is known
  std::string first_flaw;                                     // of the first that was not ok

  void count(Outcome outcome, std::string_view flaw = {});
  [[nodiscard]] std::uint64_t of(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] std::uint64_t failed() const;
};

}  // namespace wp::load
