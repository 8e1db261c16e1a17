// Worlds by seed on several threads: they share nothing, so each is run by whichever thread is free.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace wp::sim {

// Calls `run` for each of `count` seeds from `first` on, on `jobs` threads; returns when all are done.
template <class Run>
void for_each_seed(std::uint64_t first, std::uint64_t count, std::uint64_t jobs, Run&& run) {
  std::atomic<std::uint64_t> next = first;
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed < first + count; seed = next++) run(seed);
  };
  std::vector<std::jthread> threads;
  for (std::uint64_t i = 1; i < jobs; ++i) threads.emplace_back(work);
  work();
}

}  // namespace wp::sim
