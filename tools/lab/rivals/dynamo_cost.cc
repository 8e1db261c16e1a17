#include "tools/lab/rivals/dynamo_cost.h"

#include <algorithm>

namespace wp::lab {

std::uint64_t DynamoCost::uncached(const Question& question, std::size_t worker) const {
  const std::uint64_t cached = std::uint64_t{fleet_[worker].match(question.blocks)} * trace_.block_tokens;
  return question.request.prompt_tokens - std::min<std::uint64_t>(question.request.prompt_tokens, cached);
}

balance::Pick DynamoCost::pick(const Question& question) {
  workers_.resize(fleet_.size());
  const balance::Replica* best = nullptr;
  double least = 0;
  std::uint32_t equals = 0;
  for (const std::uint16_t position : candidates_.of(question.input)) {
    const Worker& worker = workers_[position];
    const std::uint64_t tokens = uncached(question, position);
    const auto held = static_cast<std::uint64_t>(
        std::ranges::count_if(question.blocks, [&](BlockHash block) { return worker.blocks.contains(block); }));
    const std::uint64_t decode_blocks = worker.blocks.size() + question.blocks.size() - held;
    const double prefill_blocks =
        static_cast<double>(worker.prefill_tokens + tokens) / static_cast<double>(trace_.block_tokens);
    const double cost = prefill_blocks + static_cast<double>(decode_blocks);
    if (best != nullptr && cost > least) continue;
    equals = best != nullptr && cost == least ? equals + 1 : 1;
    if (equals > 1 && question.input.rng.below(equals) != 0) continue;
    best = &question.input.snapshot.replicas[position];
    least = cost;
    picked_tokens_ = tokens;
  }
  return best == nullptr ? balance::Pick{} : balance::Pick{best, Reason::prefix};
}

void DynamoCost::sent(const Question& question, const balance::Replica& replica) {
  const auto position = static_cast<std::size_t>(&replica - question.input.snapshot.replicas.data());
  Worker& worker = workers_[position];
  worker.prefill_tokens += picked_tokens_;
  for (const BlockHash block : question.blocks) ++worker.blocks[block];
  under_way_[question.id] = {position, picked_tokens_, question.blocks};
}

void DynamoCost::first_byte(std::uint64_t id) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;
  workers_[found->second.worker].prefill_tokens -= found->second.prefill_tokens;
  found->second.prefill_tokens = 0;
}

void DynamoCost::ended(std::uint64_t id) {
  first_byte(id);
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;
  auto& blocks = workers_[found->second.worker].blocks;
  for (const BlockHash block : found->second.blocks) {
    const auto held = blocks.find(block);
    if (--held->second == 0) blocks.erase(held);
  }
  under_way_.erase(found);
}

}  // namespace wp::lab
