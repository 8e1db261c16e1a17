// How the daemon ends: the first SIGTERM or SIGINT drains (not ready, no new connections, requests finish), a second
// one or the end of the drain time stops at once.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/daemon/shard_thread.h"
#include "controlplane/fleet.h"
#include "dataplane/base/time.h"

namespace wp::daemon {

// Control thread only; everything handed in outlives it.
class Lifecycle {
 public:
  using Shards = std::vector<std::unique_ptr<ShardThread>>;

  Lifecycle(boost::asio::io_context& io, control::Fleet& fleet, const Shards& shards, Duration drain_timeout);

  // From now on a signal ends io.run(), after the drain.
  void watch();

 private:
  void on_signal(int signal);
  void begin_drain();
  void await_drained();
  [[nodiscard]] bool drained() const;
  [[nodiscard]] std::uint64_t connections() const;

  boost::asio::io_context& io_;
  control::Fleet& fleet_;
  const Shards& shards_;
  Duration drain_timeout_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer poll_;
  boost::asio::steady_timer deadline_;
  bool draining_ = false;
};

}  // namespace wp::daemon
