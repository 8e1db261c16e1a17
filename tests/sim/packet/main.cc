// warmpath-packet-sim: runs packet worlds by seed, two at a time. Prints a line a failing seed with the command that
// runs it again, and what the worlds were like; exits with 1 when one was not in order.
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "tests/sim/arguments.h"
#include "tests/sim/packet/summary.h"
#include "tests/sim/packet/world.h"
#include "tests/sim/seeds.h"

namespace {

using wp::sim::packet::Summary;
using wp::sim::packet::World;
using wp::sim::packet::WorldResult;

// What is wrong with a seed's world, if anything. A world must also be the same when it is run again.
std::vector<std::string> run_seed(std::uint64_t seed, bool trace, WorldResult& result, wp::sim::packet::Shape& shape) {
  {
    World world(seed, trace);
    shape = world.shape();
    if (trace) std::printf("%s\n", shape.text().c_str());
    result = world.run();
  }
  std::vector<std::string> wrong = result.violations;
  const WorldResult second = World(seed).run();
  if (second.trace != result.trace || second.segments != result.segments) {
    wrong.emplace_back("the same seed gave another trace");
  }
  if (trace) std::printf("trace %016llx\n", static_cast<unsigned long long>(result.trace));
  return wrong;
}

void complain(std::uint64_t seed, const std::vector<std::string>& wrong) {
  const auto number = static_cast<unsigned long long>(seed);
  std::printf("FAIL packet-seed-%llu: %s (%zu in all); again: warmpath-packet-sim --seed %llu --trace\n", number,
              wrong.front().c_str(), wrong.size(), number);
  std::fflush(stdout);
}

// What all seeds came to; told by several threads.
class Outcome {
 public:
  void add(std::uint64_t seed, const wp::sim::packet::Shape& shape, const WorldResult& result,
           const std::vector<std::string>& wrong) {
    const std::scoped_lock lock(mutex_);
    summary_.add(shape, result);
    if (wrong.empty()) return;
    ++failed_;
    complain(seed, wrong);
  }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  [[nodiscard]] const Summary& summary() const { return summary_; }

 private:
  std::mutex mutex_;
  Summary summary_;
  std::uint64_t failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  wp::sim::Arguments arguments{.seeds = 50, .jobs = 2};
  if (!wp::sim::parse({argv + 1, argv + argc}, arguments)) {
    std::fputs(wp::sim::usage("warmpath-packet-sim").c_str(), stderr);
    return 2;
  }
  const auto begun = std::chrono::steady_clock::now();
  Outcome outcome;
  wp::sim::for_each_seed(arguments.first, arguments.seeds, arguments.jobs, [&](std::uint64_t seed) {
    WorldResult result;
    wp::sim::packet::Shape shape;
    const auto wrong = run_seed(seed, arguments.trace, result, shape);
    outcome.add(seed, shape, result, wrong);
  });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::fputs(outcome.summary().text().c_str(), stdout);
  if (outcome.failed() == 0) {
    std::printf("ok packet-seeds-%llu-%llu %.3f\n", static_cast<unsigned long long>(arguments.first),
                static_cast<unsigned long long>(arguments.first + arguments.seeds - 1), took.count());
  }
  return outcome.failed() == 0 ? 0 : 1;
}
