// base: what every other folder stands on, and which itself stands on the standard library alone.
//
// Time is an argument (design rule 2). `Instant` and `Duration` are types, not integers, so that nobody adds two
// points in time; only the daemon's loop (and the simulator) ever makes an `Instant` out of a clock.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace wp {

// A span of time in nanoseconds; may be negative.
struct Duration {
  std::int64_t ns = 0;

  [[nodiscard]] constexpr double seconds() const { return static_cast<double>(ns) / 1e9; }
  [[nodiscard]] constexpr std::int64_t micros() const { return ns / 1000; }
  [[nodiscard]] constexpr std::int64_t millis() const { return ns / 1'000'000; }

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
  friend constexpr Duration operator*(Duration a, std::int64_t k) { return {a.ns * k}; }
};

[[nodiscard]] constexpr Duration nanos(std::int64_t n) {
  return {n};
}
[[nodiscard]] constexpr Duration micros(std::int64_t n) {
  return {n * 1000};
}
[[nodiscard]] constexpr Duration millis(std::int64_t n) {
  return {n * 1'000'000};
}
[[nodiscard]] constexpr Duration seconds(std::int64_t n) {
  return {n * 1'000'000'000};
}

// A point on a monotonic time line whose origin is the process's own business.
struct Instant {
  std::int64_t ns = 0;

  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant t, Duration d) { return {t.ns + d.ns}; }
  friend constexpr Instant operator-(Instant t, Duration d) { return {t.ns - d.ns}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }
};

// The deadline of something that has none. Never add a Duration to it.
inline constexpr Instant kNever{std::numeric_limits<std::int64_t>::max()};

[[nodiscard]] constexpr Instant earlier(Instant a, Instant b) {
  return a < b ? a : b;
}

}  // namespace wp
