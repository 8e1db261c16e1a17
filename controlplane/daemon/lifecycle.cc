#include "controlplane/daemon/lifecycle.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <signal.h>

#include "controlplane/duration_text.h"
#include "controlplane/log.h"

namespace wp::daemon {
namespace {

namespace asio = boost::asio;

// How often the shards are asked whether they are done.
constexpr auto kPollInterval = std::chrono::milliseconds(20);

std::string counted(std::uint64_t connections) {
  return std::to_string(connections) + (connections == 1 ? " connection" : " connections");
}

}  // namespace

Lifecycle::Lifecycle(asio::io_context& io, control::Fleet& fleet, const Shards& shards, Notifier& notifier,
                     Duration delay, Duration drain_timeout)
    : io_(io),
      fleet_(fleet),
      shards_(shards),
      notifier_(notifier),
      delay_(delay),
      drain_timeout_(drain_timeout),
      signals_(io, SIGTERM, SIGINT),
      poll_(io),
      deadline_(io) {}

void Lifecycle::watch() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (!error) on_signal(signal);
  });
}

void Lifecycle::on_signal(int signal) {
  const std::string name = signal == SIGTERM ? "SIGTERM" : "SIGINT";
  if (ending_) {
    control::log::warn(name + " again: stopping at once with " + counted(connections()) + " open");
    io_.stop();
    return;
  }
  ending_ = true;
  notifier_.stopping(name + ": draining");
  fleet_.leave();
  watch();
  if (delay_ == Duration{}) return begin_drain();
  control::log::info(name + ": not ready any more; draining in " + control::to_string(delay_));
  poll_.expires_after(std::chrono::nanoseconds(delay_.ns));
  poll_.async_wait([this](const boost::system::error_code& error) {
    if (!error) begin_drain();
  });
}

void Lifecycle::begin_drain() {
  control::log::info("draining " + counted(connections()) + ", for up to " + control::to_string(drain_timeout_));
  fleet_.drain_all();
  for (const auto& shard : shards_) {
    if (!shard->send(shard::Command::drain)) control::log::error("a shard takes no commands");
  }
  deadline_.expires_after(std::chrono::nanoseconds(drain_timeout_.ns));
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    control::log::warn("the drain time is over with " + counted(connections()) + " open");
    io_.stop();
  });
  await_drained();
}

void Lifecycle::await_drained() {
  if (drained()) {
    control::log::info("drained");
    io_.stop();
    return;
  }
  poll_.expires_after(kPollInterval);
  poll_.async_wait([this](const boost::system::error_code& error) {
    if (!error) await_drained();
  });
}

bool Lifecycle::drained() const {
  return std::ranges::all_of(
      shards_, [](const auto& shard) { return shard->mailbox().drained.load(std::memory_order_acquire); });
}

std::uint64_t Lifecycle::connections() const {
  std::uint64_t sum = 0;
  for (const auto& shard : shards_) sum += shard->mailbox().connections.value();
  return sum;
}

}  // namespace wp::daemon
