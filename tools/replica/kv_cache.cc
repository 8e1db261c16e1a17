#include "tools/replica/kv_cache.h"

#include <xxhash.h>

#include "dataplane/base/assert.h"

namespace wp::replica {

std::vector<BlockHash> chain_hashes(std::span<const Token> tokens, std::uint32_t block_tokens, std::uint64_t root) {
  std::vector<BlockHash> hashes;
  hashes.reserve(tokens.size() / block_tokens);
  BlockHash parent = root;
  for (; tokens.size() >= block_tokens; tokens = tokens.subspan(block_tokens)) {
    parent = XXH3_64bits_withSeed(tokens.data(), block_tokens * sizeof(Token), parent);
    hashes.push_back(parent);
  }
  return hashes;
}

KvCache::KvCache(std::uint32_t blocks) : blocks_(blocks) {
  WP_ASSERT(blocks > 0);
  free_.reserve(blocks);
  for (BlockId id = blocks; id > 0; --id) free_.push_back(id - 1);
}

std::uint32_t KvCache::match(std::span<const BlockHash> hashes) const {
  std::uint32_t n = 0;
  while (n < hashes.size() && by_hash_.contains(hashes[n])) ++n;
  return n;
}

bool KvCache::reserve(std::span<const BlockHash> hashes, std::uint32_t total, std::vector<BlockId>& held,
                      std::uint32_t& cached, std::vector<BlockHash>* evicted) {
  WP_ASSERT(total >= hashes.size());
  const std::uint32_t found = match(hashes);
  std::uint32_t revived = 0;  // found blocks that stand on the eviction list and so cannot be evicted for this request
  for (std::uint32_t i = 0; i < found; ++i) revived += blocks_[by_hash_.at(hashes[i])].holders == 0 ? 1 : 0;
  if (total - found > free_.size() + unpinned_ - revived) return false;

  held.clear();
  held.reserve(total);
  for (std::uint32_t i = 0; i < found; ++i) {
    const BlockId id = by_hash_.at(hashes[i]);
    if (blocks_[id].holders++ == 0) unlink(id);
    held.push_back(id);
  }
  while (held.size() < total) held.push_back(take_fresh(evicted));
  cached = found;
  return true;
}

BlockId KvCache::take_fresh(std::vector<BlockHash>* evicted) {
  BlockId id = oldest_;
  if (!free_.empty()) {
    id = free_.back();
    free_.pop_back();
  } else {
    unlink(id);
    by_hash_.erase(blocks_[id].hash);
    if (evicted != nullptr) evicted->push_back(blocks_[id].hash);
    blocks_[id].cached = false;
    ++evicted_;
  }
  blocks_[id].holders = 1;
  return id;
}

bool KvCache::commit(BlockId block, BlockHash hash) {
  Block& b = blocks_[block];
  WP_ASSERT(b.holders > 0 && !b.cached);
  if (!by_hash_.try_emplace(hash, block).second) return false;
  b.hash = hash;
  b.cached = true;
  return true;
}

bool KvCache::clear() {
  if (pinned() > 0) return false;
  while (oldest_ != kNone) {
    const BlockId id = oldest_;
    unlink(id);
    blocks_[id].cached = false;
    free_.push_back(id);
  }
  by_hash_.clear();
  return true;
}

void KvCache::release(std::span<const BlockId> held) {
  for (std::size_t i = held.size(); i > 0; --i) {
    const BlockId id = held[i - 1];
    Block& b = blocks_[id];
    WP_ASSERT(b.holders > 0);
    if (--b.holders > 0) continue;
    if (b.cached) {
      link_last(id);
    } else {
      free_.push_back(id);
    }
  }
}

void KvCache::unlink(BlockId id) {
  WP_ASSERT(id != kNone);
  Block& b = blocks_[id];
  (b.previous == kNone ? oldest_ : blocks_[b.previous].next) = b.next;
  (b.next == kNone ? newest_ : blocks_[b.next].previous) = b.previous;
  b.previous = b.next = kNone;
  --unpinned_;
}

void KvCache::link_last(BlockId id) {
  Block& b = blocks_[id];
  b.previous = newest_;
  b.next = kNone;
  (newest_ == kNone ? oldest_ : blocks_[newest_].next) = id;
  newest_ = id;
  ++unpinned_;
}

}  // namespace wp::replica
