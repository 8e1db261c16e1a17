// What is told of one strategy, made of an Outcome.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/lab/simulation.h"
#include "tools/lab/trace.h"

namespace wp::lab {

struct Row {
  std::string strategy;
  double hit_share = 0;       // of all prompt blocks, those found in the chosen replica's cache
  double share_of_ideal = 0;  // of what one endless cache shared by all would have found; 1 where there is nothing
  double imbalance = 0;       // busiest replica's uncached tokens a second of presence over the mean
  double ttft_mean_ms = 0;
  double ttft_p50_ms = 0;  // nearest rank; from the arrival to the first token, retries included
  double ttft_p90_ms = 0;
  double ttft_p99_ms = 0;
  // Of the requests that follow another of their conversation, those that went to that one's replica.
  std::optional<double> sessions_kept;
  // How far the uncached tokens that were charged are from those that were prefilled: over the latter, and over the
  // whole prompt.
  double error_p50 = 0;
  double error_p90 = 0;
  double prompt_error_p50 = 0;
  double prompt_error_p90 = 0;
  std::uint64_t spills = 0;   // the replica that the rule wanted was over its bound
  std::uint64_t retries = 0;  // attempts beyond each request's first
  std::uint64_t lost = 0;     // requests without a whole reply
};

[[nodiscard]] Row make_row(std::string strategy, const Trace& trace, const Outcome& outcome);

}  // namespace wp::lab
