// When something happened in an engine, on our own time line. Its batches say so by a clock that is not ours; the least
// time that one took to come here is what the clocks differ by and the way takes. Clocks drift apart by little: the
// least of the last minute is taken. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "dataplane/base/time.h"

namespace wp::feeds {

class EngineClock {
 public:
  static constexpr Duration kPeriod = seconds(30);

  // A batch that says this came just now. When it happened; now, where it says no time.
  [[nodiscard]] Instant live(double unix_seconds, Instant now) {
    if (!known(unix_seconds)) return now;
    const std::int64_t difference = now.ns - nanos_of(unix_seconds);
    if (now - began_ > kPeriod) {
      before_ = least_;
      least_ = difference;
      began_ = now;
    }
    least_ = std::min(least_, difference);
    return when(unix_seconds, now);
  }

  // The same of one that comes again, later than at first; long ago, where nothing came live.
  [[nodiscard]] Instant again(double unix_seconds, Instant now) const {
    return std::min(least_, before_) == INT64_MAX ? Instant{} : when(unix_seconds, now);
  }

 private:
  // Of a time that fits into nanoseconds.
  [[nodiscard]] static bool known(double unix_seconds) {
    return std::isfinite(unix_seconds) && unix_seconds > 0 && unix_seconds < 9e9;
  }
  [[nodiscard]] static std::int64_t nanos_of(double unix_seconds) {
    return static_cast<std::int64_t>(unix_seconds * 1e9);
  }
  [[nodiscard]] Instant when(double unix_seconds, Instant now) const {
    if (!known(unix_seconds)) return now;
    return std::min(now, Instant{nanos_of(unix_seconds) + std::min(least_, before_)});
  }

  std::int64_t least_ = INT64_MAX;
  std::int64_t before_ = INT64_MAX;  // of the period before
  Instant began_;
};

}  // namespace wp::feeds
