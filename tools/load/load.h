// load: drives a server with a workload, in a closed loop (a fixed number of clients, each sends when its last reply is
// complete) or an open one (requests are sent when their time comes, whatever became of those before). It owns no
// socket and reads no clock; the program does.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/base/deadlines.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"
#include "dataplane/stream/port_table.h"
#include "tools/load/arrivals.h"
#include "tools/load/client.h"
#include "tools/load/tally.h"
#include "tools/load/workload.h"

namespace wp::load {

struct LoadConfig {
  std::vector<Endpoint> targets;  // connections take them in turn
  ClientConfig client;
  std::uint32_t connections = 32;  // clients of a closed loop; the most that an open loop opens
  double rate = 0;                 // requests a second of an open loop; 0: closed
  double speed_up = 0;             // an open loop at the times of a trace, so many times as fast; 0: not
  std::uint64_t requests = 0;      // no more than these; 0: no limit
  Duration duration = seconds(10);
  Duration ramp;                   // over which a closed loop's clients begin
  Duration warm_up;                // what is meant to be sent before counts, but is not timed
  Duration timeout = seconds(60);  // of a request
  Duration grace = seconds(10);    // how long what is on its way at the end may take
  std::uint32_t queue = 10'000;    // requests of an open loop that wait for a connection; more are not sent
  std::uint64_t seed = 1;
};

class Load {
 public:
  Load(stream::PortTable& ports, Workload& workload, const LoadConfig& config, Instant start);

  void step(Instant now);
  // When step() must be called next though no port is ready.
  [[nodiscard]] Instant next_deadline() const;
  // All is sent, and all of it has ended or had its grace.
  [[nodiscard]] bool done() const { return done_; }
  // Ends everything now; what is on its way counts as unfinished.
  void stop();

  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] std::uint32_t in_flight() const { return busy_; }
  [[nodiscard]] Instant start() const { return start_; }

 private:
  static constexpr Duration kRetryStarved = millis(1);
  // A client of a closed loop whose connection failed or broke waits so long: a server that is gone must not turn the
  // loop into a storm.
  static constexpr Duration kPause = millis(100);

  struct Slot {
    std::unique_ptr<Client> client;  // with its connection; nullptr: none
    stream::PortId port;
    bool busy = false;
  };
  struct Pending {
    Request request;
    Instant intended;
  };

  [[nodiscard]] bool open_loop() const { return config_.rate > 0 || config_.speed_up > 0; }
  [[nodiscard]] bool sending(Instant now) const { return !exhausted_ && now < end_; }
  void fetch();
  void plan_arrival();
  void arrive(Instant now);
  void serve(std::uint32_t slot, Instant now);
  void start_on(std::uint32_t slot, Pending&& pending, Instant now);
  void after(std::uint32_t slot, ClientState state, Instant now);
  void freed(std::uint32_t slot, bool broke, Instant now);
  void close_down(Instant now);

  stream::PortTable& ports_;
  Workload& workload_;
  LoadConfig config_;
  Tally tally_;
  Instant start_;
  Instant end_;
  std::vector<Slot> slots_;
  Deadlines timeouts_;               // of busy slots
  Deadlines begin_;                  // of a closed loop's slots
  std::vector<std::uint32_t> free_;  // an open loop's slots without a request; most recently used first
  std::vector<std::uint32_t> starved_;
  Instant starved_since_;
  std::optional<PoissonArrivals> arrivals_;
  std::optional<Request> next_;  // made ahead, so that making it delays nobody
  Instant next_arrival_ = kNever;
  std::deque<Pending> waiting_;
  std::uint64_t taken_ = 0;
  std::uint32_t busy_ = 0;
  std::uint32_t next_target_ = 0;
  bool exhausted_ = false;  // nothing more is sent
  bool ended_ = false;      // the duration is over
  bool done_ = false;
};

}  // namespace wp::load
