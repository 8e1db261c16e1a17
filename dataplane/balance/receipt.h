// What a reply said of the tokens that its request took: the truth behind an estimate, once the exchange is over.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/balance/replica_ref.h"

namespace wp::balance {

// What was sent from here was not asked for.
inline constexpr std::uint32_t kNotKnown = UINT32_MAX;

struct Receipt {
  ReplicaRef replica;
  std::uint32_t pool = 0;              // Pool::id
  std::uint64_t canonical_bytes = 0;   // of the prompt, Features::canonical_bytes
  std::uint64_t last_rung = 0;         // hash of the prompt's; 0: it has none
  std::uint32_t estimated_tokens = 0;  // of the prompt, as it was charged
  std::uint32_t expected_cached = 0;   // as the pick believed, and by an entry of what age (Pick)
  std::uint32_t expected_age = 0;
  std::uint32_t known_cached = kNotKnown;  // that anybody may have had of what was sent from here (Pick::known)
  std::uint32_t prompt_tokens = 0;         // of the whole prompt
  std::uint32_t completion_tokens = 0;
  std::optional<std::uint32_t> cached_tokens = {};  // of the prompt; absent: unknown
};

}  // namespace wp::balance
