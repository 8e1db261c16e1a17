// The cache-aware policy of SGLang's gateway (SMG). A tree of the texts sent, each part with the workers that got it.
// While requests under way differ by more than 64 and 1.5 times, the least loaded worker; else, when more than .3 of
// the text is in the tree, the worker that brought its last known part there first, else the least loaded.
//
//   imbalance     model_gateway/src/policies/cache_aware.rs:305
//   choice        model_gateway/src/policies/cache_aware.rs:1102, of equal load the fewest requests so far (:781)
//   owner         crates/kv_index/src/string_tree.rs:447 and 607
//   eviction      crates/kv_index/src/string_tree.rs:952, every 120 s, of each worker's share above 67,108,864
//   characters defaults      model_gateway/src/main.rs:194 to 225
//
// Here a tree's part is a cache block, not a run of characters: a match ends at a block's end.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tools/lab/strategies.h"

namespace wp::lab {

class SglangCacheAware final : public Router {
 public:
  static constexpr std::string_view kOrigin = "lightseekorg/smg 73da68c, model_gateway/src/policies/cache_aware.rs:769";
  struct Config {
    double cache_threshold = 0.3;
    std::uint64_t abs_threshold = 64;
    double rel_threshold = 1.5;
    Duration eviction_interval = seconds(120);
    std::uint64_t max_tree_chars = 67'108'864;  // of each worker
  };

  explicit SglangCacheAware(const RouterNeeds& needs) : SglangCacheAware(needs, Config{}) {}
  SglangCacheAware(const RouterNeeds& needs, const Config& config);
  [[nodiscard]] balance::Pick pick(const Question& question) override;
  void sent(const Question& question, const balance::Replica& replica) override;

  // Of the prompt, how many of its first blocks the tree has. For tests.
  [[nodiscard]] std::size_t matched(std::span<const BlockHash> blocks) const;

 private:
  using Worker = std::uint16_t;  // a position in the Snapshot
  struct Hold {
    Worker worker = 0;
    std::int64_t used = 0;       // when a text ended here, or began to; 0: a text only passed
    std::uint32_t children = 0;  // parts behind this one that the worker holds
  };
  struct Part {
    BlockHash parent = 0;
    bool first = false;       // of its text: `parent` says nothing
    std::vector<Hold> holds;  // the first is the owner's
  };

  [[nodiscard]] static Hold* find(Part& part, Worker worker);
  void insert(std::span<const BlockHash> blocks, Worker worker, Instant now);
  void evict(Instant now);
  void drop(BlockHash block, Worker worker);

  Config config_;
  std::uint64_t block_chars_;
  std::unordered_map<BlockHash, Part> tree_;
  std::vector<std::uint64_t> held_chars_;  // by worker
  std::vector<std::uint64_t> processed_;   // requests so far, by worker
  Instant next_eviction_;
  Candidates candidates_;
};

}  // namespace wp::lab
