// Errors are values that carry whose fault it was and whether a retry is safe (design rule 5).
#pragma once

#include <cstdint>
#include <expected>

#include "dataplane/base/reasons.h"

namespace wp {

// A refusal or failure. The reason decides fault, status and retry; `position` is where in the input it was seen
// (bytes from the start of the head or body), for the log and for tests.
struct Error {
  Reason reason = Reason::none;
  std::uint32_t position = 0;

  [[nodiscard]] Fault fault() const { return info(reason).fault; }
  [[nodiscard]] std::uint16_t status() const { return info(reason).status; }
  [[nodiscard]] bool retry_safe() const { return info(reason).retry_safe; }
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Reason reason, std::uint32_t position = 0) {
  return std::unexpected<Error>(Error{reason, position});
}

}  // namespace wp
