// How fast a replica prefills and how far it has come: what turns the tokens outstanding into a queue that drains.
//
// Tokens outstanding overstate a replica that is half through a long prompt, since they are released at its first byte.
// So each charge also moves a virtual finish, as if the replica prefilled one prompt after the other at the rate it was
// last seen to have, and the queue is the lesser of the two. All of it is an estimate that any shard may update: a lost
// update costs a little accuracy for a moment.
#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/base/time.h"

namespace wp::balance {

class Pace {
 public:
  // Until first bytes say more. Low on purpose: a rate believed too high sends requests into a queue.
  static constexpr double kFirstRate = 8'000;
  // By which what a replica was given is half forgotten.
  static constexpr Duration kWorkHalfLife = seconds(60);

  void charge(Instant now, std::uint32_t tokens);
  // The first byte of a reply to a prompt of which `tokens` were to be prefilled, charged at `charged`.
  void first_byte(Instant charged, Instant now, std::uint32_t tokens);

  // Tokens before one that would come now; at most `outstanding`.
  [[nodiscard]] double queue(Instant now, std::uint64_t outstanding) const;
  [[nodiscard]] double rate() const;  // tokens a second
  // Tokens it was given, each counting half as much after every kWorkHalfLife.
  [[nodiscard]] double work(Instant now) const;
  // The replica is another one.
  void reset();

 private:
  std::atomic<std::int64_t> finish_{0};      // ns on the caller's time line
  std::atomic<std::int64_t> last_first_{0};  // ns; when the last first byte came
  std::atomic<std::uint64_t> seen_{0};       // two floats: tokens prefilled, and the seconds they took
  std::atomic<std::uint64_t> work_{0};       // a float of tokens, and the milliseconds at which it was that
};

}  // namespace wp::balance
