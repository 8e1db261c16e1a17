// How fast a replica prefills and how far it has come: what turns the requests outstanding into a queue that drains.
//
// Tokens outstanding overstate a replica that is half through a long prompt, since they are released at its first byte.
// So each charge also moves a virtual finish, as if the replica prefilled one prompt after the other at the rate it was
// last seen to have, and the queue is the lesser of the two. A first byte says how far it really is: what is left then
// is still before it, so that an error never outlives a prompt. All of it is an estimate that any shard may update: a
// lost update costs a little accuracy for a moment.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>

#include "dataplane/base/time.h"

namespace wp::balance {

// What a replica has to prefill: so many prompts, with so many tokens in all.
struct Backlog {
  std::uint64_t prompts = 0;
  std::uint64_t tokens = 0;
};

class Pace {
 public:
  // By which what a replica was given is half forgotten.
  static constexpr Duration kWorkHalfLife = seconds(60);

  // What a prompt takes: so much each, and so much for a token that is not cached. Seconds.
  struct Costs {
    float prompt = 0;
    float token = 0;

    [[nodiscard]] double of(Backlog backlog) const {
      return static_cast<double>(backlog.prompts) * prompt + static_cast<double>(backlog.tokens) * token;
    }
  };
  // Until first bytes say more. Dear on purpose: a rate believed too high sends requests into a queue.
  static constexpr Costs kFirstCosts = {.prompt = 0, .token = 1.0F / 8'000};

  Pace() { presume(kFirstCosts); }

  // As long as nothing was seen of it: others do so.
  void presume(Costs costs);

  void charge(Instant now, std::uint32_t tokens);
  // The first byte of a reply to a prompt of which `tokens` were to be prefilled, charged at `charged`; `left` is what
  // remains outstanding. The seconds that the prefill took; 0: nothing was learned.
  double first_byte(Instant charged, Instant now, std::uint32_t tokens, Backlog left);
  // A prompt with so many tokens to prefill took so long.
  void learn(double tokens, double seconds);

  // Tokens before one that would come now, or what takes as long; at most what `outstanding` takes. Without a branch:
  // nobody can guess which replicas are idle.
  [[nodiscard]] double queue(Instant now, Backlog outstanding) const {
    const std::int64_t finish = finish_.load(std::memory_order_relaxed);
    const double left = static_cast<double>(std::max<std::int64_t>(finish - now.ns, 0)) / 1e9;
    const Costs each = costs();
    return std::min(left, each.of(outstanding)) / each.token;
  }
  [[nodiscard]] Costs costs() const { return std::bit_cast<Costs>(costs_.load(std::memory_order_relaxed)); }
  // Tokens that take as long as what a prompt costs whatever it has cached.
  [[nodiscard]] double overhead() const {
    const Costs each = costs();
    return each.prompt / each.token;
  }
  // Tokens it was given, each counting half as much after every kWorkHalfLife.
  [[nodiscard]] double work(Instant now) const;
  // The replica is another one.
  void reset();

 private:
  // Of the prompts seen, older ones counting less: how many, their tokens and seconds, the products of those, and the
  // seconds of the fastest.
  struct Seen {
    double prompts = 0;
    double tokens = 0;
    double seconds = 0;
    double tokens_tokens = 0;
    double tokens_seconds = 0;
    double least_seconds = std::numeric_limits<double>::max();

    void add(double count, double prompt_tokens, double prompt_seconds);
    void halve();
    [[nodiscard]] Costs costs() const;
  };

  // What a pick reads, together.
  std::atomic<std::int64_t> finish_{0};  // ns on the caller's time line
  std::atomic<std::uint64_t> costs_{0};  // two floats
  std::atomic<std::uint64_t> work_{0};   // a float of tokens, and the milliseconds at which it was that

  std::atomic<std::int64_t> last_first_{0};  // ns; when the last first byte came
  std::atomic<bool> learning_{false};        // whoever set it has `seen_`; what others see meanwhile is let go
  std::atomic<bool> presumed_{true};         // nothing was seen yet
  Seen seen_;
};

}  // namespace wp::balance
