#include "controlplane/daemon/daemon.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <signal.h>
#include <unistd.h>

#include "controlplane/clock.h"
#include "controlplane/daemon/affinity.h"
#include "controlplane/daemon/descriptors.h"
#include "controlplane/daemon/limits.h"
#include "controlplane/daemon/listen_check.h"
#include "controlplane/log.h"
#include "controlplane/report_metrics.h"

namespace wp::daemon {
namespace {

namespace log = control::log;

// How long the start waits for the first lookups and checks. What answers does so within a fraction of it; whatever has
// not by then is taken as up, since a daemon that is started anew under load must serve.
constexpr auto kFirstLook = std::chrono::milliseconds(100);

}  // namespace

Daemon::Daemon(const control::Settings& settings, const std::string& config_file, std::string version,
               std::uint64_t seed)
    : settings_(settings),
      version_(std::move(version)),
      config_(shard_config(settings, seed)),
      accounts_(kMaxReplicas, control::kMaxPools, settings.limits.sessions),
      residency_(settings.limits.residency / balance::Residency::kLineBytes, kMaxReplicas,
                 settings.limits.holdings / balance::ToldTable::kLineBytes),
      registry_(control::Registry::config_of(settings), accounts_, qsbr_, &residency_),
      reports_(registry_, accounts_, residency_, settings.feeds.fresh),
      publisher_(published_, qsbr_),
      handover_(settings.requests.hash_key),
      fleet_(io_, registry_, publisher_, settings.server.resolve_interval, control::monotonic_now, seed),
      reloader_(config_file, settings, fleet_),
      admin_config_(reloader_),
      watch_timer_(io_),
      rotation_(io_, SIGUSR1),
      dump_asked_(io_, SIGUSR2),
      hangup_(io_, SIGHUP) {}

Daemon::~Daemon() = default;

std::expected<void, std::string> Daemon::start() {
  if (auto opened = notifier_.open(); !opened) return opened;
  if (auto found = find_user(); !found) return found;
  if (auto forbidden = forbid_new_privileges(); !forbidden) return forbidden;
  auto cores = control::plan_cores(control::allowed_cores(), settings_.server.shards, settings_.server.pin);
  if (!cores) return std::unexpected(std::move(cores.error()));
  cores_ = std::move(*cores);
  if (!cores_.warning.empty()) log::warn(cores_.warning);
  if (!cores_.control_cores.empty()) {
    if (auto pinned = pin_this_thread(cores_.control_cores); !pinned) return pinned;
  }
  const std::uint64_t descriptors = raise_descriptor_limit();
  const std::uint64_t needed = descriptors_needed(config_, cores_.shards);
  if (descriptors < needed) {
    log::warn("only " + std::to_string(descriptors) + " files may be open, all connections together may need " +
              std::to_string(needed) + ": raise the limit (LimitNOFILE, ulimit -n) or lower --max-connections");
  }
  for (const Endpoint& at : settings_.server.listen) {
    if (auto free = check_free(at); !free) return free;
  }
  if (auto free = check_free(settings_.admin.listen); !free) return std::unexpected("--admin: " + free.error());
  if (auto opened = open_state(); !opened) return opened;
  // The shards' loop expects a Snapshot from its first turn.
  if (auto started = fleet_.start(control::all_replicas(settings_)); !started)
    return std::unexpected(started.error().text);
  if (auto chosen = choose_transport(); !chosen) return chosen;
  if (auto started = start_shards(); !started) return started;
  if (auto started = start_access_log(); !started) return started;
  if (auto opened = open_admin(); !opened) return opened;
  if (auto dropped = drop_privileges(); !dropped) return dropped;
  if (auto watched = watch_postmortem(); !watched) return watched;
  if (auto started = start_feeds(); !started) return started;
  lifecycle_ = std::make_unique<Lifecycle>(io_, fleet_, shards_, notifier_, settings_.server.drain_delay,
                                           settings_.server.drain_timeout);
  lifecycle_->watch();
  tick();
  watch_hangup();
  handover_.take_up(residency_, registry_);
  look_first();
  for (const auto& shard : shards_) shard->go();
  announce();
  notifier_.ready(status());
  return {};
}

Daemon::Outcome Daemon::find_user() {
  const control::ServerSettings& server = settings_.server;
  if (server.user.empty()) return {};
  auto found = find_identity(server.user, server.group);
  if (!found) return std::unexpected("user: " + found.error());
  become_ = std::move(*found);
  if (::geteuid() != 0 && ::geteuid() != become_->uid) return std::unexpected("user: only root can become another");
  return {};
}

Daemon::Outcome Daemon::drop_privileges() {
  if (!become_ || ::geteuid() == become_->uid) {
    if (::geteuid() == 0) log::warn("running as root: --user drops its privileges once the sockets are open");
    return {};
  }
  std::vector<std::string> files;
  if (!settings_.admin.control_socket.empty()) files.push_back(settings_.admin.control_socket);
  const std::string& access_log = settings_.log.access;
  if (!access_log.empty() && access_log != "-") files.push_back(access_log);  // SIGUSR1 opens it again
  if (keeper_) {
    files.push_back(keeper_->path());
    files.push_back(keeper_->path() + ".lock");
  }
  const auto problems = become(*become_, files);
  if (!problems) return std::unexpected(problems.error());
  for (const std::string& problem : *problems) log::warn(problem);
  log::info("running as " + become_->name);
  return {};
}

std::string Daemon::status() const {
  const std::uint64_t connections = lifecycle_->connections();
  return std::to_string(registry_.pickable()) + " of " + std::to_string(registry_.members().size()) +
         " replicas can be picked, " + std::to_string(connections) +
         (connections == 1 ? " connection" : " connections");
}

// Last of what is opened: it inherits neither ports nor privileges.
Daemon::Outcome Daemon::start_feeds() {
  const control::FeedSettings& settings = settings_.feeds;
  if (!settings.run) return {};
  feeds_ = std::make_unique<FeedsProcess>(io_, feeds_program(settings.program), settings.interval,
                                          [this](int socket) { admin_->serve_reporter(socket); });
  exposition_->add_section([this](control::MetricText& out) { feeds_->counters().write(out); });
  auto started = feeds_->start();
  if (!started) return std::unexpected("feeds.run: " + started.error());
  return started;
}

// So that no request goes to a replica that is plainly gone or still loads.
void Daemon::look_first() {
  const auto until = std::chrono::steady_clock::now() + kFirstLook;
  while (!fleet_.prober().all_tried() && io_.run_one_until(until) > 0) {
  }
}

// A ring is made and thrown away: whether io_uring is allowed cannot be known without asking.
Daemon::Outcome Daemon::choose_transport() {
  transport_ =
      settings_.server.transport == control::TransportChoice::epoll ? TransportKind::epoll : TransportKind::io_uring;
  if (transport_ == TransportKind::epoll) return {};
  shard::ShardMailbox mailbox;
  const auto probe = make_core(TransportKind::io_uring, 0, smallest_config(), shared(), mailbox);
  if (probe) return {};
  if (settings_.server.transport == control::TransportChoice::io_uring) {
    return std::unexpected("io_uring cannot be used here: " + probe.error() + "; try --transport epoll");
  }
  log::warn("io_uring cannot be used here, epoll is: " + probe.error());
  transport_ = TransportKind::epoll;
  return {};
}

Daemon::Outcome Daemon::start_shards() {
  exposition_ = std::make_unique<control::Exposition>(control::BuildInfo{version_, std::string(word(transport_))},
                                                      fleet_, accounts_, watch_);
  std::vector<Endpoint> listen = settings_.server.listen;
  for (std::uint32_t number = 0; number < cores_.shards; ++number) {
    const int core = cores_.shard_cores.empty() ? -1 : cores_.shard_cores[number];
    auto thread = ShardThread::start({number, core, transport_, listen}, config_, shared());
    if (!thread) return std::unexpected("shard " + std::to_string(number) + ": " + thread.error());
    ShardThread& shard = **thread;
    listen = shard.bound();  // the port that the kernel chose for the first is everybody's
    watch_.add(shard.mailbox(), [&shard] { shard.wake(); });
    exposition_->add(shard.mailbox().metrics);
    exposition_->add(shard.net_metrics());
    shards_.push_back(std::move(*thread));
  }
  settings_.server.listen = listen;
  return {};
}

Daemon::Outcome Daemon::watch_postmortem() {
  dump_when_asked();
  if (settings_.log.postmortem_dir == "off") return {};
  const auto directory = Postmortem::choose_directory(settings_.log.postmortem_dir);
  if (!directory && !settings_.log.postmortem_dir.empty())
    return std::unexpected("log.postmortem_dir: " + directory.error());
  if (!directory) {
    log::warn("there will be no postmortem: " + directory.error() + "; see log.postmortem_dir");
    return {};
  }
  postmortem_ = std::make_unique<Postmortem>(*directory, version_);
  for (const auto& shard : shards_) postmortem_->add(shard->mailbox().flight);
  log::info("a postmortem would be in " + *directory);
  return {};
}

void Daemon::dump_when_asked() {
  dump_asked_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    if (!postmortem_) {
      log::info("SIGUSR2: there is no place for a postmortem");
    } else if (const auto path = postmortem_->dump()) {
      log::info("SIGUSR2: postmortem written to " + *path);
    } else {
      log::warn("SIGUSR2: no postmortem written: " + path.error());
    }
    dump_when_asked();
  });
}

