// What a reply said of the tokens that its request took: the truth behind an estimate, once the exchange is over.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/balance/replica_ref.h"

namespace wp::balance {

struct Receipt {
  ReplicaRef replica;
  std::uint32_t pool = 0;              // Pool::id
  std::uint64_t canonical_bytes = 0;   // of the prompt, Features::canonical_bytes
  std::uint32_t estimated_tokens = 0;  // of the prompt, as it was charged
  std::uint32_t expected_cached = 0;   // as the pick believed, and by an entry of what age (Pick)
  std::uint32_t expected_age = 0;
  std::uint32_t prompt_tokens = 0;  // of the whole prompt
  std::uint32_t completion_tokens = 0;
  std::optional<std::uint32_t> cached_tokens = {};  // of the prompt; absent: unknown
};

}  // namespace wp::balance
