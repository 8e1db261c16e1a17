#include "dataplane/balance/strategy.h"

#include <algorithm>
#include <array>

#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

__extension__ using Wide = unsigned __int128;

// Whether load a, on a replica of weight wa, is less than load b: compared crosswise, so nothing is rounded.
bool less(Load a, std::uint32_t wa, Load b, std::uint32_t wb) {
  const Wide prefill_a = Wide{a.prefill} * wb;
  const Wide prefill_b = Wide{b.prefill} * wa;
  if (prefill_a != prefill_b) return prefill_a < prefill_b;
  return Wide{a.streams} * wb < Wide{b.streams} * wa;
}

}  // namespace

const Replica* first_allowed(const PickInput& input, std::size_t start) {
  const std::size_t size = input.pool.pickable.size();
  const std::size_t looks = std::min(size, input.excluded.size() + 1);
  for (std::size_t i = 0; i < looks; ++i) {
    const Replica& replica = pickable_at(input, (start + i) % size);
    if (!is_excluded(input, replica)) return &replica;
  }
  return nullptr;
}

void Cheapest::offer(const Replica& replica) {
  if (is_excluded(input_, replica)) return;
  const Load load = input_.accounts.load(replica.ref.id);
  if (best_ != nullptr && !less(load, replica.weight, load_, best_->weight)) return;
  best_ = &replica;
  load_ = load;
}

void Cheapest::offer_samples(std::uint32_t count) {
  WP_ASSERT(count <= kMaxSamples);
  std::array<std::uint32_t, kMaxSamples> drawn{};
  std::uint32_t found = 0;
  const auto size = static_cast<std::uint32_t>(input_.pool.pickable.size());
  for (std::uint32_t draw = 0; draw < 2 * count && found < count; ++draw) {
    const std::uint32_t position = input_.rng.below(size);
    const auto end = drawn.begin() + found;
    const Replica& replica = pickable_at(input_, position);
    if (std::find(drawn.begin(), end, position) != end || is_excluded(input_, replica)) continue;
    drawn[found++] = position;
    offer(replica);
  }
}

}  // namespace wp::balance
