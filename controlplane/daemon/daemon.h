// warmpathd put together: what all shards share, the control thread's parts, the shards, in the order in which they may
// know each other.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/admin_api.h"
#include "controlplane/admin_config.h"
#include "controlplane/admin_prompts.h"
#include "controlplane/admin_ring.h"
#include "controlplane/admin_route.h"
#include "controlplane/admin_server.h"
#include "controlplane/config/reload.h"
#include "controlplane/config/settings.h"
#include "controlplane/core_plan.h"
#include "controlplane/daemon/access_log.h"
#include "controlplane/daemon/feeds_process.h"
#include "controlplane/daemon/lifecycle.h"
#include "controlplane/daemon/notify.h"
#include "controlplane/daemon/postmortem.h"
#include "controlplane/daemon/privileges.h"
#include "controlplane/daemon/shard_thread.h"
#include "controlplane/exposition.h"
#include "controlplane/fleet.h"
#include "controlplane/publisher.h"
#include "controlplane/registry.h"
#include "controlplane/reports.h"
#include "controlplane/residency_file.h"
#include "controlplane/shard_watch.h"
#include "controlplane/thread_signals.h"

namespace wp::daemon {

// Its thread is the control thread.
class Daemon {
 public:
  // `config_file`: where the settings were read, for reloads; empty when they came from the command line.
  Daemon(const control::Settings& settings, const std::string& config_file, std::string version, std::uint64_t seed);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  // Stops shards that still run.
  ~Daemon();

  // Opens everything and begins to serve. The error is one clear line.
  [[nodiscard]] std::expected<void, std::string> start();
  // Serves until a signal ended it and the shards have stopped.
  void run();

 private:
  using Outcome = std::expected<void, std::string>;

  [[nodiscard]] Outcome open_state();
  [[nodiscard]] Outcome open_admin();
  [[nodiscard]] Outcome open_control();
  [[nodiscard]] Outcome choose_transport();
  [[nodiscard]] Outcome start_shards();
  [[nodiscard]] Outcome find_user();
  [[nodiscard]] Outcome drop_privileges();
  [[nodiscard]] Outcome start_feeds();
  void look_first();
  [[nodiscard]] Outcome start_access_log();
  void watch_rotation();
  [[nodiscard]] Outcome watch_postmortem();
  void dump_when_asked();
  void announce() const;
  [[nodiscard]] std::string status() const;
  [[nodiscard]] std::string describe_pools() const;
  void tick();
  void watch_hangup();

  [[nodiscard]] shard::SharedState shared() { return {published_, qsbr_, accounts_, residency_}; }

  control::Settings settings_;
  std::string version_;
  ShardConfig config_;
  control::CorePlan cores_;
  TransportKind transport_ = TransportKind::io_uring;

  Notifier notifier_;
  std::optional<Identity> become_;  // once everything is open
  boost::asio::io_context io_{1};
  balance::Accounts accounts_;
  balance::Residency residency_;
  Qsbr qsbr_;
  Published<balance::Snapshot> published_;
  control::Registry registry_;
  control::Reports reports_;
  control::Publisher publisher_;
  std::unique_ptr<control::StateWriter> keeper_;
  control::ResidencyFile handover_;
  control::Fleet fleet_;
  control::Reloader reloader_;
  control::AdminConfig admin_config_;
  control::ShardWatch watch_;
  std::unique_ptr<control::Exposition> exposition_;
  std::unique_ptr<control::AdminApi> api_;
  std::unique_ptr<control::AdminRing> ring_;
  std::unique_ptr<control::AdminRoute> route_;
  std::unique_ptr<control::AdminPrompts> prompts_;
  std::unique_ptr<control::AdminServer> admin_;
  std::unique_ptr<FeedsProcess> feeds_;
  boost::asio::steady_timer watch_timer_;
  boost::asio::signal_set rotation_;
  boost::asio::signal_set dump_asked_;
  boost::asio::signal_set hangup_;
  control::ThreadSignals signals_{control::ThreadSignals::Keep::all};
  Lifecycle::Shards shards_;
  std::unique_ptr<Postmortem> postmortem_;  // knows the shards' recorders: goes before them
  std::unique_ptr<AccessLog> access_log_;   // reads the shards' rings: goes first
  std::unique_ptr<Lifecycle> lifecycle_;
  Endpoint admin_at_;
};

}  // namespace wp::daemon
