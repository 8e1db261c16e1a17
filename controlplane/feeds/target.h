// What is scraped, as warmpathd lists it, and what is told of it, as warmpathd wants it. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/feeds/engine_facts.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace wp::feeds {

struct Target {
  std::string replica;  // its name, which is also its authority
  std::uint32_t generation = 0;
  std::vector<Endpoint> endpoints;
  std::string path;  // of its metrics; empty: it has none
  // Where its KV events are published and can be asked for again; 0: they are not to be read.
  std::uint16_t kv_events = 0;
  std::uint16_t kv_replay = 0;
};

// Those of GET /replicas that have an address, metrics or KV events to be read, and are not down. The error: it is no
// such list.
[[nodiscard]] std::expected<std::vector<Target>, std::string> read_targets(std::string_view body);

// What was read of a target, and when.
struct Reading {
  std::string replica;
  std::uint32_t generation = 0;
  EngineFacts facts;
  Instant read;
};

inline constexpr std::size_t kMaxReadings = 1024;  // of one body

// The body of POST /v1/reports.
[[nodiscard]] std::string write_reports(std::span<const Reading> readings, std::string_view reporter,
                                        std::uint64_t sequence, Instant now);

// What the answer to it refuses, a line each.
[[nodiscard]] std::vector<std::string> read_refusals(std::string_view body);

}  // namespace wp::feeds
