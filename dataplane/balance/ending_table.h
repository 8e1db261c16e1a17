// Where prompts ended: behind the last rung of each, for those that go on from there. A rung says only that so much is
// shared; of a text without turns, or of one whose next turn brings little, what was sent before is most of what comes
// again, and its length is known to the byte, and, once a reply told it, to the token.
//
// Of fixed size and lock-free. A wrong entry costs a worse guess: racing shards may lose one another's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/base/prefetch.h"

namespace wp::balance {

struct Ending {
  std::uint32_t bytes = 0;   // of the canonical stream
  std::uint32_t tokens = 0;  // what the prompt came to, as estimated or as told

  friend bool operator==(const Ending&, const Ending&) = default;
};

class EndingTable {
 public:
  static constexpr std::uint32_t kWays = 8;

  // `lines`, of eight endings each, are rounded up to a power of two.
  explicit EndingTable(std::uint32_t lines);

  // Any thread. `rung`: the hash of the prompt's last rung, never 0.
  void prefetch(std::uint64_t rung) const { prefetch_line(&lines_[rung & mask_]); }
  [[nodiscard]] std::optional<Ending> find(std::uint64_t rung) const;
  // The last prompt that ended behind it. One too long to be written down is not.
  void note(std::uint64_t rung, Ending ending);
  // A reply told what the prompt that ended so many bytes in came to; nothing happens when that was not the last.
  void told(std::uint64_t rung, Ending ending);

 private:
  struct alignas(64) Line {
    std::array<std::atomic<std::uint64_t>, kWays> entries{};
  };

  [[nodiscard]] std::atomic<std::uint64_t>* entry_of(std::uint64_t rung) const;

  std::uint32_t mask_;
  std::unique_ptr<Line[]> lines_;
};

}  // namespace wp::balance
