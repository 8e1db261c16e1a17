#include "controlplane/feeds/block_cache.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <xxhash.h>

namespace wp::feeds {
namespace {

constexpr std::size_t kMaxGroups = 64;
constexpr std::uint64_t kMaxBlockTokens = 1U << 16U;

// Never 0.
ChainKey key_behind(ChainKey parent, std::span<const std::uint64_t> tokens, std::uint64_t variant,
                    std::uint64_t extra) {
  const std::array<std::uint64_t, 3> seed = {parent, variant, extra};
  const std::uint64_t before = XXH3_64bits(seed.data(), sizeof seed);
  return std::max<ChainKey>(1, XXH3_64bits_withSeed(tokens.data(), tokens.size_bytes(), before));
}

}  // namespace

void BlockCache::apply(const KvBatch& batch, Instant at) {
  ++batch_;
  for (const BlockEvent& event : batch.events) {
    if (event.kind == BlockEvent::Kind::cleared) {
      clear();
      continue;
    }
    if (event.partial && event.group && partial_groups_.size() < kMaxGroups) partial_groups_.insert(*event.group);
    if (event.elsewhere || event.partial || (event.group && partial_groups_.contains(*event.group))) continue;
    if (event.kind == BlockEvent::Kind::stored) store(event, at);
    if (event.kind == BlockEvent::Kind::removed) remove(event);
  }
  note_runs(at);
  forget_runs(at);
}

void BlockCache::clear() {
  std::ranges::copy(all_held(), std::back_inserter(changed_));
  nodes_.clear();
  free_.clear();
  by_key_.clear();
  by_name_.clear();
  stored_.clear();
  block_tokens_ = 0;  // a new process may have others
  partial_groups_.clear();
  runs_.clear();
  run_order_.clear();
}

std::uint32_t BlockCache::find(ChainKey key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? kNone : found->second;
}

std::uint32_t BlockCache::named(BlockName name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end() || find(found->second.key) != found->second.node) return kNone;
  return found->second.node;
}

void BlockCache::store(const BlockEvent& event, Instant at) {
  if (block_tokens_ == 0 && event.block_tokens <= kMaxBlockTokens) {
    block_tokens_ = static_cast<std::uint32_t>(event.block_tokens);
  }
  std::uint32_t behind = event.parent ? named(*event.parent) : kNone;
  if (event.block_tokens != block_tokens_ || (event.parent && behind == kNone)) {
    ++counts_.orphans;
    return;
  }
  const std::span tokens(event.tokens);
  for (std::size_t i = 0; i < event.blocks.size(); ++i) {
    const ChainKey key =
        key_behind(behind == kNone ? 0 : nodes_[behind].key, tokens.subspan(i * block_tokens_, block_tokens_),
                   event.variant, event.extras.empty() ? 0 : event.extras[i]);
    std::uint32_t node = find(key);
    if (node == kNone) node = make(key, behind);
    if (node == kNone) {
      counts_.overflow += event.blocks.size() - i;
      return;
    }
    by_name_[event.blocks[i]] = {node, key};
    if (nodes_[node].copies++ == 0) nodes_[node].since = at;
    nodes_[node].batch = batch_;
    stored_.push_back(node);
    reach(node);
    behind = node;
  }
}

void BlockCache::remove(const BlockEvent& event) {
  for (const BlockName name : event.blocks) {
    const std::uint32_t node = named(name);
    if (node == kNone || --nodes_[node].copies > 0) continue;
    by_name_.erase(name);
    lose(node);
    prune(node);
  }
}

// kNone when there is no room.
std::uint32_t BlockCache::make(ChainKey key, std::uint32_t parent) {
  if (by_key_.size() >= limits_.blocks) return kNone;
  std::uint32_t node = static_cast<std::uint32_t>(nodes_.size());
  if (free_.empty()) {
    nodes_.emplace_back();
  } else {
    node = free_.back();
    free_.pop_back();
  }
  Node& made = nodes_[node];
  made.key = key;
  made.parent = parent;
  made.depth = 1;
  if (parent != kNone) {
    Node& before = nodes_[parent];
    made.depth = before.depth + 1;
    made.next = before.child;
    if (before.child != kNone) nodes_[before.child].previous = node;
    before.child = node;
  }
  by_key_.emplace(key, node);
  return node;
}

