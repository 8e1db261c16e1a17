// Whose blocks an engine's are: prompts that were sent there, each with its keys and in the end with its length in
// tokens, are held against the blocks that came into the cache while it was computed. No tokenizer is wanted: a prompt
// of n tokens leaves a chain of n / block_tokens whole blocks, the last of which came between its sending and the first
// byte of its reply, or a little later where the engine is slow to tell.
//
// What could be another prompt's is nobody's: where two chains fit, or another prompt fits the chain as well, what was
// made out before may tell them apart (a prompt lies on the blocks of prompts that it begins as, and on none of one
// that it parts from), or the others' ends are waited for; else the prompt stays unknown, and is counted. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "controlplane/feeds/block_cache.h"
#include "controlplane/feeds/prompt_book.h"
#include "dataplane/base/time.h"

namespace wp::feeds {

// A prompt on its way to an engine. `rungs` is not empty: the last is the end of all that was told of it.
struct SentPrompt {
  std::uint64_t number = 0;
  Instant sent;
  std::uint64_t bytes = 0;  // of the canonical stream
  std::uint32_t estimated_tokens = 0;
  std::vector<PromptRung> rungs = {};
};

// What its reply told.
struct PromptEnd {
  std::uint64_t number = 0;
  std::optional<std::uint32_t> prompt_tokens = {};
  std::optional<std::uint32_t> completion_tokens = {};
  std::optional<std::uint32_t> cached_tokens = {};
};

class PromptMatcher {
 public:
  struct Limits {
    std::size_t prompts = 4096;  // that are remembered; the oldest goes
    // vLLM tells of a prompt's blocks before the first byte of its reply is on its way; clocks are a little apart.
    Duration slack = millis(5);
    // SGLang does so when it next logs or rests. Where nothing came in time, what comes until so long after is its.
    Duration late = seconds(3);
    Duration again = millis(500);     // between two looks at one that waits for others
    Duration patience = seconds(60);  // for others' ends, after its own
    Duration remember = seconds(120);
  };
  // Of prompts whose reply is over. Sums, never reset.
  struct Counts {
    std::uint64_t matched = 0;
    std::uint64_t unseen = 0;        // no chain came: all of it was there, or it was too short
    std::uint64_t ambiguous = 0;     // more than one thing fits
    std::uint64_t contradicted = 0;  // the chain is not that of prompts that begin alike
    std::uint64_t untold = 0;        // the reply did not tell its tokens
    std::uint64_t lost = 0;          // there were too many, or the cache was begun anew
    std::uint64_t displaced = 0;     // keys that had to make room for those of matched ones, in a full book
  };

  explicit PromptMatcher(Limits limits) : limits_(limits) {}
  PromptMatcher() : PromptMatcher(Limits{}) {}

  void sent(SentPrompt prompt);
  void first_byte(std::uint64_t number, Instant at);
  void ended(const PromptEnd& end, Instant at);

  // Makes out what can be by now, and writes it into the book. What happened in the cache until `known` is all told.
  void settle(const BlockCache& cache, PromptBook& book, Instant known, Instant now);
  // The cache was begun anew: nothing that was sent before can be made out.
  void forget();

  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::size_t open() const;

 private:
  struct Prompt {
    SentPrompt asked;
    std::optional<Instant> first_byte = {};
    std::optional<Instant> over = {};
    Instant next = {};  // it is not looked at before
    PromptEnd end = {};
    bool settled = false;  // matched or given up; if it is not matched, chains may still be its
    bool matched = false;
  };
  // A chain that may be a prompt's.
  struct Candidate {
    std::vector<ChainKey> path;
    Instant at;
  };
  using Path = std::span<const ChainKey>;

  // nullptr when it is not remembered.
  [[nodiscard]] Prompt* find(std::uint64_t number);
  // False: nothing that came until `after` the first byte may be its.
  [[nodiscard]] bool judge(Prompt& prompt, const BlockCache& cache, PromptBook& book, Instant now, Duration after);
  void settle_as(Prompt& prompt, std::uint64_t Counts::* count);
  [[nodiscard]] std::vector<Candidate> candidates(const Prompt& prompt, const BlockCache& cache, Duration after) const;
  [[nodiscard]] static bool agrees(const Prompt& prompt, Path path, const BlockCache& cache, const PromptBook& book);
  [[nodiscard]] static bool strange(const Prompt& prompt, Path path, const PromptBook& book);
  [[nodiscard]] bool has_rival(const Prompt& prompt, const Candidate& candidate, const BlockCache& cache,
                               const PromptBook& book, Duration after) const;
  [[nodiscard]] bool overlaps(const Prompt& prompt, Instant at, Duration after) const;
  void contradict(const Prompt& prompt, Path path, PromptBook& book);
  void learn(const Prompt& prompt, Path path, const BlockCache& cache, PromptBook& book);
  void drop_old(Instant now);

  Limits limits_;
  Counts counts_;
  std::deque<Prompt> prompts_;  // in the order in which they were sent
  // Chains that were made out, with the last key of the prompt.
  struct Claim {
    PromptKey whole = 0;
    Instant at;
  };
  std::unordered_map<ChainKey, Claim> claims_;
};

}  // namespace wp::feeds
