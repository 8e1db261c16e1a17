// The engine's KV cache as engines page it: a fixed number of blocks of equal size, found by a hash that chains over
// the prefix, evicted least recently used first; blocks that a running request holds are pinned.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "tools/replica/tokenizer.h"

namespace wp::replica {

using BlockHash = std::uint64_t;
using BlockId = std::uint32_t;

// Hashes of all full blocks of `tokens`, each over its own tokens and the hash before it; the first chains on `root`
// (model, adapter, salt), so that equal hashes mean equal prefixes under an equal root.
[[nodiscard]] std::vector<BlockHash> chain_hashes(std::span<const Token> tokens, std::uint32_t block_tokens,
                                                  std::uint64_t root);

class KvCache {
 public:
  explicit KvCache(std::uint32_t blocks);

  // How many of the first `hashes` are cached without a gap.
  [[nodiscard]] std::uint32_t match(std::span<const BlockHash> hashes) const;

  // Pins the cached blocks among the first of `hashes` and takes fresh ones (evicting) until `total` are held; writes
  // them in order into `held` and returns how many were cached. When not even eviction gives enough, returns false and
  // changes nothing. `total` >= hashes.size(). What had to go is appended to `evicted`.
  [[nodiscard]] bool reserve(std::span<const BlockHash> hashes, std::uint32_t total, std::vector<BlockId>& held,
                             std::uint32_t& cached, std::vector<BlockHash>* evicted = nullptr);

  // The fresh block is full and can be found by `hash` from now on. False when another block already has that hash:
  // this one stays private and is free again after its release.
  bool commit(BlockId block, BlockHash hash);

  // Forgets all blocks; false, and nothing changes, while any is held.
  [[nodiscard]] bool clear();

  // Unpins. Blocks are let go from the last to the first, so that a prefix outlives what follows it.
  void release(std::span<const BlockId> held);

  [[nodiscard]] std::uint32_t capacity() const { return static_cast<std::uint32_t>(blocks_.size()); }
  // Blocks that can be found, pinned ones included.
  [[nodiscard]] std::uint32_t cached() const { return static_cast<std::uint32_t>(by_hash_.size()); }
  [[nodiscard]] std::uint32_t pinned() const {
    return capacity() - static_cast<std::uint32_t>(free_.size()) - unpinned_;
  }
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }

 private:
  static constexpr BlockId kNone = UINT32_MAX;
  struct Block {
    BlockHash hash = 0;
    std::uint32_t holders = 0;
    BlockId previous = kNone;  // towards the one evicted sooner
    BlockId next = kNone;
    bool cached = false;
  };

  void unlink(BlockId id);
  void link_last(BlockId id);
  [[nodiscard]] BlockId take_fresh(std::vector<BlockHash>* evicted);

  std::vector<Block> blocks_;
  std::vector<BlockId> free_;  // never filled, or private when released
  std::unordered_map<BlockHash, BlockId> by_hash_;
  BlockId oldest_ = kNone;
  BlockId newest_ = kNone;
  std::uint32_t unpinned_ = 0;  // cached and held by nobody: the length of the eviction list
  std::uint64_t evicted_ = 0;
};

}  // namespace wp::replica
