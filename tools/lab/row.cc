#include "tools/lab/row.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>
#include <vector>

namespace wp::lab {
namespace {

double imbalance(const std::vector<ReplicaWork>& replicas) {
  double work = 0;
  double time = 0;
  double busiest = 0;
  for (const ReplicaWork& replica : replicas) {
    // Where no time passes, everybody was there for as long.
    const double present = std::max(replica.present.seconds(), 1e-9);
    const auto tokens = static_cast<double>(replica.uncached_tokens);
    work += tokens;
    time += present;
    busiest = std::max(busiest, tokens / present);
  }
  return work > 0 ? busiest * time / work : 1;
}

// The nearest rank's value of sorted ones; 0 of none.
template <class T>
double percentile(const std::vector<T>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

void add_ttft(Row& row, const Outcome& outcome) {
  std::vector<std::int64_t> waits;
  for (const Served& served : outcome.served) {
    if (served.replica != Served::kNobody) waits.push_back(served.ttft.ns);
  }
  for (const std::int64_t wait : waits) row.ttft_mean_ms += static_cast<double>(wait) / 1e6;
  row.ttft_mean_ms /= static_cast<double>(std::max<std::size_t>(1, waits.size()));
  std::ranges::sort(waits);
  row.ttft_p50_ms = percentile(waits, 0.50) / 1e6;
  row.ttft_p90_ms = percentile(waits, 0.90) / 1e6;
  row.ttft_p99_ms = percentile(waits, 0.99) / 1e6;
}

void add_errors(Row& row, const Trace& trace, const Outcome& outcome) {
  std::vector<double> errors;
  std::vector<double> prompt_errors;
  for (std::size_t i = 0; i < outcome.served.size(); ++i) {
    const Served& served = outcome.served[i];
    if (served.replica == Served::kNobody) continue;
    const double uncached = served.uncached_tokens;
    const double off = std::abs(served.expected_tokens - uncached);
    errors.push_back(off / std::max(uncached, 1.0));
    prompt_errors.push_back(off / trace.requests[i].prompt_tokens);
  }
  std::ranges::sort(errors);
  std::ranges::sort(prompt_errors);
  row.prompt_error_p50 = percentile(prompt_errors, 0.50);
  row.prompt_error_p90 = percentile(prompt_errors, 0.90);
  row.error_p50 = percentile(errors, 0.50);
  row.error_p90 = percentile(errors, 0.90);
}

std::optional<double> sessions_kept(const Trace& trace, const Outcome& outcome) {
  std::unordered_map<std::uint64_t, std::uint32_t> last;
  std::uint64_t follow = 0;
  std::uint64_t kept = 0;
  for (std::size_t i = 0; i < outcome.served.size(); ++i) {
    const std::uint32_t replica = outcome.served[i].replica;
    const auto [found, first] = last.try_emplace(trace.requests[i].conversation, replica);
    if (first) continue;
    ++follow;
    kept += found->second == replica ? 1 : 0;
    found->second = replica;
  }
  if (follow == 0) return std::nullopt;
  return static_cast<double>(kept) / static_cast<double>(follow);
}

}  // namespace

Row make_row(std::string strategy, const Trace& trace, const Outcome& outcome) {
  Row row;
  row.strategy = std::move(strategy);
  std::uint64_t cached = 0;
  for (const Served& served : outcome.served) {
    cached += served.cached_blocks;
    row.spills += served.decision == Reason::spill || served.decision == Reason::saturated ? 1 : 0;
    row.retries += served.attempts > 1 ? served.attempts - 1 : 0;
    row.lost += served.answered ? 0 : 1;
  }
  const auto blocks = static_cast<double>(trace.blocks.size());
  row.hit_share = trace.blocks.empty() ? 0 : static_cast<double>(cached) / blocks;
  row.share_of_ideal = trace.repeated_blocks == 0 ? 1 : row.hit_share / trace.ideal_share();
  row.imbalance = imbalance(outcome.work);
  add_ttft(row, outcome);
  add_errors(row, trace, outcome);
  row.sessions_kept = sessions_kept(trace, outcome);
  return row;
}

}  // namespace wp::lab
