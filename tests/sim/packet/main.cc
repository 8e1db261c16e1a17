// warmpath-packet-sim: runs packet worlds by seed. Prints a line a failing seed with the command that runs it again,
// and what the worlds were like; exits with 1 when one was not in order.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/sim/packet/world.h"

namespace {

using wp::sim::packet::LinkTally;
using wp::sim::packet::World;
using wp::sim::packet::WorldResult;

struct Arguments {
  std::uint64_t seeds = 50;
  std::uint64_t first = 1;
  bool trace = false;
};

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (std::strcmp(argv[i], "--trace") == 0) {
      arguments.trace = true;
    } else if (std::strcmp(argv[i], "--seeds") == 0 && more) {
      arguments.seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--first") == 0 && more) {
      arguments.first = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seed") == 0 && more) {
      arguments.first = std::strtoull(argv[++i], nullptr, 10);
      arguments.seeds = 1;
    } else {
      std::fprintf(stderr, "usage: warmpath-packet-sim [--seeds N [--first S] | --seed S] [--trace]\n");
      return false;
    }
  }
  return true;
}

// A world must also be the same when it is run again.
bool run_seed(std::uint64_t seed, bool trace, WorldResult& result) {
  {
    World world(seed, trace);
    if (trace) std::printf("%s\n", world.shape().text().c_str());
    result = world.run();
  }
  const WorldResult second = World(seed).run();
  if (second.trace != result.trace || second.segments != result.segments) {
    result.violations.push_back("the same seed gave another trace");
  }
  if (result.violations.empty()) return true;
  std::printf("FAIL packet-seed-%llu: %s (%zu in all); again: warmpath-packet-sim --seed %llu --trace\n",
              static_cast<unsigned long long>(seed), result.violations.front().c_str(), result.violations.size(),
              static_cast<unsigned long long>(seed));
  if (trace) {
    for (const std::string& what : result.violations) std::printf("  %s\n", what.c_str());
  }
  return false;
}

void add(LinkTally& sum, const LinkTally& one) {
  sum.sent += one.sent;
  sum.delivered += one.delivered;
  sum.lost += one.lost;
  sum.overflowed += one.overflowed;
  sum.duplicated += one.duplicated;
  sum.reordered += one.reordered;
  sum.flipped += one.flipped;
  sum.truncated += one.truncated;
  sum.too_big += one.too_big;
  sum.partitioned += one.partitioned;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) return 2;
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t failed = 0, segments = 0, talks = 0, broken_talks = 0, hostile = 0, v6 = 0;
  LinkTally links;
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    WorldResult result;
    if (!run_seed(seed, arguments.trace, result)) ++failed;
    const World drawn(seed);
    hostile += drawn.shape().hostile ? 1 : 0;
    v6 += drawn.shape().v6 ? 1 : 0;
    segments += result.segments;
    talks += result.talks;
    broken_talks += result.failed;
    for (const LinkTally& link : result.link) add(links, link);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const auto figure = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf("worlds: %llu, hostile %llu, IPv6 %llu; segments %llu (%llu a seed); talks %llu, ended by faults %llu\n",
              figure(arguments.seeds), figure(hostile), figure(v6), figure(segments),
              figure(segments / std::max<std::uint64_t>(arguments.seeds, 1)), figure(talks), figure(broken_talks));
  std::printf(
      "packets: delivered %llu, lost %llu, overflowed %llu, duplicated %llu, reordered %llu, flipped %llu, "
      "truncated %llu, too big %llu, partitioned %llu\n",
      figure(links.delivered), figure(links.lost), figure(links.overflowed), figure(links.duplicated),
      figure(links.reordered), figure(links.flipped), figure(links.truncated), figure(links.too_big),
      figure(links.partitioned));
  if (failed == 0) {
    std::printf("ok packet-seeds-%llu-%llu %.3f\n", figure(arguments.first),
                figure(arguments.first + arguments.seeds - 1), took.count());
  }
  return failed == 0 ? 0 : 1;
}
