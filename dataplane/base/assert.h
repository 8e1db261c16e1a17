// Assertions that stay on in every build: a wrong peer is an event, a wrong program stops (design rule 5).
#pragma once

namespace wp {

// Prints "file:line: assertion failed: expression" to standard error and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace wp

#define WP_ASSERT(expression) \
  (static_cast<bool>(expression) ? static_cast<void>(0) : ::wp::assertion_failed(#expression, __FILE__, __LINE__))
