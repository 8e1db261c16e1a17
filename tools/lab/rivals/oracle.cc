#include "tools/lab/rivals/oracle.h"

#include <algorithm>
#include <utility>

namespace wp::lab {

balance::Pick Oracle::pick(const Question& question) {
  const balance::PickInput& input = question.input;
  const balance::Load total = input.accounts.total(input.pool.id);
  tokens_.resize(input.snapshot.replicas.size());
  struct Best {
    const balance::Replica* replica = nullptr;
    std::pair<Duration, std::uint64_t> cost;
  };
  Best within;
  Best any;
  const auto offer = [](Best& best, const balance::Replica& replica, std::pair<Duration, std::uint64_t> cost) {
    if (best.replica == nullptr || cost < best.cost) best = {&replica, cost};
  };
  for (const std::uint16_t position : candidates_.of(input)) {
    const balance::Replica& replica = input.snapshot.replicas[position];
    const Duration wait =
        fleet_[position].time_to_first_token(question.now, question.blocks, question.request.prompt_tokens);
    const std::pair cost(wait, tokens_[position]);
    offer(any, replica, cost);
    if (balance::Accounts::within(input.pool.bounds, input.accounts.load(replica.ref.id), total, replica.weight,
                                  input.pool.weight_sum)) {
      offer(within, replica, cost);
    }
  }
  if (any.replica == nullptr) return {};
  if (within.replica == nullptr) return {any.replica, Reason::saturated};
  return {within.replica, within.replica == any.replica ? Reason::prefix : Reason::spill};
}

void Oracle::sent(const Question& question, const balance::Replica& replica) {
  tokens_[static_cast<std::size_t>(&replica - question.input.snapshot.replicas.data())] +=
      question.request.prompt_tokens;
}

}  // namespace wp::lab
