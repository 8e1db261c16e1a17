// How a request ended, in two letters, as HAProxy's logs have made operators used to: who ended it, and how far it had
// come.
#pragma once

#include <span>
#include <string_view>

#include "dataplane/base/access_record.h"
#include "dataplane/base/reasons.h"

namespace wp::control {

struct TerminationLetter {
  char letter = '-';
  std::string_view meaning;
};

// The letters there are, in the order in which the page lists them.
[[nodiscard]] std::span<const TerminationLetter> enders();
[[nodiscard]] std::span<const TerminationLetter> phases();

// The first letter, from the reason; '-' for none. Every reason has one.
[[nodiscard]] char ender_of(Reason reason);
[[nodiscard]] char letter_of(RequestPhase phase);

}  // namespace wp::control
