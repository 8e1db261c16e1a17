#include "dataplane/prompt/keyed_hash.h"

// Inlined, so that the build's own flags choose the vector width and nothing but the header is linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace wp::prompt {

std::uint64_t keyed_hash(std::uint64_t key, std::string_view bytes) {
  const std::uint64_t hash = XXH3_64bits_withSeed(bytes.data(), bytes.size(), key);
  return hash == 0 ? 1 : hash;
}

}  // namespace wp::prompt
