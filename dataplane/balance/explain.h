// A pick told, for operators: what the strategy asked the ring, whom it looked at and what it saw there. The same code
// picks; shards pass no Explanation, and pay for none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/balance/pick.h"

namespace wp::balance {

// What the ring was asked with.
enum class KeyKind : std::uint8_t { none, session, derived_session, first_chunk, rung };

[[nodiscard]] std::string_view word(KeyKind kind);

// What a strategy that weighs replicas against each other expects of one.
struct Estimate {
  std::uint32_t cached = 0;  // tokens of the prompt that the replica is believed to hold
  double queue = 0;          // what it has to do before, in tokens
  double cost = 0;           // what the strategy compares; less is better
};

struct Considered {
  const Replica* replica = nullptr;
  std::optional<std::size_t> place = {};  // on the ring's walk
  Load load = {};
  Load bound = {};      // the most that each account may hold before the charge
  bool within = false;  // both are
  std::optional<Estimate> estimate = {};
};

struct Explanation {
  Pick pick;
  // What the ring is asked with; none where there is no ring, or nothing to ask with.
  KeyKind key_kind = KeyKind::none;
  std::uint64_t key = 0;
  // The ring's walk, then whomever else the strategy weighed, then the others of the pool, kMost in all.
  static constexpr std::size_t kMost = 64;
  std::vector<Considered> considered;
  std::size_t left_out = 0;  // of the pool

  // What a strategy calls that asks with another key than `prefix` does, or weighs.
  void asked_ring(KeyKind kind, std::uint64_t with) {
    key_kind = kind;
    key = with;
  }
  void weighed(const Replica& replica, const Estimate& estimate) { at(replica).estimate = estimate; }

  // The replica's entry, made where there is none.
  [[nodiscard]] Considered& at(const Replica& replica);
};

// What pick(input) would answer now, and why. Charges nothing; allocates.
[[nodiscard]] Explanation explain(PickInput input);

}  // namespace wp::balance
