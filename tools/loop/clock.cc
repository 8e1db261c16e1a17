#include "tools/loop/clock.h"

#include <chrono>

namespace wp::loop {
namespace {

template <class Clock>
std::int64_t nanoseconds_of() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

Instant read_clock() {
  return {nanoseconds_of<std::chrono::steady_clock>()};
}

Duration unix_offset() {
  return nanos(nanoseconds_of<std::chrono::system_clock>() - read_clock().ns);
}

}  // namespace wp::loop
