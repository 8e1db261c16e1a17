#include "tools/lab/rivals/longest_prefix.h"

#include <algorithm>

namespace wp::lab {

balance::Pick LongestPrefix::pick(const Question& question) {
  const balance::PickInput& input = question.input;
  work_.resize(fleet_.size());
  const auto positions = candidates_.of(input);
  std::uint64_t sum = 0;
  for (const std::uint16_t position : positions) sum += work_[position];
  const double mean = static_cast<double>(sum) / static_cast<double>(std::max<std::size_t>(1, positions.size()));
  const double bound = kGuard * mean + static_cast<double>(kSlack);

  const balance::Replica* best = nullptr;
  std::uint32_t most = 0;
  std::uint64_t least = 0;
  for (const std::uint16_t position : positions) {
    if (static_cast<double>(work_[position]) > bound) continue;  // never all: the least is at most the mean
    const std::uint32_t cached = fleet_[position].match(question.blocks);
    if (best != nullptr && (cached < most || (cached == most && work_[position] >= least))) continue;
    best = &input.snapshot.replicas[position];
    most = cached;
    least = work_[position];
  }
  const std::uint64_t cached_tokens = std::uint64_t{most} * block_tokens_;
  const std::uint32_t prompt = question.request.prompt_tokens;
  uncached_ = static_cast<std::uint32_t>(prompt - std::min<std::uint64_t>(prompt, cached_tokens));
  return best == nullptr ? balance::Pick{} : balance::Pick{best, Reason::prefix};
}

void LongestPrefix::sent(const Question& question, const balance::Replica& replica) {
  work_[static_cast<std::size_t>(&replica - question.input.snapshot.replicas.data())] += uncached_;
}

}  // namespace wp::lab
