// Which replicas may still hold which prefixes: learned from what was sent to them, with no word from any engine.
//
// Two tables of fixed size, lock-free and shared by the shards. `holders`: a line of eight entries (tag, replica,
// epoch, stamp) for the rungs that fall on it. `fan-out`: for a rung, how many conversations were seen to part behind
// it, by which the prompt that everybody shares is told from what is one conversation's own.
//
// An entry ages by what its replica was given since: each replica has a clock that counts the tokens it took into its
// cache, and a prefix is there while what came after it fits beside it, as an LRU cache would have it: the end of a
// prompt goes first. A
// replica that starts anew is wiped by one increment of its epoch. A wrong entry costs a worse guess, nothing else:
// racing writers may lose one another's entries, and nothing waits.
//
// What somebody was told is kept beside it (told_table.h), for the strategy that believes nothing else.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/balance/holders.h"
#include "dataplane/balance/told_table.h"
#include "dataplane/prompt/rung.h"

namespace wp::balance {

class Residency {
 public:
  static constexpr std::uint32_t kWays = Holders::kMost;
  static constexpr std::uint32_t kMaxReplicas = 1U << 14U;
  static constexpr std::uint32_t kLineBytes = 128;  // with its share of the fan-out

  // `lines`, and those of what is told, are rounded up to a power of two.
  Residency(std::uint32_t lines, std::uint32_t max_replicas, std::uint32_t told_lines = 1);

  // Any shard.
  void prefetch(std::span<const prompt::Rung> ladder, std::span<const prompt::Rung> ends) const;
  // Those that are alive, with their ages to kTokensPerTick. `tokens`: of the prefix, which the cache has to have room
  // for.
  [[nodiscard]] Holders holders(std::uint64_t hash, std::uint32_t tokens = 0) const;
  // How many conversations parted behind this rung: an estimate, within a fifth up to some 40, and no more beyond.
  [[nodiscard]] std::uint32_t fan_out(std::uint64_t hash) const;
  // A prompt with these rungs went to the replica, which has to prefill about `uncached` tokens of it. Conversations
  // are told apart by `session`, or, where it is 0, by the next rung.
  void record(std::uint32_t replica_id, std::span<const prompt::Rung> ladder, std::span<const prompt::Rung> ends,
              std::uint32_t uncached, std::uint64_t session);

  // What the replica's cache holds at most, in tokens, as someone who knows says; 0: nobody does. Control thread.
  void set_capacity(std::uint32_t replica_id, std::uint64_t tokens);
  // What the engine itself says of it, which may be true of less than that: requests under way take their part. 0: it
  // says nothing. Control thread.
  void set_bound(std::uint32_t replica_id, std::uint64_t tokens);
  // What was told, or else the lesser of the bound and what was learned; 0: nothing is known, and nothing ages.
  [[nodiscard]] std::uint64_t capacity(std::uint32_t replica_id) const;
  // A reply told the truth: the replica was believed to hold `expected` tokens of the prompt by an entry of that age,
  // and had `cached`. What it has forgotten was too old for its cache.
  void learn(std::uint32_t replica_id, std::uint32_t expected, std::uint32_t age, std::uint32_t cached);
  // What was believed of the prompts that record() was told of: `cached` tokens by an entry of that age.
  void believe(std::uint32_t replica_id, std::uint32_t cached, std::uint32_t age);
  // Sums of all that was sent to the replica's id, of whomever it was: what counts is by how much they grew.
  struct Sent {
    std::uint64_t uncached = 0;  // tokens
    std::uint64_t believed = 0;  // tokens
    std::uint64_t ages = 0;      // of the believed tokens, ticks each
  };
  [[nodiscard]] Sent sent(std::uint32_t replica_id) const;
  // The replica is new, or has started anew: it holds nothing. Control thread.
  void wipe(std::uint32_t replica_id);

  // What was told, by which nothing here is corrected.
  [[nodiscard]] ToldTable& told() { return told_; }
  [[nodiscard]] const ToldTable& told() const { return told_; }

  [[nodiscard]] std::uint32_t lines() const { return mask_ + 1; }
  static constexpr std::uint32_t kTokensPerTick = 256;

 private:
  friend class ResidencyImage;  // residency_image.h
  using Entries = std::array<std::atomic<std::uint64_t>, kWays>;
  struct alignas(64) Line {
    Entries entries{};
  };
  struct alignas(64) Clock {
    std::atomic<std::uint64_t> taken{0};      // tokens, by which entries age
    std::atomic<std::uint64_t> prefilled{0};  // tokens
    std::atomic<std::uint64_t> capacity{0};   // tokens, as told
    std::atomic<std::uint64_t> learned{0};    // the same, as replies let guess
    std::atomic<std::uint64_t> bound{0};      // the same, as the engine says
    std::atomic<std::uint64_t> believed{0};   // Sent
    std::atomic<std::uint64_t> ages{0};
    std::atomic<std::uint32_t> epoch{0};
  };

  // Ticks since the entry was written or refreshed; nothing when the replica holds it no more.
  [[nodiscard]] bool alive(std::uint64_t entry, std::uint32_t& age, std::uint32_t tokens = 0) const;
  [[nodiscard]] static std::uint32_t tick(const Clock& clock);
  [[nodiscard]] static std::uint64_t capacity(const Clock& clock);
  void hold(std::uint64_t hash, std::uint32_t replica_id);
  [[nodiscard]] std::atomic<std::uint64_t>& oldest_of(Entries& entries) const;
  void add_child(std::uint64_t parent, std::uint64_t child);

  std::uint32_t mask_;
  std::uint32_t max_replicas_;
  std::unique_ptr<Line[]> holders_;
  std::unique_ptr<Line[]> fans_;
  std::unique_ptr<Clock[]> clocks_;
  ToldTable told_;
};

}  // namespace wp::balance