Daemon::Outcome Daemon::start_access_log() {
  watch_rotation();
  if (settings_.log.access.empty()) return {};
  access_log_ = std::make_unique<AccessLog>(settings_.log.access, settings_.log.access_format);
  for (const auto& shard : shards_) access_log_->add(shard->access());
  if (auto started = access_log_->start(); !started) return std::unexpected("--access-log: " + started.error());
  MetricList figures;
  access_log_->counters().describe(figures);
  exposition_->add(figures);
  return {};
}

// Without an access log, too: a script that rotates logs must not end the daemon.
void Daemon::watch_rotation() {
  rotation_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    log::info(access_log_ ? "SIGUSR1: opening the access log anew" : "SIGUSR1: there is no access log to open");
    if (access_log_) access_log_->reopen();
    watch_rotation();
  });
}

Daemon::Outcome Daemon::open_admin() {
  api_ = std::make_unique<control::AdminApi>(fleet_, accounts_, watch_, *exposition_, reports_);
  const prompt::ExtractLimits limits{.max_body = settings_.limits.body,
                                     .key = settings_.requests.hash_key,
                                     .session_fields = session_fields(settings_.requests)};
  const control::Known known{accounts_, &residency_, &reports_};
  ring_ = std::make_unique<control::AdminRing>(publisher_, known, limits);
  route_ = std::make_unique<control::AdminRoute>(publisher_, known, limits, settings_.requests.session_headers);
  api_->serve("/ring", [this](const control::AdminRequest& request, std::string_view rest) {
    return ring_->handle(request, rest);
  });
  api_->serve("/route", [this](const control::AdminRequest& request, std::string_view rest) {
    return route_->handle(request, rest);
  });
  prompts_ = std::make_unique<control::AdminPrompts>(registry_, control::monotonic_now);
  for (const auto& shard : shards_) prompts_->add(shard->prompts());
  api_->serve_leaf("/v1/prompts", [this](const control::AdminRequest& request) { return prompts_->handle(request); });
  api_->serve("/config", [this](const control::AdminRequest& request, std::string_view rest) {
    return admin_config_.handle(request, rest);
  });
  exposition_->add_section([this](control::MetricText& out) { reloader_.write(out); });
  exposition_->add_section([this](control::MetricText& out) { handover_.write(out); });
  exposition_->add_section([this](control::MetricText& out) {
    control::write_report_metrics(out, reports_, registry_, residency_, control::monotonic_now());
  });
  admin_config_.join(api_->status());
  admin_ = std::make_unique<control::AdminServer>(
      io_, [this](const control::AdminRequest& request) { return api_->handle(request); });
  const auto at = admin_->listen(settings_.admin.listen);
  if (!at) return std::unexpected("--admin: " + at.error());
  admin_at_ = *at;
  return open_control();
}

