// The one hash of this folder: XXH3-64 with a seed. It is fast and the same on every machine; it is no MAC, so the key
// keeps strangers from aiming at a replica by guessing, not a determined attacker who sees where his requests go.
#pragma once

#include <cstdint>
#include <string_view>

namespace wp::prompt {

// XXH3_64bits_withSeed(bytes, seed = key), with 0 replaced by 1: 0 means "no key" in Features.
[[nodiscard]] std::uint64_t keyed_hash(std::uint64_t key, std::string_view bytes);

}  // namespace wp::prompt
