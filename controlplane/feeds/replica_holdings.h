// What a replica is told to hold: of the prompts that were made out, those whose blocks are in its engine's cache. Says
// what came and went since the last report. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "controlplane/feeds/block_cache.h"
#include "controlplane/feeds/prompt_book.h"
#include "controlplane/feeds/prompt_matcher.h"

namespace wp::feeds {

// As doc/REPORTS.md has it.
struct HoldingsDiff {
  std::uint64_t sequence = 0;
  bool cleared = false;
  std::vector<PromptKey> dropped = {};
  std::vector<PromptKey> holds = {};
};

class ReplicaHoldings {
 public:
  static constexpr std::size_t kMostKeys = 8192;  // of a report

  BlockCache cache;
  PromptMatcher prompts;

  // The engine's blocks are not known any more.
  void forget();
  // The next report says everything: the gateway knows nothing.
  void begin_anew(const PromptBook& book);

  // Blocks changed in the cache: their keys may have come or gone.
  void note_blocks(const PromptBook& book);
  // These keys changed in the book.
  void note_keys(std::span<const PromptKey> keys, const PromptBook& book);

  [[nodiscard]] bool has_news() const { return cleared_ || !open_.empty(); }
  // The next report, of up to kMostKeys keys; empty when there is nothing to say.
  [[nodiscard]] HoldingsDiff next(const PromptBook& book);
  [[nodiscard]] std::size_t told() const { return told_.size(); }

 private:
  std::uint64_t sequence_ = 0;
  bool cleared_ = true;
  std::unordered_set<PromptKey> told_;
  std::unordered_set<PromptKey> open_;  // to be looked at
};

// One entry of `holdings` in the body of POST /v1/reports.
struct HoldingsEntry {
  std::string replica;
  std::uint32_t generation = 0;
  HoldingsDiff diff;
  std::vector<std::pair<const char*, std::uint64_t>> counts = {};  // sums, by what they are called there
};
[[nodiscard]] std::string write_holdings(std::span<const HoldingsEntry> entries, std::string_view reporter);

// The replicas whose entries the answer refuses, and why.
struct RefusedHoldings {
  std::string replica;
  std::string error;
};
[[nodiscard]] std::vector<RefusedHoldings> read_refused_holdings(std::string_view body);

}  // namespace wp::feeds