Daemon::Outcome Daemon::open_control() {
  if (settings_.admin.control_listen) {
    auto token = control::AdminToken::load(settings_.admin.control_token_file);
    if (!token) return std::unexpected("--control-token-file: " + token.error());
    const auto at = admin_->listen_control(*settings_.admin.control_listen, std::move(*token));
    if (!at) return std::unexpected("--control-listen: " + at.error());
    settings_.admin.control_listen = *at;
  }
  if (settings_.admin.control_socket.empty()) return {};
  const control::ControlSocket socket{.path = settings_.admin.control_socket, .group = settings_.admin.control_group};
  if (auto control = admin_->listen_control(socket); !control) {
    return std::unexpected("--control-socket: " + control.error());
  }
  return {};
}

std::string Daemon::describe_pools() const {
  const auto& pools = registry_.pools();
  if (pools.size() == 1) return "strategy " + std::string(balance::word(pools.front().settings.strategy));
  std::string text = std::to_string(pools.size()) + " pools (";
  for (const auto& pool : pools) text += (text.ends_with('(') ? "" : ", ") + pool.settings.name;
  return text + ")";
}

// A default that cannot be had is a line in the log; a file that was asked for is an error.
Daemon::Outcome Daemon::open_state() {
  const bool asked = settings_.admin.state != "auto";
  const std::string path = asked ? settings_.admin.state : control::default_state_file();
  if (settings_.admin.state == "none") return {};
  if (path.empty()) {
    log::info(std::string("run-time changes end with this process: no --state, and ") + control::kStateDirectory +
              " cannot be written to");
    return {};
  }
  auto file = control::StateFile::open(path);
  if (!file && asked) return std::unexpected("--state: " + file.error());
  if (!file) {
    log::warn("run-time changes end with this process: " + file.error());
    return {};
  }
  control::StateFile::Kept kept = (*file)->read();
  if (!kept.trouble.empty()) log::error(kept.trouble);
  if (settings_.admin.handover) handover_.keep_in((*file)->path() + ".residency");
  keeper_ = std::make_unique<control::StateWriter>(io_, std::move(*file));
  fleet_.remember(std::move(kept.changes), keeper_.get());
  return {};
}

