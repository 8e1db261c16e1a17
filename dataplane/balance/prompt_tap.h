// Which prompts a shard sent where, for whoever makes out what engines say of their caches: a reporter that reads KV
// events knows blocks of tokens, and learns here whose blocks they are. A bounded ring from one shard to the control
// thread, as RecordRing: a full one drops and counts. While nobody reads it, nothing is written.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>
#include <type_traits>

#include "dataplane/balance/replica_ref.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/record_ring.h"
#include "dataplane/base/time.h"
#include "dataplane/prompt/rung.h"

namespace wp::balance {

// One of the notes that are made of a prompt: when it is sent, at the first byte of its reply, and when that is over.
// Without initial values: a ring's memory is not touched before it is used.
struct PromptNote {
  enum class Kind : std::uint8_t { sent, first_byte, ended };

  Kind kind;
  std::uint64_t number;  // of the attempt, the same in its notes; from 1, of this shard
  std::int64_t at_ns;    // on the shards' time line
  // sent
  std::uint32_t replica;  // a ReplicaRef
  std::uint32_t generation;
  std::uint32_t estimated_tokens;
  std::uint32_t rungs;            // that are there, by ascending ends in the ladder and then in the last turns
  std::uint64_t canonical_bytes;  // of the whole stream, in which the ends are
  std::uint64_t hashes[prompt::kMaxRungs];
  std::uint32_t ends[prompt::kMaxRungs];
  // ended: as the reply told, or kNotTold
  std::uint32_t prompt_tokens;
  std::uint32_t completion_tokens;
  std::uint32_t cached_tokens;
};
static_assert(std::is_trivially_default_constructible_v<PromptNote>);

class PromptTap {
 public:
  static constexpr std::uint32_t kNotes = 1024;

  // Once, before a second thread knows of it.
  void open() { ring_.open(kNotes); }

  // --- the shard

  [[nodiscard]] bool wanted(Instant now) const { return now.ns < wanted_until_.load(std::memory_order_relaxed); }

  // The attempt's number, for the notes that follow; 0 when there was no room, and none are to follow.
  [[nodiscard]] std::uint64_t sent(ReplicaRef replica, std::span<const prompt::Rung> ladder,
                                   std::span<const prompt::Rung> ends, std::uint64_t canonical_bytes,
                                   std::uint32_t estimated_tokens, Instant now) {
    PromptNote* note = claim(PromptNote::Kind::sent, numbered_ + 1, now);
    if (note == nullptr) return 0;
    note->replica = replica.id;
    note->generation = replica.generation;
    note->estimated_tokens = estimated_tokens;
    note->canonical_bytes = canonical_bytes;
    note->rungs = 0;
    for (const std::span<const prompt::Rung> rungs : {ladder, ends}) {
      for (const prompt::Rung& rung : rungs) {
        note->hashes[note->rungs] = rung.hash;
        note->ends[note->rungs++] = rung.end;
      }
    }
    ring_.publish();
    return ++numbered_;
  }

  void first_byte(std::uint64_t number, Instant now) {
    if (claim(PromptNote::Kind::first_byte, number, now) != nullptr) ring_.publish();
  }

  void ended(std::uint64_t number, std::uint32_t prompt_tokens, std::uint32_t completion_tokens,
             std::uint32_t cached_tokens, Instant now) {
    PromptNote* note = claim(PromptNote::Kind::ended, number, now);
    if (note == nullptr) return;
    note->prompt_tokens = prompt_tokens;
    note->completion_tokens = completion_tokens;
    note->cached_tokens = cached_tokens;
    ring_.publish();
  }

  // --- the control thread

  void want(Instant until) { wanted_until_.store(until.ns, std::memory_order_relaxed); }
  // Calls visit(note) for up to `most` notes, oldest first. How many there were.
  template <class Visit>
  std::uint32_t take(std::uint32_t most, Visit&& visit) {
    return ring_.drain(most, visit);
  }

  // --- any thread

  [[nodiscard]] const Counter& dropped() const { return ring_.dropped(); }

 private:
  [[nodiscard]] PromptNote* claim(PromptNote::Kind kind, std::uint64_t number, Instant now) {
    PromptNote* note = ring_.claim();
    if (note == nullptr) return nullptr;
    note->kind = kind;
    note->number = number;
    note->at_ns = now.ns;
    return note;
  }

  RecordRing<PromptNote> ring_;
  std::uint64_t numbered_ = 0;
  std::atomic<std::int64_t> wanted_until_{0};
};

}  // namespace wp::balance
