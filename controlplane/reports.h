// What engines report of themselves, kept by replica and handed to the pick: the tables that shards read are told here,
// and nowhere is a Snapshot made for a report.
//
// Three ways to know what a replica holds, each better than the one before:
//   blind     by what was sent there
//   counters  that, corrected by the engine's own sums of prompt tokens it was asked and had cached
//   receipts  that, corrected by each reply that tells its cached tokens
// and two for replicas of a pool whose strategy is `kv`:
//   untold    not at all
//   precise   by what it was told to hold (holdings.h)
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/holdings.h"
#include "controlplane/registry.h"
#include "controlplane/report.h"
#include "dataplane/balance/accounts.h"
#include "dataplane/balance/residency.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/time.h"

namespace wp::control {

enum class Knowledge : std::uint8_t { blind, counters, receipts, untold, precise };
inline constexpr auto kAllKnowledge = std::to_array<Knowledge>(
    {Knowledge::blind, Knowledge::counters, Knowledge::receipts, Knowledge::untold, Knowledge::precise});

[[nodiscard]] std::string_view word(Knowledge knowledge);

struct ReportCounters {
  Counter taken;
  Counter refused;
  Counter lost;          // by the numbers that are missing in a reporter's sequence
  Counter ran_dry;       // times that a replica's last report became too old
  Counter restarts;      // engines that were seen to have started anew
  Counter compared;      // what was believed with what an engine counted
  Counter contradicted;  // of these, those that came out different by more than half
  Counter mixed;         // not compared: most of what the engine was asked did not come from here
};

// Control thread only; what is handed in outlives it.
class Reports {
 public:
  // A report is used until `fresh_for` after it was read from the engine.
  Reports(const Registry& registry, balance::Accounts& accounts, balance::Residency& residency, Duration fresh_for);

  // Each for itself: what is wrong with one, in one line, is at its place; empty where it was taken.
  struct Taken {
    std::vector<std::string> reports;
    std::vector<std::string> holdings;
  };
  [[nodiscard]] Taken take(const ReportBatch& batch, Instant now);
  // Lets go of what has become too old. Once a second or so; the picks have stopped using it by themselves.
  void expire(Instant now);

  // The last report of a replica, fresh or not; null when there is none.
  struct Kept {
    Report report;
    std::string reporter;
    Instant read;  // from the engine
  };
  [[nodiscard]] const Kept* last(balance::ReplicaRef replica) const;
  [[nodiscard]] bool fresh(balance::ReplicaRef replica, Instant now) const;
  // How a pick of that strategy knows what the replica holds.
  [[nodiscard]] Knowledge knowledge(balance::ReplicaRef replica, balance::Strategy strategy, Instant now) const;
  [[nodiscard]] Knowledge knowledge(const Member& member, Instant now) const;
  [[nodiscard]] Duration fresh_for() const { return fresh_for_; }
  [[nodiscard]] const ReportCounters& counters() const { return counters_; }
  [[nodiscard]] const Holdings& holdings() const { return holdings_; }

 private:
  // Where the engine's sums and ours stood when a comparison began.
  struct Mark {
    PrefixCounts engine;
    balance::Residency::Sent sent;
  };
  struct Entry {
    std::uint32_t generation = 0;
    std::optional<Kept> kept = {};
    std::optional<Mark> mark = {};  // there while fresh reports bring counters
    bool dry = false;
  };

  [[nodiscard]] std::expected<void, std::string> take_one(const Report& report, const std::string& reporter,
                                                          const Member& member, Instant now);
  [[nodiscard]] std::string objection(const Entry& entry, const Report& report, const std::string& reporter,
                                      const Member& member, Instant read) const;
  void note_restart(Entry& entry, const Report& report, const Member& member);
  void tell_others(const Report& report, const Member& member, Instant read);
  void compare(Entry& entry, const Report& report, const Member& member);
  [[nodiscard]] const Entry* find(balance::ReplicaRef replica) const;

  const Registry& registry_;
  balance::Accounts& accounts_;
  balance::Residency& residency_;
  Duration fresh_for_;
  std::vector<Entry> entries_;  // by replica id
  Holdings holdings_;
  ReportCounters counters_;
};

}  // namespace wp::control
