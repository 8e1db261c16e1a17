// A modelled replica: takes requests off its connections, answers with text that follows from the request's number
// alone, in whatever framing the generator picks, and breaks as the shape allows.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/rng.h"
#include "tests/sim/shape.h"
#include "tests/sim/sim_net.h"

namespace wp::sim {

// What every replica together has seen: who began to answer what.
struct Ledger {
  std::set<std::uint64_t> begun;  // a byte of a reply to it was sent
  std::vector<std::string> violations;
};

// What a HEAD request begins with; its number follows.
inline constexpr std::string_view kHeadRequest = "HEAD /v1/sim/";

// The body that request `number` must be answered with: `size` bytes.
[[nodiscard]] std::string expected_body(std::uint64_t number, std::uint32_t size);

class SimReplica {
 public:
  SimReplica(SimNet& net, Endpoint address, const Shape& shape, Ledger& ledger, std::uint64_t seed);

  // Takes new connections and requests, moves replies on.
  void step();
  void set_down(bool down);
  void faults_off() { faults_ = false; }
  [[nodiscard]] const Endpoint& address() const { return address_; }

 private:
  struct Link {
    std::shared_ptr<SimConn> conn = nullptr;
    std::string unread = {};
    std::string reply = {};  // still to be sent, in pieces
    bool mute = false;       // will never answer again
    bool served = false;     // has answered before
    bool fin_after = false;  // the framing or a fault ends the connection behind the reply
    bool reset_after = false;
    bool dead = false;
  };

  void read(Link& link);
  void answer(Link& link, std::uint64_t number, std::uint32_t size, bool head_request);
  void write(Link& link);
  [[nodiscard]] bool fault(double probability) { return faults_ && rng_.chance(probability); }

  SimNet& net_;
  Endpoint address_;
  const Shape& shape_;
  Ledger& ledger_;
  Rng rng_;
  std::vector<Link> links_;
  bool faults_ = true;
};

}  // namespace wp::sim
