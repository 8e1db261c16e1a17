#include "controlplane/daemon/pages.h"

#include <utility>

#include <boost/asio/io_context.hpp>

#include "controlplane/daemon/access_log.h"
#include "controlplane/daemon/clock.h"
#include "controlplane/daemon/limits.h"
#include "controlplane/daemon/shard_core.h"
#include "controlplane/exposition.h"
#include "controlplane/fleet.h"
#include "controlplane/reference.h"
#include "controlplane/replica_spec.h"

namespace wp::daemon {

std::expected<std::string, std::string> print_metrics() {
  boost::asio::io_context io;
  balance::Accounts accounts(1, 1);
  Qsbr qsbr;
  Published<balance::Snapshot> published;
  control::Registry::Config config;
  config.health.enabled = false;  // nobody is asked for a page
  control::Registry registry(config, accounts, qsbr);
  control::Publisher publisher(published, qsbr);
  control::Fleet fleet(io, registry, publisher, seconds(1), monotonic_now, 1);
  const auto spec = control::parse_replica_spec("192.0.2.1:8000");  // RFC 5737: an address for documentation
  if (!spec) return std::unexpected(spec.error());
  if (const auto started = fleet.start({&*spec, 1}); !started) return std::unexpected(started.error().text);
  shard::ShardMailbox mailbox;
  const auto core = make_core(TransportKind::epoll, 0, smallest_config(), {published, qsbr, accounts}, mailbox);
  if (!core) return std::unexpected(core.error());
  const control::ShardWatch watch;
  control::Exposition exposition({"", ""}, fleet, accounts, watch);
  exposition.add(mailbox.metrics);
  exposition.add((*core)->metrics());
  const AccessLogCounters access_log;
  MetricList of_access_log;
  access_log.describe(of_access_log);
  exposition.add(of_access_log);
  return control::metrics_page(exposition.scrape());
}

}  // namespace wp::daemon
