#include "tools/load/tally.h"

#include <numeric>

namespace wp::load {

std::string_view word(Outcome outcome) {
  constexpr std::array<std::string_view, kOutcomes> kWords = {"ok",         "status",  "wrong_bytes",    "bad_reply",
                                                              "cut",        "closed",  "connect_failed", "timed_out",
                                                              "unfinished", "not_sent"};
  return kWords[static_cast<std::size_t>(outcome)];
}

void Tally::count(Outcome outcome, std::string_view flaw) {
  ++outcomes[static_cast<std::size_t>(outcome)];
  if (outcome != Outcome::ok && first_flaw.empty() && !flaw.empty()) {
    first_flaw = std::string(word(outcome)) + ": " + std::string(flaw);
  }
}

std::uint64_t Tally::failed() const {
  return std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0}) - of(Outcome::ok);
}

}  // namespace wp::load
