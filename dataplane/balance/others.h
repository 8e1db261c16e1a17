// Whether others send to the same replicas, and how much: gateways that do not talk know of one another only by what
// they find. Of what the replicas had of prompts some was put there by nobody here; and what their engines counted may
// be more than was sent from here.
//
// One word for all shards, written by replies. Relaxed: whoever loses a race loses a sample, of thousands.
#pragma once

#include <atomic>
#include <cstdint>

namespace wp::balance {

class alignas(64) Others {
 public:
  // Any thread. A reply said that `cached` tokens of a prompt were there, of which anybody was believed to hold
  // `known`.
  void found(std::uint32_t cached, std::uint32_t known);
  // An engine was asked for so many tokens in all, of which `ours` from here.
  void counted(std::uint64_t asked, std::uint64_t ours);
  // Of all that was found or counted of late, what came from others: 0 to 1.
  [[nodiscard]] double share() const;

 private:
  struct Sums {
    float all = 0;
    float theirs = 0;
  };
  static_assert(std::atomic<Sums>::is_always_lock_free);

  void add(float all, float theirs);

  // What is presumed until something is told, which soon outweighs it.
  static constexpr float kPresumedTokens = 1'024;
  static constexpr float kPresumedShare = 0.08F;
  std::atomic<Sums> sums_{Sums{kPresumedTokens, kPresumedTokens* kPresumedShare}};
};

}  // namespace wp::balance
