// What an operator writes to name a replica, read into its parts: `http://host:port`, bare `host:port`, IPv6 in
// brackets, and optional settings after a comma (`http://gpu-1:8000,weight=200,priority=1`).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/endpoint.h"

namespace wp::control {

inline constexpr std::uint32_t kDefaultWeight = 100;
inline constexpr std::uint32_t kMaxPriority = 255;

struct ReplicaSpec {
  std::string name;       // "host:port", lower case, IPv6 in brackets and in RFC 5952 form: the replica's identity
  std::string host;       // what to look up; without brackets
  std::string authority;  // the Host field (RFC 9110 section 7.2): the port is left out when it is 80
  std::uint16_t port = 0;
  std::uint32_t weight = kDefaultWeight;
  std::uint8_t priority = 0;
  std::uint16_t kv_events = 0;      // port where its engine publishes what happens in its KV cache; 0: none
  std::uint16_t kv_replay = 0;      // port where what was published can be asked for again; 0: none
  std::optional<Endpoint> literal;  // set when the host is an address, which is never looked up
  std::string pool;                 // empty: the first
};

// The error is one clear line that quotes `text`.
[[nodiscard]] std::expected<ReplicaSpec, std::string> parse_replica_spec(std::string_view text);

}  // namespace wp::control
