// Times the hot pure functions (Google Benchmark): tests/bench/bench micro.
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "dataplane/balance/ring.h"
#include "tests/bench/micro/cases.h"

namespace wp::bench {
namespace {

// A gigabyte: nearly every line of it is out of every cache.
constexpr std::uint32_t kResidencyLines = 1U << 23U;

void register_all() {
  std::vector<Case> cases;
  add_http_cases(cases);
  add_body_cases(cases);
  add_balance_cases(cases, balance::kDefaultRingSlots, kResidencyLines);
  for (Case& one : cases) {
    benchmark::RegisterBenchmark(one.name.c_str(), [one](benchmark::State& state) {
      for (auto unused : state) {
        static_cast<void>(unused);
        benchmark::DoNotOptimize(one.run());
      }
      if (one.bytes != 0) state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(one.bytes));
    });
  }
}

}  // namespace
}  // namespace wp::bench

int main(int argc, char** argv) {
  wp::bench::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
