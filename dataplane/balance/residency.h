// Which replicas may still hold which prefixes: learned from what was sent to them, with no word from any engine.
//
// One table of fixed size, lock-free and shared by the shards, of two lines side by side for the rungs that fall on
// them. `holders`: eight entries (tag, replica, epoch, stamp). `fans`: for a rung, how many conversations were seen to
// part behind it, by which the prompt that everybody shares is told from what is one conversation's own. Few rungs are
// everybody's, and which may be is known without a look at them (common_marks.h).
//
// An entry ages by what its replica was given since: each replica has a clock that counts the tokens it took into its
// cache, and a prefix is there while what came after it fits beside it, as an LRU cache would have it: the end of a
// prompt goes first. A replica that starts anew is wiped by one increment of its epoch. A wrong entry costs a worse
// guess, nothing else: racing writers may lose one another's entries, and nothing waits.
//
// What somebody was told is kept beside it (told_table.h), for the strategy that believes nothing else.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/balance/common_marks.h"
#include "dataplane/balance/ending_table.h"
#include "dataplane/balance/holders.h"
#include "dataplane/balance/others.h"
#include "dataplane/balance/prefill_times.h"
#include "dataplane/balance/told_table.h"
#include "dataplane/base/huge_array.h"
#include "dataplane/base/prefetch.h"
#include "dataplane/prompt/rung.h"

namespace wp::balance {

// A fan-out entry: tag above, then one bit for each class of children seen.
struct FanEntry {
  static constexpr std::uint32_t kBits = 48;
  static constexpr std::uint64_t kMask = (std::uint64_t{1} << kBits) - 1;

  [[nodiscard]] static std::uint64_t tag_of(std::uint64_t hash) { return std::max<std::uint64_t>(1, hash >> kBits); }
};

class Residency {
 public:
  static constexpr std::uint32_t kWays = Holders::kMost;
  static constexpr std::uint32_t kLineBytes = 128;  // half of them for the fan-out

  // `lines`, of kLineBytes each and a sixteenth more for endings, and those of what is told, are rounded up to a power
  // of two.
  Residency(std::uint32_t lines, std::uint32_t max_replicas, std::uint32_t told_lines = 1);

  // Any shard.
  void prefetch(std::uint64_t hash) const { prefetch_line(&line(hash)); }
  void prefetch_fan_out(std::uint64_t hash) const { prefetch_line(&lines_[hash & mask_].fans); }
  // Those that are alive, with their ages to kTokensPerTick. `tokens`: of the prefix, which the cache has to have room
  // for.
  [[nodiscard]] Holders holders(std::uint64_t hash, std::uint32_t tokens = 0) const;
  // How many conversations parted behind this rung: an estimate, within a fifth up to some 40, and no more beyond.
  [[nodiscard]] std::uint32_t fan_out(std::uint64_t hash) const;
  // False of nearly every rung of a ladder, and without a look at the table: neither kManyChildren conversations parted
  // behind it, nor do as many replicas hold it as record() was last told that make a rung common.
  [[nodiscard]] bool may_be_common(std::uint64_t hash) const {
    return marks_.marked(hash & mask_, FanEntry::tag_of(hash));
  }
  // A prompt with these rungs went to the replica, which has to prefill about `uncached` tokens of it. Conversations
  // are told apart by `session`, or, where it is 0, by the next rung. `common`: so many replicas make a rung common.
  void record(std::uint32_t replica_id, std::span<const prompt::Rung> ladder, std::span<const prompt::Rung> ends,
              std::uint32_t uncached, std::uint64_t session, std::uint32_t common = 2);

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
  // The same, guessed from how long a prefill took (prefill_times.h) as long as no reply has told. Any shard.
  void learn(std::uint32_t replica_id, const Prefill& prefill);
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

  // Of the replica's cache: the largest power of two that divides all that replies said it had of prompts; what is
  // usual where none did.
  [[nodiscard]] std::uint32_t block_tokens(std::uint32_t replica_id) const;
  // A reply said that of the prompt, which it had not whole, the replica had so much.
  void learn_block(std::uint32_t replica_id, std::uint32_t cached);

  // What others put into the same caches.
  [[nodiscard]] Others& others() { return *others_; }
  [[nodiscard]] const Others& others() const { return *others_; }

  // Where the prompts ended that record() was told of.
  [[nodiscard]] EndingTable& endings() { return endings_; }
  [[nodiscard]] const EndingTable& endings() const { return endings_; }

  // What was told, by which nothing here is corrected.
  [[nodiscard]] ToldTable& told() { return told_; }
  [[nodiscard]] const ToldTable& told() const { return told_; }

  [[nodiscard]] std::uint32_t lines() const { return mask_ + 1; }
  // The first word of where a rung's holders stand, for those who measure what a look at that memory costs.
  [[nodiscard]] const std::atomic<std::uint64_t>& line(std::uint64_t hash) const {
    return lines_[hash & mask_].holders.front();
  }
  // A rung behind which so many conversations part is everybody's.
  static constexpr std::uint32_t kManyChildren = 10;
  static constexpr std::uint32_t kTokensPerTick = 256;

 private:
  friend class ResidencyImage;  // residency_image.h
  using Entries = std::array<std::atomic<std::uint64_t>, kWays>;
  struct alignas(kLineBytes) Line {
    Entries holders{};
    Entries fans{};
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
    std::atomic<std::uint32_t> cached_bits{0};  // set in any number of cached tokens
  };

  // Ticks since the entry was written or refreshed; nothing when the replica holds it no more.
  [[nodiscard]] bool alive(std::uint64_t entry, std::uint32_t& age, std::uint32_t tokens = 0) const;
  [[nodiscard]] static std::uint32_t tick(const Clock& clock);
  [[nodiscard]] static std::uint64_t capacity(const Clock& clock);
  // Whether anything had to be written.
  bool hold(std::uint64_t hash, std::uint32_t replica_id);
  [[nodiscard]] std::atomic<std::uint64_t>& oldest_of(Entries& entries) const;
  // What is in a line that is new: marks which of its rungs may be common.
  void mark_common(std::size_t line);
  void add_child(std::uint64_t parent, std::uint64_t child);

  std::uint32_t mask_;
  std::uint32_t max_replicas_;
  HugeArray<Line> lines_;
  CommonMarks marks_;
  std::unique_ptr<Clock[]> clocks_;
  std::unique_ptr<PrefillTimes[]> times_;
  EndingTable endings_;
  std::unique_ptr<Others> others_ = std::make_unique<Others>();
  ToldTable told_;
};

}  // namespace wp::balance
