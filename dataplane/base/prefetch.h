// Memory asked for before it is needed.
//
// Not the compiler's builtin alone: a function that does nothing but prefetch looks to GCC as if it did nothing, and
// its calls are dropped without a word (g++ 12.2 with -O2, out of line or behind a loop).
#pragma once

namespace wp {

// The cache line at `address`, which need not be readable: nothing fails, and nothing waits.
inline void prefetch_line(const void* address) {
  __builtin_prefetch(address);
  asm volatile("" : : "r"(address));
}

}  // namespace wp
