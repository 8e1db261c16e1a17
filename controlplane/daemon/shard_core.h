// A shard with all it stands on: ports, transport, and the loop that gives it time. The one place that knows which
// transport it is.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/daemon/shard_config.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/metrics.h"
#include "dataplane/shard/shard.h"

namespace wp::daemon {

enum class TransportKind : std::uint8_t { io_uring, epoll };

[[nodiscard]] std::string_view word(TransportKind kind);

class ShardCore {
 public:
  virtual ~ShardCore() = default;

  // Where it listens, with the ports that the kernel chose.
  [[nodiscard]] virtual std::expected<Endpoint, std::string> listen(const Endpoint& at) = 0;
  // Turns until it is told to stop. On one thread, which is the shard's from then on.
  virtual void run() = 0;
  // Ends the loop's sleep. Any thread, as long as the core lives.
  virtual void wake() = 0;
  // What the transport counts; the rest is in the mailbox.
  [[nodiscard]] virtual const MetricList& metrics() const = 0;
};

// `number`: the shard's slot in the Qsbr. The config is copied; the rest outlives the core. The error is one line that
// says why there is no such transport here.
[[nodiscard]] std::expected<std::unique_ptr<ShardCore>, std::string> make_core(TransportKind kind, std::uint32_t number,
                                                                               const ShardConfig& config,
                                                                               shard::SharedState shared,
                                                                               shard::ShardMailbox& mailbox);

}  // namespace wp::daemon
