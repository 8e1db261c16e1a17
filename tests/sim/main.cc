// warmpath-sim: runs worlds by seed. Prints a line a failing seed with the command that runs it again, and one line for
// the lot; exits with 1 when a world was not in order.
#include <chrono>
#include <cstdio>
#include <string>

#include "tests/sim/arguments.h"
#include "tests/sim/stream_world.h"

namespace {

using wp::sim::StreamWorld;
using wp::sim::WorldResult;

// A world must also be the same when it is run again.
bool run_seed(std::uint64_t seed, bool trace, WorldResult& result) {
  {
    StreamWorld world(seed, trace);
    result = world.run();
  }
  StreamWorld again(seed, false);
  const WorldResult second = again.run();
  if (second.trace != result.trace || second.turns != result.turns) {
    result.violations.push_back("the same seed gave another trace");
  }
  if (result.violations.empty()) return true;
  std::printf("FAIL seed-%llu: %s (%zu in all); again: warmpath-sim --seed %llu --trace\n",
              static_cast<unsigned long long>(seed), result.violations.front().c_str(), result.violations.size(),
              static_cast<unsigned long long>(seed));
  if (trace) {
    std::printf("%s\n", again.shape().text().c_str());
    for (const std::string& what : result.violations) std::printf("  %s\n", what.c_str());
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  wp::sim::Arguments arguments{.seeds = 200};
  if (!wp::sim::parse({argv + 1, argv + argc}, false, arguments)) {
    std::fputs(wp::sim::usage("warmpath-sim", false).c_str(), stderr);
    return 2;
  }
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t failed = 0;
  std::uint64_t turns = 0;
  std::uint64_t made_room = 0;
  wp::sim::ClientTally sum;
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    WorldResult result;
    if (!run_seed(seed, arguments.trace, result)) ++failed;
    turns += result.turns;
    made_room += result.made_room;
    sum.sent += result.tally.sent;
    sum.whole += result.tally.whole;
    sum.errors += result.tally.errors;
    sum.cut += result.tally.cut;
    sum.left += result.tally.left;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("worlds=%llu turns=%llu requests=%u whole=%u errors=%u cut=%u left=%u made_room=%llu\n",
              static_cast<unsigned long long>(arguments.seeds), static_cast<unsigned long long>(turns), sum.sent,
              sum.whole, sum.errors, sum.cut, sum.left, static_cast<unsigned long long>(made_room));
  if (failed == 0)
    std::printf("ok stream-world-%llu-seeds %.1f\n", static_cast<unsigned long long>(arguments.seeds), took.count());
  return failed == 0 ? 0 : 1;
}
