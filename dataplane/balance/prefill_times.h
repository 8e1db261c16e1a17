// What first bytes tell of the cache of a replica that says nothing of it: a prompt that was believed to be there and
// took as long as if it were not, was not.
//
// How long a token takes is seen of prompts that hardly anything was believed of. A replica may be slow for other
// reasons, too, but those do not ask how old an entry was: a slow prompt counts only where older entries are slow far
// more often than younger ones, so that noise teaches nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

namespace wp::balance {

// Of what was expected: fewer may be a block's rounding, and take no time that could be seen.
inline constexpr std::uint32_t kTellingTokens = 256;

// One prefill, in tokens: `charged` were believed to be new, `expected` to be cached by an entry of that age (Pick).
struct Prefill {
  std::uint32_t charged = 0;
  std::uint32_t expected = 0;
  std::uint32_t age = 0;
  double seconds = 0;  // 0: nobody knows

  // What was expected had to fit beside what came after it.
  [[nodiscard]] std::uint32_t room() const { return age + expected; }
};

// Of one replica. Any shard; what another one does at the same time is let go.
class PrefillTimes {
 public:
  // Tokens of the prompt that it seems to have had, where that is worth telling.
  [[nodiscard]] std::optional<std::uint32_t> cached(const Prefill& prefill);
  // The replica is another one, or holds nothing any more. Control thread.
  void reset();

 private:
  struct Seen {
    float prompts = 0;
    float missed = 0;  // of these, took as long as if less than half of what was expected was there
  };

  [[nodiscard]] std::optional<std::uint32_t> judge(const Prefill& prefill);
  void count(std::size_t octave, bool missed);
  [[nodiscard]] bool is_age(std::size_t octave) const;

  // By age, in powers of two of 1,024 tokens: to the 2^32 that an age may be.
  static constexpr std::size_t kOctaves = 23;

  std::atomic<bool> busy_{false};  // whoever set it has the rest
  double token_ = 0;               // seconds; 0: none was seen yet
  std::array<Seen, kOctaves> seen_;
};

}  // namespace wp::balance
