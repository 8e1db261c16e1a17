#include "dataplane/prompt/keyed_hash.h"

#include <new>

#include "dataplane/base/assert.h"

// Inlined, so that the build's own flags choose the vector width and nothing but the header is linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace wp::prompt {
namespace {

std::uint64_t never_zero(std::uint64_t hash) {
  return hash == 0 ? 1 : hash;
}

}  // namespace

std::uint64_t keyed_hash(std::uint64_t key, std::string_view bytes) {
  return never_zero(XXH3_64bits_withSeed(bytes.data(), bytes.size(), key));
}

void RunningHash::start(std::uint64_t key) {
  static_assert(sizeof state_ >= sizeof(XXH3_state_t) && alignof(XXH3_state_t) <= 64);
  auto* state = new (state_.data()) XXH3_state_t;
  XXH3_INITSTATE(state);
  WP_ASSERT(XXH3_64bits_reset_withSeed(state, key) == XXH_OK);
}

void RunningHash::add(std::string_view bytes) {
  WP_ASSERT(XXH3_64bits_update(std::launder(reinterpret_cast<XXH3_state_t*>(state_.data())), bytes.data(),
                               bytes.size()) == XXH_OK);
}

std::uint64_t RunningHash::value() const {
  return never_zero(XXH3_64bits_digest(std::launder(reinterpret_cast<const XXH3_state_t*>(state_.data()))));
}

}  // namespace wp::prompt
