#include "controlplane/daemon/shard_core.h"

#include <algorithm>
#include <utility>

#include "controlplane/clock.h"
#include "controlplane/daemon/net_metrics.h"
#include "dataplane/net/epoll/epoll_net.h"
#include "dataplane/net/kernel/kernel_net.h"
#include "dataplane/stream/port_table.h"

namespace wp::daemon {
namespace {

// An idle shard that nobody wakes; one turn more than needed in this time costs nothing.
constexpr Duration kLongestWait = seconds(60);

template <net::Transport Net>
class CoreOf final : public ShardCore {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<ShardCore>, std::string> make(std::uint32_t number,
                                                                                   const ShardConfig& config,
                                                                                   shard::SharedState shared,
                                                                                   shard::ShardMailbox& mailbox) {
    auto ports = std::make_unique<stream::PortTable>(config.streams);
    auto net = Net::create(config.net, *ports);
    if (!net) return std::unexpected(std::move(net.error()));
    return std::unique_ptr<ShardCore>(new CoreOf(number, config, shared, mailbox, std::move(ports), std::move(*net)));
  }

  // The transport first, so that the kernel reads no memory that goes, then what is queued in the ports: both may hold
  // slices of the shard, of requests that were not wholly sent. The shard does not touch them while it goes.
  ~CoreOf() override {
    net_.reset();
    ports_.reset();
  }

  std::expected<Endpoint, std::string> listen(const Endpoint& at) override { return net_->listen(at); }

  void run() override {
    Instant now = control::monotonic_now();
    bool listening = true;
    while (!shard_.stopped()) {
      const Duration wait = std::min(shard_.next_deadline(now) - now, kLongestWait);
      if (wait > Duration{}) shard_.offline();
      net_->enter(wait);
      now = control::monotonic_now();
      shard_.turn(now);
      shard_.turn_ended(now, control::monotonic_now());
      if (listening && shard_.draining()) {
        net_->stop_listening();
        listening = false;
      }
    }
    // What the last turn aborted is submitted; the shard never reads a Snapshot again.
    net_->enter(Duration{});
    shard_.offline();
  }

  void wake() override { net_->wake(); }
  const MetricList& metrics() const override { return metrics_; }

 private:
  CoreOf(std::uint32_t number, const ShardConfig& config, shard::SharedState shared, shard::ShardMailbox& mailbox,
         std::unique_ptr<stream::PortTable> ports, std::unique_ptr<Net> net)
      : ports_(std::move(ports)), net_(std::move(net)), shard_(number, config.proxy, shared, *ports_, *net_, mailbox) {
    describe(net_->counters(), metrics_);
  }

  std::unique_ptr<stream::PortTable> ports_;
  std::unique_ptr<Net> net_;
  shard::Shard<Net> shard_;
  MetricList metrics_;
};

}  // namespace

std::string_view word(TransportKind kind) {
  return kind == TransportKind::io_uring ? "io_uring" : "epoll";
}

std::expected<std::unique_ptr<ShardCore>, std::string> make_core(TransportKind kind, std::uint32_t number,
                                                                 const ShardConfig& config, shard::SharedState shared,
                                                                 shard::ShardMailbox& mailbox) {
  if (kind == TransportKind::io_uring) return CoreOf<net::KernelNet>::make(number, config, shared, mailbox);
  return CoreOf<net::EpollNet>::make(number, config, shared, mailbox);
}

}  // namespace wp::daemon
