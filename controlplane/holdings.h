// What replicas hold, as reporters tell it: each report is judged here and put into the table that `kv` picks by.
//
// A report of holdings says what came and went since the one before, so that none may be missing: where one is, nothing
// that was told of the replica is trusted any more until its reporter begins anew. doc/REPORTS.md is the contract.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/registry.h"
#include "controlplane/report.h"
#include "dataplane/balance/told_table.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/time.h"

namespace wp::control {

struct HoldingsCounters {
  Counter taken;
  Counter refused;
  Counter gaps;     // times that a report was missing, and all that was told of a replica was forgotten
  Counter ran_dry;  // times that a replica's last report became too old
};

// Control thread only; the table outlives it.
class Holdings {
 public:
  // What was told is used until `fresh_for` after it was so.
  Holdings(balance::ToldTable& table, std::uint32_t max_replicas, Duration fresh_for);

  // Of that member. The error is one line.
  [[nodiscard]] std::expected<void, std::string> take(const HoldingsReport& report, const std::string& reporter,
                                                      const Member& member, Instant now);
  void count(bool taken) { (taken ? counters_.taken : counters_.refused).add(); }
  // Tells of those that have become too old. Once a second or so; the picks have stopped using them by themselves.
  void expire(const std::vector<Member>& members, Instant now);

  // The last report of a replica whose holdings are trusted; null when there is none.
  struct Kept {
    std::string reporter;
    std::uint64_t sequence = 0;
    Instant read;  // from the engine
    HoldingsCounts counts = {};
  };
  [[nodiscard]] const Kept* last(balance::ReplicaRef replica) const;
  [[nodiscard]] bool fresh(balance::ReplicaRef replica, Instant now) const;
  // Prefixes that it is told to hold.
  [[nodiscard]] std::uint32_t prefixes(balance::ReplicaRef replica) const { return table_.entries(replica.id); }
  [[nodiscard]] std::uint64_t displaced() const { return table_.displaced(); }
  [[nodiscard]] const HoldingsCounters& counters() const { return counters_; }

 private:
  struct Entry {
    std::uint32_t generation = 0;
    std::uint32_t epoch = 0;  // of the table; another one now: it has forgotten since
    std::optional<Kept> kept = {};
    bool dry = false;
  };

  [[nodiscard]] std::string objection(Entry& entry, const HoldingsReport& report, const std::string& reporter,
                                      const Member& member, Instant read);
  [[nodiscard]] bool trusted(const Entry& entry, balance::ReplicaRef replica) const;

  balance::ToldTable& table_;
  Duration fresh_for_;
  std::vector<Entry> entries_;  // by replica id
  HoldingsCounters counters_;
};

}  // namespace wp::control
