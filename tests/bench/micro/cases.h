// The pure functions that every request passes, as cases to be timed (micro.cc) and counted (instructions.cc).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace wp::bench {

struct Case {
  std::string name;                    // folder/function, and a size where there are several
  std::uint32_t counted_runs = 0;      // runs that are counted under callgrind, which is some fifty times slower
  std::uint64_t bytes = 0;             // read by one run; 0 where the time does not depend on any
  std::function<std::uint64_t()> run;  // once; what it returns depends on all of the work
};

// Heads, framing and events of HTTP.
void add_http_cases(std::vector<Case>& cases);
// Features of bodies, and beside each the least that any reader of JSON keys would do with the same bytes.
void add_body_cases(std::vector<Case>& cases);
// Ring, accounts and strategies, over fleets whose rings have so many slots, with residency tables of so many lines.
void add_balance_cases(std::vector<Case>& cases, std::uint32_t ring_slots, std::uint32_t residency_lines);

}  // namespace wp::bench
