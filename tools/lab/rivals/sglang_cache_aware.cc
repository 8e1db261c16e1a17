#include "tools/lab/rivals/sglang_cache_aware.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>

namespace wp::lab {

SglangCacheAware::SglangCacheAware(const RouterNeeds& needs, const Config& config)
    : config_(config),
      block_chars_(std::uint64_t{needs.trace.block_tokens} * prompt::kBytesPerToken),
      held_chars_(needs.fleet.size()),
      processed_(needs.fleet.size()),
      next_eviction_(Instant{} + config.eviction_interval) {}

std::size_t SglangCacheAware::matched(std::span<const BlockHash> blocks) const {
  std::size_t n = 0;
  while (n < blocks.size() && tree_.contains(blocks[n])) ++n;
  return n;
}

balance::Pick SglangCacheAware::pick(const Question& question) {
  const balance::PickInput& input = question.input;
  processed_.resize(input.snapshot.replicas.size());
  held_chars_.resize(input.snapshot.replicas.size());
  const auto workers = candidates_.of(input);
  if (workers.empty()) return {};
  std::uint64_t min_load = UINT64_MAX;
  std::uint64_t max_load = 0;
  std::tuple<std::uint64_t, std::uint64_t, Worker> least{UINT64_MAX, 0, 0};
  for (const Worker worker : workers) {
    const std::uint64_t load = input.accounts.load(input.snapshot.replicas[worker].ref.id).streams;
    min_load = std::min(min_load, load);
    max_load = std::max(max_load, load);
    least = std::min(least, {load, processed_[worker], worker});
  }
  const auto answer = [&](Worker worker, Reason reason) {
    return balance::Pick{&input.snapshot.replicas[worker], reason};
  };
  const Worker idlest = std::get<2>(least);
  if (max_load - min_load > config_.abs_threshold &&
      static_cast<double>(max_load) > static_cast<double>(min_load) * config_.rel_threshold) {
    return answer(idlest, Reason::spill);
  }
  const std::size_t known = matched(question.blocks);
  const double rate =
      question.blocks.empty() ? 0 : static_cast<double>(known) / static_cast<double>(question.blocks.size());
  if (rate <= config_.cache_threshold || known == 0) return answer(idlest, Reason::least_loaded);
  const Worker owner = tree_.at(question.blocks[known - 1]).holds.front().worker;
  // An owner that is not healthy: the first one that is.
  return answer(std::ranges::find(workers, owner) != workers.end() ? owner : workers.front(), Reason::prefix);
}

void SglangCacheAware::sent(const Question& question, const balance::Replica& replica) {
  const auto worker = static_cast<Worker>(&replica - question.input.snapshot.replicas.data());
  ++processed_[worker];
  if (question.now >= next_eviction_) evict(question.now);
  insert(question.blocks, worker, question.now);
}

SglangCacheAware::Hold* SglangCacheAware::find(Part& part, Worker worker) {
  const auto found = std::ranges::find(part.holds, worker, &Hold::worker);
  return found == part.holds.end() ? nullptr : &*found;
}

void SglangCacheAware::insert(std::span<const BlockHash> blocks, Worker worker, Instant now) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto [found, fresh] = tree_.try_emplace(blocks[i]);
    Part& part = found->second;
    if (fresh) {
      part.first = i == 0;
      part.parent = i == 0 ? 0 : blocks[i - 1];
    }
    Hold* hold = find(part, worker);
    if (hold == nullptr) {
      part.holds.push_back({.worker = worker});
      hold = &part.holds.back();
      held_chars_[worker] += block_chars_;
      if (i > 0) ++find(tree_.at(blocks[i - 1]), worker)->children;
    }
    if (fresh || i + 1 == blocks.size()) hold->used = now.ns;
  }
}

void SglangCacheAware::drop(BlockHash block, Worker worker) {
  Part& part = tree_.at(block);
  std::erase_if(part.holds, [&](const Hold& hold) { return hold.worker == worker; });
  held_chars_[worker] -= block_chars_;
  if (!part.first) --find(tree_.at(part.parent), worker)->children;
  if (part.holds.empty()) tree_.erase(block);
}

// Ends of texts, the least recently used first, until every worker's share fits.
void SglangCacheAware::evict(Instant now) {
  next_eviction_ = now + config_.eviction_interval;
  using Leaf = std::tuple<std::int64_t, BlockHash, Worker>;
  std::priority_queue<Leaf, std::vector<Leaf>, std::greater<>> leaves;
  const auto over = [&](Worker worker) { return held_chars_[worker] > config_.max_tree_chars; };
  if (std::ranges::none_of(held_chars_, [&](std::uint64_t chars) { return chars > config_.max_tree_chars; })) return;
  for (const auto& [block, part] : tree_) {
    for (const Hold& hold : part.holds) {
      if (hold.children == 0 && over(hold.worker)) leaves.emplace(hold.used, block, hold.worker);
    }
  }
  while (!leaves.empty()) {
    const auto [used, block, worker] = leaves.top();
    leaves.pop();
    if (!over(worker)) continue;
    const bool first = tree_.at(block).first;
    const BlockHash parent = tree_.at(block).parent;
    drop(block, worker);
    if (first) continue;
    const Hold* hold = find(tree_.at(parent), worker);
    if (hold->children == 0) leaves.emplace(hold->used, parent, worker);
  }
}

}  // namespace wp::lab