void Daemon::announce() const {
  const std::size_t replicas = registry_.members().size();
  log::info("warmpathd " + version_ + ": " + std::to_string(cores_.shards) +
            (cores_.shards == 1 ? " shard" : " shards") + " on " + std::string(word(transport_)) +
            (cores_.shard_cores.empty() ? ", not pinned" : ", pinned") + ", " + describe_pools() + ", " +
            std::to_string(replicas) + (replicas == 1 ? " replica" : " replicas"));
  for (const control::Member& member : registry_.members()) log::info("replica " + member.spec.name);
  if (access_log_)
    log::info("access log to " + (settings_.log.access == "-" ? "standard output" : settings_.log.access));
  log::info("admin on http://" + to_string(admin_at_));
  if (!settings_.admin.control_socket.empty()) log::info("control socket " + settings_.admin.control_socket);
  if (settings_.admin.control_listen) log::info("control on http://" + to_string(*settings_.admin.control_listen));
  // Last, so that who waits for it finds everything open.
  for (const Endpoint& at : settings_.server.listen) log::info("listening on http://" + to_string(at));
}

void Daemon::tick() {
  // Three signs of life in the time that the service manager waits for one.
  const bool watched = notifier_.watchdog() > Duration{};
  const Duration pause = watched ? std::min(seconds(1), nanos(notifier_.watchdog().ns / 3)) : seconds(1);
  watch_timer_.expires_after(std::chrono::nanoseconds(pause.ns));
  watch_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    watch_.tick();
    reports_.expire(control::monotonic_now());
    beat(watch_, notifier_);
    notifier_.status(lifecycle_->ending() ? "draining: " + status() : status());
    tick();
  });
}

// What it came to is in the log and the metrics.
void Daemon::watch_hangup() {
  hangup_.async_wait([this](const boost::system::error_code& error, int /*signal*/) {
    if (error) return;
    static_cast<void>(reloader_.reload());
    watch_hangup();
  });
}

void Daemon::run() {
  io_.run();
  if (feeds_) feeds_->stop();
  // No handler runs from here on: nobody reads the counters of a shard that is gone.
  for (const auto& shard : shards_) {
    if (!shard->send(shard::Command::stop)) log::error("a shard takes no commands");
  }
  for (const auto& shard : shards_) shard->join();
  if (access_log_) access_log_->stop();
  handover_.leave(residency_, registry_);
  if (keeper_) keeper_->stop();
  log::info("stopped");
}

}  // namespace wp::daemon
