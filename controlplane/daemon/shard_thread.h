// The thread of one shard. It pins itself, builds the shard where it will run (so that memory is near its core), says
// how that went, and waits for the word to begin.
#pragma once

#include <cstdint>
#include <expected>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/daemon/shard_core.h"
#include "dataplane/shard/mailbox.h"

namespace wp::daemon {

struct ShardSetup {
  std::uint32_t number = 0;
  int core = -1;  // -1: not pinned
  TransportKind transport = TransportKind::io_uring;
  std::vector<Endpoint> listen;
};

// Made, commanded and destroyed by the control thread.
class ShardThread {
 public:
  // Returns when the shard is built and listens, or with one line that says why not. Nothing is accepted before go().
  [[nodiscard]] static std::expected<std::unique_ptr<ShardThread>, std::string> start(const ShardSetup& setup,
                                                                                      const ShardConfig& config,
                                                                                      shard::SharedState shared);
  ShardThread(const ShardThread&) = delete;
  ShardThread& operator=(const ShardThread&) = delete;
  // Stops the shard at once if it still runs.
  ~ShardThread();

  void go();
  // False when the mailbox is full, which a shard that turns never lets happen.
  bool send(shard::Command command);
  void wake() { core_->wake(); }
  // After Command::stop.
  void join();

  [[nodiscard]] const shard::ShardMailbox& mailbox() const { return mailbox_; }
  // The reader's end: one thread may drain it.
  [[nodiscard]] RecordRing<AccessRecord>& access() { return mailbox_.access; }
  [[nodiscard]] balance::PromptTap& prompts() { return mailbox_.prompts; }
  [[nodiscard]] const MetricList& net_metrics() const { return core_->metrics(); }
  [[nodiscard]] const std::vector<Endpoint>& bound() const { return bound_; }

 private:
  ShardThread() = default;
  [[nodiscard]] std::expected<void, std::string> build(const ShardSetup& setup, const ShardConfig& config,
                                                       shard::SharedState shared);

  shard::ShardMailbox mailbox_;
  std::unique_ptr<ShardCore> core_;
  std::vector<Endpoint> bound_;
  std::promise<bool> go_;  // false: never run
  bool went_ = false;
  std::thread thread_;
};

}  // namespace wp::daemon
