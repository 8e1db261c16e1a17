// How the daemon ends. The first SIGTERM or SIGINT makes it unready; after the delay it drains: no new connections,
// replies say "Connection: close", requests finish. A second signal, or the end of the drain time, stops it at once.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/daemon/notify.h"
#include "controlplane/daemon/shard_thread.h"
#include "controlplane/fleet.h"
#include "dataplane/base/time.h"

namespace wp::daemon {

// Control thread only; everything handed in outlives it.
class Lifecycle {
 public:
  using Shards = std::vector<std::unique_ptr<ShardThread>>;

  // `delay`: how long it is unready and serves on, so that balancers in front see it before connections are refused.
  Lifecycle(boost::asio::io_context& io, control::Fleet& fleet, const Shards& shards, Notifier& notifier,
            Duration delay, Duration drain_timeout);

  // From now on a signal ends io.run(), after the drain.
  void watch();
  [[nodiscard]] std::uint64_t connections() const;
  [[nodiscard]] bool ending() const { return ending_; }

 private:
  void on_signal(int signal);
  void begin_drain();
  void await_drained();
  [[nodiscard]] bool drained() const;

  boost::asio::io_context& io_;
  control::Fleet& fleet_;
  const Shards& shards_;
  Notifier& notifier_;
  Duration delay_;
  Duration drain_timeout_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer poll_;
  boost::asio::steady_timer deadline_;
  bool ending_ = false;
};

}  // namespace wp::daemon
