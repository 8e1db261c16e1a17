#include "dataplane/balance/ring.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dataplane/base/assert.h"

namespace wp::balance {

std::uint64_t ring_identity(std::string_view name) {
  return XXH3_64bits(name.data(), name.size());
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
