#include "tools/lab/rivals/kubeai_chwbl.h"

#include <algorithm>
#include <string>

#include <xxhash.h>

namespace wp::lab {

void KubeaiChwbl::rebuild(const balance::PickInput& input) {
  std::vector<std::uint16_t> members = input.pool.pickable;
  std::ranges::sort(members);
  if (members == members_) return;
  members_ = std::move(members);
  ring_.clear();
  for (const std::uint16_t position : members_) {
    for (std::uint32_t i = 0; i < kPoints; ++i) {
      const std::string point = input.snapshot.replicas[position].name + std::to_string(i);
      ring_.emplace_back(XXH64(point.data(), point.size(), 0), position);
    }
  }
  std::ranges::sort(ring_);
}

balance::Pick KubeaiChwbl::pick(const Question& question) {
  const balance::PickInput& input = question.input;
  rebuild(input);
  if (ring_.empty()) return {};
  const auto excluded = [&](const balance::Replica& replica) {
    return std::ranges::find(input.excluded, replica.ref) != input.excluded.end();
  };
  const auto found =
      std::ranges::lower_bound(ring_, question.request.opening, {}, &std::pair<std::uint64_t, std::uint16_t>::first);
  const auto start = static_cast<std::size_t>(found - ring_.begin());
  // The +1 is the load of the request at hand.
  const double average =
      static_cast<double>(input.accounts.total(input.pool.id).streams + 1) / static_cast<double>(members_.size());
  const balance::Replica* own = nullptr;
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const balance::Replica& replica = input.snapshot.replicas[ring_[(start + i) % ring_.size()].second];
    if (excluded(replica)) continue;
    if (own == nullptr) own = &replica;
    const auto load = static_cast<double>(input.accounts.load(replica.ref.id).streams);
    if (load <= average * kLoadFactor) return {&replica, &replica == own ? Reason::prefix : Reason::spill};
  }
  return own == nullptr ? balance::Pick{} : balance::Pick{own, Reason::saturated};
}

}  // namespace wp::lab
