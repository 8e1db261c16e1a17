// Somebody off the path, who sees what a host does towards himself and tries to tell from it what it will do towards
// others: which initial sequence number comes next (RFC 6528), which source port (RFC 6056), how many challenges are
// left this second (RFC 5961, section 7; CVE-2016-5696). What he could have known is an oracle's finding.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/time.h"
#include "tests/sim/packet/frame.h"

namespace wp::sim::packet {

class Guesser {
 public:
  // `most_challenges`: the most that the host may send in a second.
  explicit Guesser(std::uint32_t most_challenges) : most_challenges_(most_challenges) {}

  // Of what the host sends only SYNs tell him anything.
  void see(Instant now, const std::vector<std::byte>& packet);
  // How many challenges the host has sent so far, and how many not for the limit over all connections.
  void see_challenges(Instant now, std::uint64_t sent, std::uint64_t refused);

  // What he could guess; empty when nothing.
  [[nodiscard]] std::string verdict() const;

 private:
  struct Guesses {
    std::uint32_t made = 0;
    std::uint32_t right = 0;

    // By luck it is one in a thousand.
    [[nodiscard]] bool are_good() const { return right >= 3 && right * 2 > made; }
  };
  struct Opening {
    Instant at{};
    tcp::Flow flow{};
    wire::SeqNumber initial{};
  };

  std::optional<Opening> last_;
  std::set<std::pair<std::uint16_t, std::uint32_t>> known_;  // port and number, so that one sent again is no news
  Guesses numbers_;
  Guesses ports_;

  std::uint32_t most_challenges_;
  Instant second_ends_{};
  std::uint64_t sent_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t sent_this_second_ = 0;
  bool was_refused_ = false;
  bool were_too_many_ = false;
  std::vector<std::uint64_t> limits_;  // that he has come to feel
};

}  // namespace wp::sim::packet
