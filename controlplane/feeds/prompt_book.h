// Which blocks prompts begin with: the keys of doc/KEYS.md that were made out, each with the block that it ends in.
// What one engine showed holds for all of them, since blocks are known by their tokens. Bounded: who was not met for
// longest goes. Pure.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/feeds/block_cache.h"

namespace wp::feeds {

using PromptKey = std::uint64_t;

// One rung of a prompt.
struct PromptRung {
  PromptKey key = 0;
  std::uint32_t end = 0;  // in bytes of its canonical stream
};

class PromptBook {
 public:
  struct Place {
    ChainKey block = 0;
    std::uint32_t depth = 0;  // blocks from the beginning of the prompt, that one included
    std::uint32_t end = 0;    // of the key's rung
  };

  explicit PromptBook(std::size_t most = 1U << 18U) : most_(most) {}

  // nullptr when it is not known.
  [[nodiscard]] const Place* find(PromptKey key) const;
  // Whether another key had to go for it.
  bool put(PromptKey key, const Place& place);
  void forget(PromptKey key);
  // Keys whose place is that block.
  [[nodiscard]] std::vector<PromptKey> at(ChainKey block) const;
  // Keys that came, moved or went since the last call.
  [[nodiscard]] std::vector<PromptKey> take_changed() { return std::exchange(changed_, {}); }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Place place;
    std::list<PromptKey>::iterator age;
  };

  void detach(PromptKey key, ChainKey block);

  std::size_t most_;
  std::unordered_map<PromptKey, Entry> entries_;
  std::unordered_multimap<ChainKey, PromptKey> by_block_;
  std::list<PromptKey> ages_;  // the oldest first
  std::vector<PromptKey> changed_;
};

}  // namespace wp::feeds
