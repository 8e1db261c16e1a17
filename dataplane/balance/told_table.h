// What replicas are told to hold, in the keys of doc/KEYS.md: the knowledge of the strategy `kv`, and of no other.
//
// A table of fixed size, lock-free and shared by the shards: lines of eight entries (tag, replica, epoch, until). What
// is told is written by the control thread and stands until it is taken back, its replica is cleared, or its line has
// no room left, which is counted: nothing ages. Engines tell what they hold after the work is done, so a pick writes
// what it expects to be there: such an entry ends by itself after kExpectFor, unless it is told by then, gives way to
// what is told, and is taken back with it. A replica counts only while its reporter is heard.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/balance/holders.h"
#include "dataplane/base/huge_array.h"
#include "dataplane/base/prefetch.h"
#include "dataplane/base/time.h"
#include "dataplane/prompt/rung.h"

namespace wp::balance {

class ToldTable {
 public:
  static constexpr std::uint32_t kWays = Holders::kMost;
  static constexpr std::uint32_t kLineBytes = 64;
  // A prompt that waits in a queue and is prefilled is told of by then, or it was not kept.
  static constexpr Duration kExpectFor = seconds(30);

  // `lines` is rounded up to a power of two.
  ToldTable(std::uint32_t lines, std::uint32_t max_replicas);

  // Any shard.
  void prefetch(std::uint64_t hash) const { prefetch_line(&lines_[hash & mask_]); }
  [[nodiscard]] bool heard(std::uint32_t replica_id, Instant now) const;
  // Of the replicas that are heard; one may stand there twice.
  [[nodiscard]] Holders holders(std::uint64_t hash, Instant now) const;
  // A prompt with these rungs went to the replica.
  void expect(std::uint32_t replica_id, std::span<const prompt::Rung> ladder, std::span<const prompt::Rung> ends,
              Instant now);

  // Control thread.
  void hold(std::uint32_t replica_id, std::uint64_t hash);
  void drop(std::uint32_t replica_id, std::uint64_t hash);
  // It holds nothing, and nothing is expected of it.
  void clear(std::uint32_t replica_id);
  // The same, and its reporter is not heard.
  void forget(std::uint32_t replica_id);
  // Its reporter is heard until then.
  void hear(std::uint32_t replica_id, Instant until);
  // Another number than before: it was cleared or forgotten since.
  [[nodiscard]] std::uint32_t epoch(std::uint32_t replica_id) const;
  // That stand there as told.
  [[nodiscard]] std::uint32_t entries(std::uint32_t replica_id) const { return entries_[replica_id]; }
  // Told entries that had to go because their line was full.
  [[nodiscard]] std::uint64_t displaced() const { return displaced_; }

 private:
  using Entries = std::array<std::atomic<std::uint64_t>, kWays>;
  struct alignas(kLineBytes) Line {
    Entries entries{};
  };
  struct State {
    std::atomic<std::int64_t> until{0};  // ns on the caller's time line
    std::atomic<std::uint32_t> epoch{0};
  };

  [[nodiscard]] bool current(std::uint64_t entry) const;
  void expect(std::uint32_t replica_id, std::uint64_t hash, Instant now);
  void sweep(std::uint32_t replica_id);

  std::uint32_t mask_;
  std::uint32_t max_replicas_;
  HugeArray<Line> lines_;
  std::unique_ptr<State[]> states_;
  std::vector<std::uint32_t> entries_;  // by replica id; the control thread's
  std::uint64_t displaced_ = 0;         // the control thread's
};

}  // namespace wp::balance
