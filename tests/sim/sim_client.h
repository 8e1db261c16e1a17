// A modelled client: sends its requests, some pipelined, reads as fast or slowly as it is told, may leave in the
// middle, and checks every byte it gets.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/rng.h"
#include "tests/sim/shape.h"
#include "tests/sim/sim_net.h"

namespace wp::sim {

struct ClientTally {
  std::uint32_t sent = 0;
  std::uint32_t whole = 0;   // 200 with the right body
  std::uint32_t errors = 0;  // answered by warmpath
  std::uint32_t cut = 0;     // broke off visibly, or the connection ended before it was answered
  std::uint32_t left = 0;    // we went first
};

class SimClient {
 public:
  SimClient(SimNet& net, const Shape& shape, std::uint32_t number, std::uint64_t seed);

  void step();
  // So many more requests, without leaving early.
  void send_more(std::uint32_t requests);
  [[nodiscard]] bool done() const { return to_send_ == 0 && outstanding_.empty(); }
  [[nodiscard]] const ClientTally& tally() const { return tally_; }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] std::uint64_t trace() const { return trace_; }
  // Closes the connection, which must be idle.
  void hang_up();

 private:
  struct Asked {
    std::uint64_t number;
    std::uint32_t reply_size;
    bool head = false;  // a HEAD request
  };
  enum class Parsed : std::uint8_t { need_more, whole, bad };

  void connect();
  void send_one();
  [[nodiscard]] std::string request_for(const Asked& asked);
  void read();
  // Takes one reply off the front of unread_.
  [[nodiscard]] Parsed parse(int& status, std::string& body, bool& closes);
  [[nodiscard]] bool parse_chunked(std::size_t at, std::string& body, std::size_t& end, bool& bad) const;
  void judge(const Asked& asked, int status, const std::string& body);
  void connection_over();
  void let_go();
  void note(std::uint64_t value) { trace_ = (trace_ ^ value) * 0x100000001b3ULL; }

  SimNet& net_;
  const Shape& shape_;
  Rng rng_;
  Endpoint address_;
  std::shared_ptr<SimConn> conn_;
  std::string unread_;
  std::deque<Asked> outstanding_;
  std::vector<std::string> violations_;
  ClientTally tally_;
  std::uint64_t next_number_;
  std::uint64_t trace_ = 0xcbf29ce484222325ULL;  // FNV-1a over all that happened
  std::uint32_t to_send_;
  bool may_leave_ = true;
  bool session_;
  bool http10_;
  bool half_closed_ = false;
};

}  // namespace wp::sim
