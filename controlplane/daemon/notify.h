// Tells the service manager how we are: the datagrams of sd_notify(3), without its library. Where nobody asked for
// them (no $NOTIFY_SOCKET) nothing is sent.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "controlplane/shard_watch.h"
#include "dataplane/base/time.h"

namespace wp::daemon {

// Control thread only.
class Notifier {
 public:
  Notifier() = default;
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  ~Notifier();

  // By $NOTIFY_SOCKET (a path, or an abstract name behind '@'), $WATCHDOG_USEC and $WATCHDOG_PID. The error is one
  // line; without these variables there is nothing to open and no error.
  [[nodiscard]] std::expected<void, std::string> open();

  void ready(std::string_view status);
  // `now` of CLOCK_MONOTONIC; ready() says that it is over.
  void reloading(Instant now);
  void stopping(std::string_view status);
  // Sent when it is not the last one's text.
  void status(std::string_view text);
  void alive();

  [[nodiscard]] bool wanted() const { return fd_ >= 0; }
  // Within so long alive() must be called again and again, or the manager ends us; zero: it does not watch.
  [[nodiscard]] Duration watchdog() const { return watchdog_; }

 private:
  // A full or vanished socket is the manager's affair: nothing waits, nothing fails.
  void send(std::string_view text) const;

  int fd_ = -1;
  std::string address_;  // of sockaddr_un, as it is
  std::string status_;
  Duration watchdog_;
};

// A sign of life, but only while every shard turns; that the control thread does, the call itself shows.
void beat(const control::ShardWatch& watch, Notifier& notifier);

}  // namespace wp::daemon
