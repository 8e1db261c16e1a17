// What one engine has in its KV cache, as its events tell: a tree of blocks, each behind the one that its tokens
// follow.
//
// Engines name blocks each in its own way. Here a block is known by a hash over the tokens of the whole prefix that it
// ends, and over what else tells prompts apart, so that equal prefixes have equal keys in every engine. A prefix is
// there when all of its blocks are, from the first on. Pure; the time is handed in.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/feeds/kv_batch.h"
#include "dataplane/base/time.h"

namespace wp::feeds {

using ChainKey = std::uint64_t;

class BlockCache {
 public:
  struct Limits {
    std::uint32_t blocks = 1U << 18U;  // more are not noticed
    std::uint32_t runs = 1U << 16U;    // that are remembered
    Duration runs_for = seconds(120);
  };
  // Sums, never reset.
  struct Counts {
    std::uint64_t orphans = 0;   // events about blocks whose prefix is not known, or of another size than before
    std::uint64_t overflow = 0;  // blocks that found no room
  };
  // Blocks behind one another that came in one batch, the last of which nothing followed there.
  struct Run {
    ChainKey last = 0;
    std::uint32_t from = 0;   // depth of its first block
    std::uint32_t depth = 0;  // of its last block: blocks from the beginning of the prompt, that one included
    Instant at;
  };

  explicit BlockCache(Limits limits) : limits_(limits) {}
  BlockCache() : BlockCache(Limits{}) {}

  // What happened, and when.
  void apply(const KvBatch& batch, Instant at);
  void clear();

  // Tokens of a block; 0 before the first.
  [[nodiscard]] std::uint32_t block_tokens() const { return block_tokens_; }
  // The prefix that this block ends is there.
  [[nodiscard]] bool holds(ChainKey key) const;
  // Of all the prefixes that are there, the last block.
  [[nodiscard]] std::vector<ChainKey> all_held() const;
  // The keys from the first block of the prefix to this one; empty when it is not known.
  [[nodiscard]] std::vector<ChainKey> path(ChainKey key) const;
  // How many of the first blocks of a path were there before that time and have been since.
  [[nodiscard]] std::uint32_t older(std::span<const ChainKey> path, Instant than) const;
  // The runs that came between, both included, and end at a depth between, both included.
  [[nodiscard]] std::vector<Run> runs(std::uint32_t depth, std::uint32_t most, Instant from, Instant to) const;
  // Prefixes that came or went since the last call, by their last block; some may be as they were.
  [[nodiscard]] std::vector<ChainKey> take_changed() { return std::exchange(changed_, {}); }

  [[nodiscard]] std::size_t blocks() const { return by_key_.size(); }
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Node {
    ChainKey key = 0;
    std::uint32_t parent = kNone;
    std::uint32_t child = kNone;  // the first
    std::uint32_t next = kNone;   // of the parent's children
    std::uint32_t previous = kNone;
    std::uint32_t depth = 0;
    std::uint32_t copies = 0;  // that the engine has of it; 0: it stands for what follows it
    bool reached = false;      // it and all before it are there
    std::uint64_t batch = 0;   // that stored it last
    Instant since;             // it is there
  };
  struct Named {
    std::uint32_t node = kNone;
    ChainKey key = 0;  // the node may have been given to another block
  };

  void store(const BlockEvent& event, Instant at);
  void remove(const BlockEvent& event);
  [[nodiscard]] std::uint32_t find(ChainKey key) const;
  [[nodiscard]] std::uint32_t named(BlockName name) const;
  [[nodiscard]] std::uint32_t make(ChainKey key, std::uint32_t parent);
  void prune(std::uint32_t node);
  void reach(std::uint32_t node);
  void lose(std::uint32_t node);
  void note_runs(Instant at);
  void forget_runs(Instant now);

  using RunPlace = std::pair<std::uint32_t, std::int64_t>;  // depth and time

  Limits limits_;
  Counts counts_;
  std::uint32_t block_tokens_ = 0;
  std::set<std::uint64_t> partial_groups_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<ChainKey, std::uint32_t> by_key_;
  std::unordered_map<BlockName, Named> by_name_;
  std::uint64_t batch_ = 0;
  std::vector<std::uint32_t> stored_;  // in this batch
  std::vector<ChainKey> changed_;
  std::multimap<RunPlace, Run> runs_;
  std::deque<std::multimap<RunPlace, Run>::iterator> run_order_;  // oldest first
};

}  // namespace wp::feeds
