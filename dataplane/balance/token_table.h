// What replies said of tokens, global over the shards: sums by pool for the counters, how many bytes of the canonical
// stream make a token there, and which replicas tell how much of a prompt was cached. Relaxed atomics, a few for each
// reply; every figure stands for itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/balance/receipt.h"
#include "dataplane/balance/replica_ref.h"
#include "dataplane/prompt/features.h"

namespace wp::balance {

class TokenTable {
 public:
  TokenTable(std::uint32_t max_replicas, std::uint32_t max_pools);

  // Any thread.

  // Tokens of a prompt of so many bytes of canonical stream, as the pool's replies were; at least 1.
  [[nodiscard]] std::uint32_t estimate(std::uint32_t pool, std::uint64_t canonical_bytes) const;
  // Begins with prompt::kBytesPerToken.
  [[nodiscard]] double bytes_per_token(std::uint32_t pool) const;

  // How much of the prompt was cached, `told` being what the reply says. Engines leave a zero out, and some say nothing
  // until they are started with a flag; so silence is unknown (absent) until that replica has once told it for that
  // API, and zero afterwards.
  [[nodiscard]] std::optional<std::uint32_t> cached(ReplicaRef replica, prompt::Api api,
                                                    std::optional<std::uint32_t> told);

  // Whether it has told cached tokens in any API.
  [[nodiscard]] bool tells(ReplicaRef replica) const;
  // The replica's engine started anew, perhaps with other flags: its silence is unknown again.
  void restarted(std::uint32_t replica_id);

  void apply(const Receipt& receipt);
  // A reply that came whole and did not tell its usage.
  void count_untold(std::uint32_t pool);

  struct Figures {
    std::uint64_t told = 0;  // replies
    std::uint64_t untold = 0;
    std::uint64_t estimated_tokens = 0;  // of the prompts of replies that told their usage, and their true number:
    std::uint64_t known_tokens = 0;      // where it is known how many of them were cached
    std::uint64_t unknown_tokens = 0;    // where it is not
    std::uint64_t cached_tokens = 0;     // of known_tokens
    std::uint64_t completion_tokens = 0;
  };
  [[nodiscard]] Figures figures(std::uint32_t pool) const;

  // Another pool has the id from now on; nobody may be applying receipts to it.
  void reset(std::uint32_t pool);

 private:
  // A running ratio in one word: sums that are halved when they get long, so that about the last million tokens count.
  struct Ratio {
    float bytes = 0;
    float tokens = 0;
  };
  static_assert(std::atomic<Ratio>::is_always_lock_free);

  struct alignas(64) Pool {
    std::atomic<Ratio> ratio;
    std::atomic<std::uint64_t> told{0};
    std::atomic<std::uint64_t> untold{0};
    std::atomic<std::uint64_t> estimated_tokens{0};
    std::atomic<std::uint64_t> known_tokens{0};
    std::atomic<std::uint64_t> unknown_tokens{0};
    std::atomic<std::uint64_t> cached_tokens{0};
    std::atomic<std::uint64_t> completion_tokens{0};
  };

  void learn(Pool& pool, const Receipt& receipt);

  std::uint32_t max_replicas_;
  std::uint32_t max_pools_;
  // By replica id: the generation that told cached tokens, and a bit for each API that it did so for.
  std::unique_ptr<std::atomic<std::uint64_t>[]> tellers_;
  std::unique_ptr<Pool[]> pools_;
};

}  // namespace wp::balance
