#include "tools/lab/rivals/least_outstanding.h"

namespace wp::lab {

balance::Pick LeastOutstanding::pick(const Question& question) {
  const balance::PickInput& input = question.input;
  const balance::Replica* best = nullptr;
  std::uint64_t least = 0;
  std::uint32_t equals = 0;
  for (const std::uint16_t position : candidates_.of(input)) {
    const balance::Replica& replica = input.snapshot.replicas[position];
    const std::uint64_t streams = input.accounts.load(replica.ref.id).streams;
    if (best == nullptr || streams < least) {
      best = &replica;
      least = streams;
      equals = 1;
    } else if (streams == least && input.rng.below(++equals) == 0) {
      best = &replica;
    }
  }
  return best == nullptr ? balance::Pick{} : balance::Pick{best, Reason::least_loaded};
}

}  // namespace wp::lab
