#include "dataplane/tcp/table.h"

#include <algorithm>
#include <array>
#include <bit>

#include "dataplane/base/assert.h"
#include "dataplane/base/prefetch.h"

namespace wp::tcp {

ConnectionTable::ConnectionTable(std::uint32_t capacity, const Secret& secret)
    : secret_(&secret),
      slots_(std::bit_ceil(std::max(capacity, 8U) * 2)),
      keys_(capacity),
      mask_(static_cast<std::uint32_t>(slots_.size()) - 1) {}

std::uint32_t ConnectionTable::find_from(const Flow& flow, std::uint32_t hash) const {
  for (std::uint32_t at = hash & mask_; slots_[at].id != kNone; at = (at + 1) & mask_) {
    if (slots_[at].hash == hash && keys_[slots_[at].id].flow == flow) return slots_[at].id;
  }
  return kNone;
}

std::uint32_t ConnectionTable::find(const Flow& flow) const {
  return find_from(flow, hash_of(flow));
}

void ConnectionTable::find_burst(std::span<const Flow> flows, std::span<std::uint32_t> ids) const {
  WP_ASSERT(flows.size() <= kBurst && ids.size() == flows.size());
  std::array<std::uint32_t, kBurst> hashes{};
  for (std::size_t i = 0; i < flows.size(); ++i) {
    hashes[i] = hash_of(flows[i]);
    prefetch_line(&slots_[hashes[i] & mask_]);
  }
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const Slot& slot = slots_[hashes[i] & mask_];
    if (slot.id != kNone) prefetch_line(&keys_[slot.id]);
  }
  for (std::size_t i = 0; i < flows.size(); ++i) ids[i] = find_from(flows[i], hashes[i]);
}

void ConnectionTable::insert(const Flow& flow, std::uint32_t id) {
  WP_ASSERT(id < keys_.size() && size_ < keys_.size());
  const std::uint32_t hash = hash_of(flow);
  keys_[id] = {flow, hash};
  std::uint32_t at = hash & mask_;
  while (slots_[at].id != kNone) at = (at + 1) & mask_;
  slots_[at] = {hash, id};
  ++size_;
}

void ConnectionTable::erase(std::uint32_t id) {
  std::uint32_t hole = keys_[id].hash & mask_;
  while (slots_[hole].id != id) {
    WP_ASSERT(slots_[hole].id != kNone);
    hole = (hole + 1) & mask_;
  }
  // Who stands behind the hole and would be looked for before it moves in.
  for (std::uint32_t at = (hole + 1) & mask_; slots_[at].id != kNone; at = (at + 1) & mask_) {
    const std::uint32_t from_home = (at - slots_[at].hash) & mask_;
    if (from_home < ((at - hole) & mask_)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
  --size_;
}

std::uint32_t ConnectionTable::longest_probe() const {
  std::uint32_t longest = 0;
  for (std::uint32_t at = 0; at < slots_.size(); ++at) {
    if (slots_[at].id != kNone) longest = std::max(longest, ((at - slots_[at].hash) & mask_) + 1);
  }
  return longest;
}

}  // namespace wp::tcp
