// warmpath-feeds as a child: started with one connection to the admin endpoints that may read and report, and nothing
// else; started again, later each time, whenever it ends.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/types.h>

#include "controlplane/metric_text.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/time.h"

namespace wp::daemon {

// Where the program is: the one that is named, or else the one beside this process's own.
[[nodiscard]] std::string feeds_program(const std::string& named);

struct FeedsCounters {
  Counter running;  // gauge
  Counter starts;

  void write(control::MetricText& out) const;
};

// Control thread only; the io_context outlives it.
class FeedsProcess {
 public:
  // Takes our end of the connection.
  using Serve = std::function<void(int socket)>;

  FeedsProcess(boost::asio::io_context& io, std::string program, Duration interval, Serve serve);
  FeedsProcess(const FeedsProcess&) = delete;
  FeedsProcess& operator=(const FeedsProcess&) = delete;
  ~FeedsProcess() { stop(); }

  // The error is one line: it cannot be run at all.
  [[nodiscard]] std::expected<void, std::string> start();
  // Ends it and waits for that, a fifth of a second at most before it is killed.
  void stop();

  [[nodiscard]] pid_t pid() const { return pid_; }  // 0: it does not run
  [[nodiscard]] const FeedsCounters& counters() const { return counters_; }

 private:
  [[nodiscard]] std::expected<void, std::string> run(int socket);
  void watch();
  void ended();
  void start_later();

  boost::asio::io_context& io_;
  std::string program_;
  Duration interval_;
  Serve serve_;
  boost::asio::posix::stream_descriptor process_;  // readable once it has ended
  boost::asio::steady_timer timer_;
  pid_t pid_ = 0;
  Instant began_;
  Duration pause_;  // before the next start
  FeedsCounters counters_;
};

}  // namespace wp::daemon
