// A host: a stack, its ports, the applications above them, and a device below that takes what it takes.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "tests/sim/packet/shape.h"
#include "tests/sim/packet/talk.h"

namespace wp::sim::packet {

class Host {
 public:
  Host(const HostShape& shape, const Endpoint& address, std::uint64_t seed);

  // --- the network's side
  void receive(std::vector<std::byte> packet);
  // A turn of the shard; what it sends is appended to `out`. When it wants the next one.
  [[nodiscard]] Instant turn(Instant now, std::vector<std::vector<std::byte>>& out);

  // --- the applications' side
  // Begins a talk towards `remote`: its speaker's place, or -1 when the table of ports is full.
  int open(const Endpoint& remote, std::uint32_t talk, const TalkShape& shape);
  // Who answers a connection that comes from this endpoint; asked when it is accepted.
  struct Guest {
    std::uint32_t talk = 0;
    TalkShape shape{};
    bool is_known = false;
  };
  struct Greeter {
    virtual Guest greet(const Endpoint& remote) = 0;
    virtual void seated(std::uint32_t talk, std::size_t speaker) = 0;

   protected:
    ~Greeter() = default;
  };
  void set_greeter(Greeter& greeter) { greeter_ = &greeter; }
  [[nodiscard]] const Speaker& speaker(std::size_t place) const { return speakers_[place]; }
  // The port number from which a talk was begun; 0 until it is known.
  [[nodiscard]] std::uint16_t source_of(std::size_t place);
  void behave();
  [[nodiscard]] std::uint32_t free_ports() const { return ports_.capacity() - ports_.live(); }

  [[nodiscard]] tcp::Stack& stack() { return stack_; }
  [[nodiscard]] const Endpoint& address() const { return address_; }
  // What is still held although nothing should be; empty when nothing is.
  [[nodiscard]] std::string leaks();
  // What an application here first found wrong; empty when all is well.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  [[nodiscard]] std::uint64_t ring_drops() const { return ring_drops_; }

 private:
  void take_packets(Instant now);
  void run_applications();
  [[nodiscard]] bool transmit(Instant now, std::vector<std::vector<std::byte>>& out);

  HostShape shape_;
  Endpoint address_;
  Rng rng_;
  stream::PortTable ports_;
  tcp::Stack stack_;
  Greeter* greeter_ = nullptr;
  std::deque<std::vector<std::byte>> ring_;
  std::vector<Speaker> speakers_;
  std::vector<stream::PortId> port_of_;  // by speaker
  std::string complaint_;
  std::uint64_t ring_drops_ = 0;
  bool behaves_ = false;
};

}  // namespace wp::sim::packet
