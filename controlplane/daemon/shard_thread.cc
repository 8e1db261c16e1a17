#include "controlplane/daemon/shard_thread.h"

#include <utility>

#include <pthread.h>

#include "controlplane/daemon/affinity.h"
#include "controlplane/thread_signals.h"

namespace wp::daemon {
std::expected<std::unique_ptr<ShardThread>, std::string> ShardThread::start(const ShardSetup& setup,
                                                                            const ShardConfig& config,
                                                                            shard::SharedState shared) {
  std::unique_ptr<ShardThread> self(new ShardThread);
  std::promise<std::expected<void, std::string>> built;
  auto outcome = built.get_future();
  self->thread_ = std::thread([&built, setup, &config, shared, it = self.get(), go = self->go_.get_future()]() mutable {
    const control::ThreadSignals signals;  // ordinary ones would only interrupt system calls here
    pthread_setname_np(pthread_self(), ("wp-shard-" + std::to_string(setup.number)).c_str());
    auto result = it->build(setup, config, shared);
    const bool good = result.has_value();
    built.set_value(std::move(result));  // `built` and `config` are the caller's: not touched after this
    if (good && go.get()) it->core_->run();
  });
  if (auto result = outcome.get(); !result) {
    self->thread_.join();
    return std::unexpected(std::move(result.error()));
  }
  return self;
}

std::expected<void, std::string> ShardThread::build(const ShardSetup& setup, const ShardConfig& config,
                                                    shard::SharedState shared) {
  if (setup.core >= 0) {
    if (auto pinned = pin_this_thread({setup.core}); !pinned) return pinned;
  }
  auto core = make_core(setup.transport, setup.number, config, shared, mailbox_);
  if (!core) return std::unexpected(std::move(core.error()));
  core_ = std::move(*core);
  for (const Endpoint& at : setup.listen) {
    const auto bound = core_->listen(at);
    if (!bound) return std::unexpected(bound.error());
    bound_.push_back(*bound);
  }
  return {};
}

ShardThread::~ShardThread() {
  if (!thread_.joinable()) return;
  if (went_) {
    send(shard::Command::stop);
  } else {
    go_.set_value(false);
  }
  thread_.join();
}

void ShardThread::go() {
  went_ = true;
  go_.set_value(true);
}

bool ShardThread::send(shard::Command command) {
  const bool sent = mailbox_.commands.push(command);
  wake();
  return sent;
}

void ShardThread::join() {
  thread_.join();
}

}  // namespace wp::daemon
