// warmpath-sim: runs worlds by seed, two at a time. Prints a line a failing seed with the command that runs it again,
// and one line for the lot; exits with 1 when a world was not in order.
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>

#include "tests/sim/arguments.h"
#include "tests/sim/seeds.h"
#include "tests/sim/stream_world.h"

namespace {

using wp::sim::StreamWorld;
using wp::sim::WorldResult;

// A world must also be the same when it is run again. Returns the shape's description, for a trace.
std::string run_seed(std::uint64_t seed, bool trace, WorldResult& result) {
  {
    StreamWorld world(seed, trace);
    result = world.run();
  }
  StreamWorld again(seed, false);
  const WorldResult second = again.run();
  if (second.trace != result.trace || second.turns != result.turns) {
    result.violations.push_back("the same seed gave another trace");
  }
  return again.shape().text();
}

// What all seeds came to; told by several threads.
class Outcome {
 public:
  explicit Outcome(bool trace) : trace_(trace) {}

  void add(std::uint64_t seed, const std::string& shape, const WorldResult& result) {
    const std::scoped_lock lock(mutex_);
    turns_ += result.turns;
    made_room_ += result.made_room;
    sum_.sent += result.tally.sent;
    sum_.whole += result.tally.whole;
    sum_.errors += result.tally.errors;
    sum_.cut += result.tally.cut;
    sum_.left += result.tally.left;
    if (result.violations.empty()) return;
    ++failed_;
    const auto number = static_cast<unsigned long long>(seed);
    std::printf("FAIL seed-%llu: %s (%zu in all); again: warmpath-sim --seed %llu --trace\n", number,
                result.violations.front().c_str(), result.violations.size(), number);
    if (!trace_) return;
    std::printf("%s\n", shape.c_str());
    for (const std::string& what : result.violations) std::printf("  %s\n", what.c_str());
  }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  void print(std::uint64_t worlds) const {
    std::printf("worlds=%llu turns=%llu requests=%u whole=%u errors=%u cut=%u left=%u made_room=%llu\n",
                static_cast<unsigned long long>(worlds), static_cast<unsigned long long>(turns_), sum_.sent, sum_.whole,
                sum_.errors, sum_.cut, sum_.left, static_cast<unsigned long long>(made_room_));
  }

 private:
  bool trace_;
  std::mutex mutex_;
  std::uint64_t failed_ = 0;
  std::uint64_t turns_ = 0;
  std::uint64_t made_room_ = 0;
  wp::sim::ClientTally sum_;
};

}  // namespace

int main(int argc, char** argv) {
  wp::sim::Arguments arguments{.seeds = 200, .jobs = 2};
  if (!wp::sim::parse({argv + 1, argv + argc}, arguments)) {
    std::fputs(wp::sim::usage("warmpath-sim").c_str(), stderr);
    return 2;
  }
  const auto begun = std::chrono::steady_clock::now();
  Outcome outcome(arguments.trace);
  wp::sim::for_each_seed(arguments.first, arguments.seeds, arguments.jobs, [&](std::uint64_t seed) {
    WorldResult result;
    const std::string shape = run_seed(seed, arguments.trace, result);
    outcome.add(seed, shape, result);
  });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  outcome.print(arguments.seeds);
  if (outcome.failed() == 0)
    std::printf("ok stream-world-%llu-seeds %.1f\n", static_cast<unsigned long long>(arguments.seeds), took.count());
  return outcome.failed() == 0 ? 0 : 1;
}
