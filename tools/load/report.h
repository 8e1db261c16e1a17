// What a run says of itself: a page for people, one JSON object for machines, a line while it runs.
#pragma once

#include <string>

#include "dataplane/base/time.h"
#include "tools/load/tally.h"

namespace wp::load {

struct RunFacts {
  std::string target;
  std::string workload;
  std::string loop;  // "closed, 32 clients" or "open, 100 requests/s"
  Duration timed;    // the part of the run that is timed: without its warm-up
  Duration cpu;      // processor time of the generator itself: near `timed`, it is what was measured
};

[[nodiscard]] std::string report_text(const Tally& tally, const RunFacts& facts);
[[nodiscard]] std::string report_json(const Tally& tally, const RunFacts& facts);

// "12 s: 3456 ok, 0 failed, 32 on their way, 288 requests/s".
[[nodiscard]] std::string progress_line(const Tally& tally, Duration elapsed, std::uint32_t in_flight, double rate);

}  // namespace wp::load
