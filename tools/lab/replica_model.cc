#include "tools/lab/replica_model.h"

#include <algorithm>
#include <cmath>

#include "dataplane/base/assert.h"

namespace wp::lab {
namespace {

Duration seconds_of(double seconds) {
  return nanos(std::llround(seconds * 1e9));
}

// 0: as many as there are.
std::uint32_t blocks_of(const ReplicaModelConfig& config, std::uint32_t block_tokens, std::uint32_t distinct_blocks) {
  const std::uint64_t blocks = std::max<std::uint64_t>(1, config.cache_tokens / block_tokens);
  return config.cache_tokens == 0 || blocks >= distinct_blocks ? 0 : static_cast<std::uint32_t>(blocks);
}

}  // namespace

ReplicaModel::ReplicaModel(const ReplicaModelConfig& config, std::uint32_t block_tokens, std::uint32_t distinct_blocks)
    : config_(config), block_tokens_(block_tokens), cache_blocks_(blocks_of(config, block_tokens, distinct_blocks)) {
  clear();
}

Instant ReplicaModel::start(Instant now) {
  Instant at = std::max(now, free_);
  while (!ends_.empty() && (ends_.top() <= at || ends_.size() >= config_.max_running)) {
    at = std::max(at, ends_.top());
    ends_.pop();
  }
  return at;
}

std::uint32_t ReplicaModel::match(std::span<const replica::BlockHash> blocks) const {
  if (cache_) return cache_->match(blocks);
  // Whoever has a block has all before it.
  const auto has = [this](replica::BlockHash block) { return endless_.contains(block); };
  return static_cast<std::uint32_t>(std::ranges::partition_point(blocks, has) - blocks.begin());
}

std::uint32_t ReplicaModel::look_up(std::span<const replica::BlockHash> blocks) {
  if (!cache_) {
    const std::uint32_t found = match(blocks);
    endless_.insert(blocks.begin() + found, blocks.end());
    return found;
  }
  const auto fitting = blocks.first(std::min<std::size_t>(blocks.size(), cache_blocks_));
  std::uint32_t cached = 0;
  const bool fits = cache_->reserve(fitting, static_cast<std::uint32_t>(fitting.size()), held_, cached);
  WP_ASSERT(fits);  // nothing else holds blocks
  for (std::size_t i = cached; i < fitting.size(); ++i) cache_->commit(held_[i], fitting[i]);
  cache_->release(held_);
  return cached;
}

std::uint32_t ReplicaModel::uncached(std::uint32_t prompt_tokens, std::uint32_t cached_blocks) const {
  const std::uint64_t cached = std::uint64_t{cached_blocks} * block_tokens_;
  return static_cast<std::uint32_t>(prompt_tokens - std::min<std::uint64_t>(prompt_tokens, cached));
}

Duration ReplicaModel::prefill_time(std::uint32_t uncached_tokens) const {
  return config_.overhead + seconds_of(uncached_tokens / config_.prefill_rate);
}

Course ReplicaModel::take(Instant now, std::span<const replica::BlockHash> blocks, std::uint32_t prompt_tokens,
                          std::uint32_t output_tokens) {
  Course course;
  course.cached_blocks = look_up(blocks);
  course.uncached_tokens = uncached(prompt_tokens, course.cached_blocks);
  course.first_token = start(now) + prefill_time(course.uncached_tokens);
  // The first token comes with the prefill's end.
  course.finish = course.first_token + seconds_of((output_tokens - 1) / config_.decode_rate);
  free_ = course.first_token;
  ends_.push(course.finish);
  return course;
}

Duration ReplicaModel::wait(Instant now) const {
  return std::max(now, free_) - now;
}

Duration ReplicaModel::time_to_first_token(Instant now, std::span<const replica::BlockHash> blocks,
                                           std::uint32_t prompt_tokens) const {
  return wait(now) + prefill_time(uncached(prompt_tokens, match(blocks)));
}

void ReplicaModel::clear() {
  endless_.clear();
  if (cache_blocks_ > 0) cache_.emplace(cache_blocks_);
  free_ = Instant{};
  ends_ = {};
}

}  // namespace wp::lab
