// Where each session was sent last, global over the shards, for one question: how many stay where they were. It is of
// fixed size; of the eight sessions that share a line, the one that was not seen for longest makes room. Relaxed
// atomics: racing shards may lose one another's entries, and who is forgotten counts as new.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/balance/replica_ref.h"
#include "dataplane/base/prefetch.h"
#include "dataplane/base/time.h"

namespace wp::balance {

// What became of a session at a pick.
enum class SessionFate : std::uint8_t {
  first,        // no request of it is remembered
  kept,         // with the replica of its last request; else it moved, because that one
  failed,       // was tried for this very request
  left,         // is no more
  unavailable,  // drains, is down, starts, has no address or waits with a lower priority
  over_bound,   // has as much to do as it may
  ring,         // is not the one that the ring names now
  choice,       // was not preferred: for its cost, its load or in turn
};
inline constexpr std::size_t kSessionFates = 8;
inline constexpr std::size_t kFirstMove = static_cast<std::size_t>(SessionFate::failed);
[[nodiscard]] std::string_view word(SessionFate fate);

// The replica of a session's last request: as much of its reference as the table keeps.
struct LastReplica {
  std::uint32_t id = 0;
  std::uint32_t generation = 0;  // its lowest kGenerationBits
  bool known = false;

  static constexpr std::uint32_t kGenerationBits = 12;
  [[nodiscard]] bool is(ReplicaRef ref) const {
    return known && id == ref.id && generation == (ref.generation & ((1U << kGenerationBits) - 1));
  }
};

class SessionTable {
 public:
  static constexpr std::uint32_t kWays = 8;

  // Room for so many sessions, rounded up to a power of two, in 8 bytes each.
  SessionTable(std::uint32_t sessions, std::uint32_t max_pools);

  // Any thread. `key`: of a session in its pool.
  void prefetch(std::uint64_t key) const { prefetch_line(&lines_[key & mask_]); }
  // The session's last request went to `to`; returns where the one before had gone.
  LastReplica move(std::uint64_t key, ReplicaRef to, Instant now);
  void count(std::uint32_t pool, SessionFate fate);

  using Figures = std::array<std::uint64_t, kSessionFates>;  // picks by fate
  [[nodiscard]] Figures figures(std::uint32_t pool) const;
  // Another pool has the id from now on.
  void reset(std::uint32_t pool);

 private:
  struct alignas(64) Line {
    std::array<std::atomic<std::uint64_t>, kWays> entries{};
  };
  struct alignas(64) Pool {
    std::array<std::atomic<std::uint64_t>, kSessionFates> picks{};
  };

  std::uint32_t mask_;  // of lines
  std::uint32_t max_pools_;
  std::unique_ptr<Line[]> lines_;
  std::unique_ptr<Pool[]> pools_;
};

}  // namespace wp::balance
