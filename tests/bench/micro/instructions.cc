// Runs each hot function a fixed number of times, for callgrind to count its instructions
// (tests/bench/instructions.py). Prints the compiler, then each case's name and number of runs, in the order in which
// callgrind writes its files.
//
// The counts must not depend on the processor. callgrind shows its programs one of its own, with AVX2 and without
// AVX-512, by which the C library picks its functions; simdjson's is picked here, lest it look further.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <simdjson.h>

#include "dataplane/base/assert.h"
#include "tests/bench/micro/cases.h"

namespace {

using wp::bench::Case;

// A ring is read in the same number of instructions however many slots it has, and built sooner with few.
constexpr std::uint32_t kRingSlots = 64;
constexpr std::uint32_t kResidencyLines = 1024;
// The first runs find addresses of library functions and grow memory.
constexpr std::uint32_t kWarmUpRuns = 2;

std::uint64_t run(const Case& one, std::uint32_t times) {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < times; ++i) sum += one.run();
  return sum;
}

}  // namespace

// callgrind counts while this runs, and writes a file when it returns.
extern "C" [[gnu::noinline]] std::uint64_t warmpath_counted(const Case& one) {
  return run(one, one.counted_runs);
}

int main() {
  const simdjson::implementation* haswell = simdjson::get_available_implementations()["haswell"];
  WP_ASSERT(haswell != nullptr);
  simdjson::get_active_implementation() = haswell;

  std::vector<Case> cases;
  wp::bench::add_http_cases(cases);
  wp::bench::add_body_cases(cases);
  wp::bench::add_balance_cases(cases, kRingSlots, kResidencyLines);
#ifdef __clang__
  std::puts("compiler clang++ " __VERSION__);
#else
  std::puts("compiler g++ " __VERSION__);
#endif
  std::uint64_t sum = 0;
  for (const Case& one : cases) {
    sum += run(one, kWarmUpRuns);
    sum += warmpath_counted(one);
    std::printf("%s %u\n", one.name.c_str(), one.counted_runs);
  }
  std::printf("sum %llu\n", static_cast<unsigned long long>(sum));
}
