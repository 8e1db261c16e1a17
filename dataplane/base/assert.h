// Assertions that stay on in every build: a wrong peer is an event, a wrong program stops (design rule 5).
#pragma once

namespace wp {

// Prints "file:line: assertion failed: expression" to standard error, tells the witness and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

// Called with a failed assertion before the process aborts, on the thread that failed; nullptr: nobody. What it does
// must be safe wherever an assertion may stand.
using AssertionWitness = void (*)(const char* expression, const char* file, int line) noexcept;
void set_assertion_witness(AssertionWitness witness) noexcept;

}  // namespace wp

#define WP_ASSERT(expression) \
  (static_cast<bool>(expression) ? static_cast<void>(0) : ::wp::assertion_failed(#expression, __FILE__, __LINE__))