// Lets go of a block that is gone and that nothing follows, and of those before it that are the same.
void BlockCache::prune(std::uint32_t node) {
  while (node != kNone && nodes_[node].copies == 0 && nodes_[node].child == kNone) {
    const Node gone = nodes_[node];
    if (gone.previous != kNone) nodes_[gone.previous].next = gone.next;
    if (gone.next != kNone) nodes_[gone.next].previous = gone.previous;
    if (gone.parent != kNone && nodes_[gone.parent].child == node) nodes_[gone.parent].child = gone.next;
    by_key_.erase(gone.key);
    nodes_[node] = {};
    free_.push_back(node);
    node = gone.parent;
  }
}

// The block is there: so is what follows it, if all before it is.
void BlockCache::reach(std::uint32_t node) {
  std::vector<std::uint32_t> open = {node};
  while (!open.empty()) {
    Node& one = nodes_[open.back()];
    open.pop_back();
    if (one.reached || one.copies == 0 || (one.parent != kNone && !nodes_[one.parent].reached)) continue;
    one.reached = true;
    changed_.push_back(one.key);
    for (std::uint32_t child = one.child; child != kNone; child = nodes_[child].next) open.push_back(child);
  }
}

void BlockCache::lose(std::uint32_t node) {
  std::vector<std::uint32_t> open = {node};
  while (!open.empty()) {
    Node& one = nodes_[open.back()];
    open.pop_back();
    if (!one.reached) continue;
    one.reached = false;
    changed_.push_back(one.key);
    for (std::uint32_t child = one.child; child != kNone; child = nodes_[child].next) open.push_back(child);
  }
}

bool BlockCache::holds(ChainKey key) const {
  const std::uint32_t node = find(key);
  return node != kNone && nodes_[node].reached;
}

std::vector<ChainKey> BlockCache::all_held() const {
  std::vector<ChainKey> keys;
  for (const auto& [key, node] : by_key_) {
    if (nodes_[node].reached) keys.push_back(key);
  }
  return keys;
}

std::vector<ChainKey> BlockCache::path(ChainKey key) const {
  std::vector<ChainKey> keys;
  for (std::uint32_t node = find(key); node != kNone; node = nodes_[node].parent) keys.push_back(nodes_[node].key);
  std::ranges::reverse(keys);
  return keys;
}

std::uint32_t BlockCache::older(std::span<const ChainKey> path, Instant than) const {
  const auto younger = std::ranges::find_if_not(path, [&](ChainKey key) {
    const std::uint32_t node = find(key);
    return node != kNone && nodes_[node].reached && nodes_[node].since < than;
  });
  return static_cast<std::uint32_t>(younger - path.begin());
}

void BlockCache::note_runs(Instant at) {
  for (const std::uint32_t last : std::exchange(stored_, {})) {
    if (nodes_[last].batch != batch_ || nodes_[last].copies == 0) continue;  // it went in the same batch
    bool followed = false;
    for (std::uint32_t child = nodes_[last].child; child != kNone; child = nodes_[child].next) {
      followed = followed || nodes_[child].batch == batch_;
    }
    if (followed) continue;
    std::uint32_t first = last;
    while (nodes_[first].parent != kNone && nodes_[nodes_[first].parent].batch == batch_) first = nodes_[first].parent;
    const Run run{nodes_[last].key, nodes_[first].depth, nodes_[last].depth, at};
    run_order_.push_back(runs_.emplace(RunPlace{run.depth, at.ns}, run));
  }
}

void BlockCache::forget_runs(Instant now) {
  while (!run_order_.empty() &&
         (run_order_.size() > limits_.runs || run_order_.front()->second.at + limits_.runs_for < now)) {
    runs_.erase(run_order_.front());
    run_order_.pop_front();
  }
}

std::vector<BlockCache::Run> BlockCache::runs(std::uint32_t depth, std::uint32_t most, Instant from, Instant to) const {
  std::vector<Run> found;
  for (auto at = runs_.lower_bound({depth, INT64_MIN}); at != runs_.end() && at->first.first <= most; ++at) {
    if (at->second.at >= from && at->second.at <= to) found.push_back(at->second);
  }
  return found;
}

}  // namespace wp::feeds
