// The one hash of this folder: XXH3-64 with a seed. It is fast and the same on every machine; it is no MAC, so the key
// keeps strangers from aiming at a replica by guessing, not a determined attacker who sees where his requests go.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wp::prompt {

// XXH3_64bits_withSeed(bytes, seed = key), with 0 replaced by 1: 0 means "no key" in Features.
[[nodiscard]] std::uint64_t keyed_hash(std::uint64_t key, std::string_view bytes);

// The same of bytes that come in pieces, at any point between them.
class RunningHash {
 public:
  void start(std::uint64_t key);
  void add(std::string_view bytes);
  // keyed_hash(key, all that was added since start()).
  [[nodiscard]] std::uint64_t value() const;

 private:
  alignas(64) std::array<std::byte, 576> state_;  // an XXH3_state_t
};

}  // namespace wp::prompt
