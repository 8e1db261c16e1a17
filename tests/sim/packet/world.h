// The packet world: two hosts with our stack, a path between them, perhaps a hostile third, in simulated time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/packet/guesser.h"
#include "tests/sim/packet/host.h"
#include "tests/sim/packet/hostile.h"
#include "tests/sim/packet/link.h"
#include "tests/sim/packet/shape.h"

namespace wp::sim::packet {

struct WorldResult {
  std::vector<std::string> violations;
  std::uint64_t trace = 0;     // a hash over every packet that arrived, and when
  std::uint64_t segments = 0;  // sent by the stacks
  std::uint64_t talks = 0;
  std::uint64_t failed = 0;  // talks that faults or an abort ended; none of the second phase
  LinkTally link[2];
  std::vector<std::uint64_t> events;  // what both stacks counted, in the order of TcpCounters
};

class World : private Host::Greeter {
 public:
  explicit World(std::uint64_t seed, bool tracing = false);
  World(const Shape& shape, std::uint64_t seed, bool tracing = false);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] WorldResult run();
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] Host& host(unsigned i) { return hosts_[i]; }

 private:
  struct Talk {
    TalkShape shape{};
    int client = -1;  // its speakers' places
    int server = -1;
    std::uint16_t source = 0;
    bool is_later = false;
  };

  Host::Guest greet(const Endpoint& remote) override;
  void seated(std::uint32_t talk, std::size_t speaker) override;
  void start(std::uint32_t talk);
  void learn_sources();
  void remember(unsigned host, const std::vector<std::byte>& packet);
  void happen(Happening&& happening);
  void turn(unsigned host);
  void route(unsigned from, std::vector<std::byte> packet);
  void attack();
  void check(bool thoroughly);
  void complain(std::string what);
  void end_faults();
  void judge_talks();
  [[nodiscard]] bool is_quiet() const;
  [[nodiscard]] bool is_over(const Talk& talk) const;

  bool tracing_;
  Rng rng_;
  Shape shape_;
  Instant now_{};
  EventQueue queue_;
  std::vector<Link> links_;
  std::deque<Host> hosts_;
  Hostile hostile_;
  std::deque<Guesser> guessers_;  // about each host
  std::vector<Talk> talks_;
  std::uint32_t started_ = 0;
  std::uint32_t attacks_left_ = 0;
  Instant wake_at_[2] = {kNever, kNever};
  std::uint64_t steps_ = 0;
  WorldResult result_;
};

}  // namespace wp::sim::packet
