// A replica in simulated time: an LRU cache of prompt blocks, prefills one after the other in the order they came, and
// decoding at a fixed rate a stream, of at most `max_running` requests at a time.
//
// Because nothing overtakes, a request's whole life is known when it comes: take() says it at once, and what is found
// in the cache then is what would be found when its prefill begins. What the model leaves out: replies take no room in
// the cache, running requests pin nothing, and prefill and decoding do not slow each other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <span>
#include <unordered_set>
#include <vector>

#include "dataplane/base/time.h"
#include "tools/replica/kv_cache.h"

namespace wp::lab {

struct ReplicaModelConfig {
  std::uint64_t cache_tokens = 0;   // 0: endless
  double prefill_rate = 10'000;     // uncached prompt tokens a second
  double decode_rate = 50;          // tokens a second and stream
  Duration overhead = millis(10);   // part of every prefill, however much is cached
  std::uint32_t max_running = 256;  // prefilling and decoding together
};

// What becomes of one request.
struct Course {
  std::uint32_t cached_blocks = 0;
  std::uint32_t uncached_tokens = 0;
  Instant first_token;
  Instant finish;
};

class ReplicaModel {
 public:
  // `distinct_blocks`: of the whole trace; a cache that holds so many is endless.
  ReplicaModel(const ReplicaModelConfig& config, std::uint32_t block_tokens, std::uint32_t distinct_blocks);

  // `now` never goes back. A prompt of more blocks than the cache has leaves its first ones there.
  Course take(Instant now, std::span<const replica::BlockHash> blocks, std::uint32_t prompt_tokens,
              std::uint32_t output_tokens);

  // How many of the blocks, from the first without a gap, are cached or will be once what was taken is prefilled.
  [[nodiscard]] std::uint32_t match(std::span<const replica::BlockHash> blocks) const;
  // How long a request that came now would wait for those before it to be prefilled.
  [[nodiscard]] Duration wait(Instant now) const;
  // That, and its own prefill.
  [[nodiscard]] Duration time_to_first_token(Instant now, std::span<const replica::BlockHash> blocks,
                                             std::uint32_t prompt_tokens) const;

  // It died: what it was doing and its cache are gone.
  void clear();

 private:
  [[nodiscard]] Instant start(Instant now);
  [[nodiscard]] std::uint32_t uncached(std::uint32_t prompt_tokens, std::uint32_t cached_blocks) const;
  [[nodiscard]] Duration prefill_time(std::uint32_t uncached_tokens) const;
  std::uint32_t look_up(std::span<const replica::BlockHash> blocks);

  ReplicaModelConfig config_;
  std::uint32_t block_tokens_;
  std::uint32_t cache_blocks_;
  // One of the two: what never forgets takes room only for what it holds, and a fleet may have a thousand of them.
  std::unordered_set<replica::BlockHash> endless_;
  std::optional<replica::KvCache> cache_;
  std::vector<replica::BlockId> held_;
  Instant free_;  // when the last prefill ends
  // When those taken end, of all that may still run at the next start.
  std::priority_queue<Instant, std::vector<Instant>, std::greater<>> ends_;
};

}  // namespace wp::lab
