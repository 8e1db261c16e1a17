// What a reporter says of one replica at one time, in no engine's dialect. doc/REPORTS.md describes the same as JSON.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "dataplane/base/time.h"

namespace wp::control {

// Sums since the engine started, in tokens: of how many it was asked whether they are cached, and how many were.
struct PrefixCounts {
  std::uint64_t queries = 0;
  std::uint64_t hits = 0;  // at most the queries
};

struct Report {
  std::string replica;                     // its name
  std::uint32_t generation = 0;            // which of those that had the name; 0: the one that has it
  std::uint64_t sequence = 0;              // from 1, growing
  std::uint64_t instance = 0;              // another number is another process of the engine; 0: not known
  Duration age;                            // since it was read
  std::optional<std::uint32_t> waiting;    // requests
  std::optional<std::uint32_t> running;    // requests
  std::optional<double> kv_usage;          // of the KV cache, 0 to 1
  std::optional<std::uint64_t> kv_tokens;  // that the KV cache holds
  std::optional<PrefixCounts> prefix;
};

// What who reads an engine's events may count of it: prompts by what was made out of them, then of the events.
inline constexpr auto kHoldingsCounts =
    std::to_array<std::string_view>({"matched", "unseen", "ambiguous", "contradicted", "untold", "lost", "displaced",
                                     "batches", "garbled", "anew", "orphans", "overflow"});
using HoldingsCounts = std::array<std::optional<std::uint64_t>, kHoldingsCounts.size()>;

// What came and went in a replica's cache since the report before, in the keys of doc/KEYS.md.
struct HoldingsReport {
  std::string replica;           // its name
  std::uint32_t generation = 0;  // which of those that had the name; 0: the one that has it
  std::uint64_t sequence = 0;    // from 1, by one each time
  Duration age;                  // since it was so
  bool cleared = false;          // it holds nothing but what follows
  std::vector<std::uint64_t> dropped;
  std::vector<std::uint64_t> holds;
  HoldingsCounts counts;  // sums since the reporter reads of the replica
};

inline constexpr std::size_t kMaxReports = 1024;   // of one body, and as many of holdings
inline constexpr std::size_t kMaxPrefixes = 8192;  // of one report of holdings, each of the two lists

// What a body held: each report, or what is wrong with it.
struct ReportBatch {
  std::string reporter;  // who counts the sequence
  struct Item {
    std::string replica;  // as far as it could be read
    std::expected<Report, std::string> report;
  };
  std::vector<Item> items = {};
  struct HoldingsItem {
    std::string replica;
    std::expected<HoldingsReport, std::string> report;
  };
  std::vector<HoldingsItem> holdings = {};
};

// The error is about the body as a whole.
[[nodiscard]] std::expected<ReportBatch, std::string> read_reports(std::string_view body);

}  // namespace wp::control
