// Keeps run-time changes on disk without waiting for the disk: a thread of its own writes the file, the newest state
// wins. Who changes something is told once it is on disk, or that it is not.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/overlay.h"
#include "controlplane/state_file.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/time.h"

namespace wp::control {

struct StateWriterCounters {
  Counter written;  // states that are on disk
  Counter failed;   // states that the file did not take
};

// Control thread only; the io_context outlives it.
class StateWriter {
 public:
  // How long an answer waits for the disk.
  static constexpr Duration kPatience = seconds(2);

  // What the thread does with a state: may take long. The error is one clear line.
  using Write = std::function<std::expected<void, std::string>(const Changes&)>;

  StateWriter(boost::asio::io_context& io, std::string path, Write write, Duration patience = kPatience);
  StateWriter(boost::asio::io_context& io, const std::shared_ptr<const StateFile>& file, Duration patience = kPatience);
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;
  ~StateWriter();

  // Returns at once. A state that still waits for the disk when the next one comes is never written.
  void write(Changes changes);
  // What was handed in is not all on disk, and there is still hope that it soon will be.
  [[nodiscard]] bool busy() const { return written_ < asked_ && !overdue_; }
  // Calls `done` once, later, when what was handed in so far is on disk or failed to get there, or patience is over.
  // Only while busy().
  void when_written(std::function<void()> done);
  // Why the last state may not survive a restart; empty when it will, or when that is not known yet.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  // Waits up to `patience` for the disk and ends the thread; false, and a line in the log, when something was not
  // written. Nothing is told any more. A second call does nothing.
  bool stop(Duration patience = kPatience);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const StateWriterCounters& counters() const { return counters_; }

 private:
  struct Desk;  // what the thread works on: outlives us when the disk does not answer

  void take_news();
  void expect_news();
  void give_up();
  void tell();

  std::shared_ptr<Desk> desk_;
  std::string path_;
  Duration patience_;
  boost::asio::steady_timer timer_;                                       // runs while somebody waits
  std::vector<std::pair<std::uint64_t, std::function<void()>>> waiting_;  // by the state they wait for, oldest first
  std::uint64_t asked_ = 0;                                               // states handed in
  std::uint64_t written_ = 0;  // number of the last one that was written, or failed
  bool overdue_ = false;       // the disk has not answered for as long as anybody waits
  std::string trouble_;
  StateWriterCounters counters_;
};

}  // namespace wp::control
