// What a prompt is recognised by: hashes of prefixes of its canonical stream (canonical.h).
#pragma once

#include <cstdint>

namespace wp::prompt {

// keyed_hash of the stream's first `end` bytes: whoever sends the same prefix has the same rung, whatever follows.
struct Rung {
  std::uint64_t hash = 0;  // never 0
  std::uint32_t end = 0;   // in bytes of the canonical stream, at least 1
  bool cut = false;        // in the middle of something, as far as anybody can tell: what is shared may reach further

  friend bool operator==(const Rung&, const Rung&) = default;
};

// Of one prompt, ladder and ends together.
inline constexpr std::uint32_t kMaxRungs = 64;

// Turns before the last whose ends are kept: where the next request of a conversation may leave this one.
inline constexpr std::uint32_t kTurnEnds = 8;

}  // namespace wp::prompt
