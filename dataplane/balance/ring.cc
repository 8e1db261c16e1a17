#include "dataplane/balance/ring.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dataplane/base/assert.h"
#include "dataplane/base/rng.h"

namespace wp::balance {

std::uint64_t ring_identity(std::string_view name) {
  return XXH3_64bits(name.data(), name.size());
}

std::span<const std::uint16_t> Ring::order(std::uint64_t key) const {
  if (depth_ == 0) return {};
  // Keys come from clients' own identifiers: mixed, so that none of their patterns falls on a part of the slots.
  __extension__ using Wide = unsigned __int128;
  const auto slot = static_cast<std::size_t>((Wide{mix64(key)} * slots_) >> 64U);
  return {order_.data() + slot * depth_, depth_};
}

std::uint32_t Ring::slots() const {
  return slots_;
}

std::uint32_t Ring::members() const {
  return members_;
}

std::uint32_t Ring::owned(std::uint16_t member) const {
  WP_ASSERT(member < members_);
  std::uint32_t count = 0;
  for (std::size_t at = 0; at < order_.size(); at += depth_) count += order_[at] == member ? 1U : 0U;
  return count;
}

std::vector<std::uint32_t> Ring::owned_by_all() const {
  std::vector<std::uint32_t> counts(members_);
  for (std::size_t at = 0; at < order_.size(); at += depth_) ++counts[order_[at]];
  return counts;
}

}  // namespace wp::balance
