// The one writer of the access log: a thread that empties the shards' rings, formats what is in them and writes it in
// batches. Shards never wait for it, and it never waits for them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <expected>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/access_file.h"
#include "controlplane/access_format.h"
#include "dataplane/base/access_record.h"
#include "dataplane/base/metrics.h"
#include "dataplane/base/record_ring.h"
#include "dataplane/base/time.h"

namespace wp::daemon {

// What the writer counts; it alone writes them.
struct AccessLogCounters {
  Counter written;  // records handed to the file
  Counter lost;     // records that were in a ring when the log was closed, and could not be written
  Counter errors;   // failed opens and writes
  Counter reopens;  // times the file was opened anew
  void describe(MetricList& list) const;
};

// Made, told and stopped by the control thread.
class AccessLog {
 public:
  AccessLog(const std::string& path, control::AccessFormat format) : file_(path), format_(format) {}
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  ~AccessLog() { stop(); }

  // The ring of the next shard, before start(); it outlives stop().
  void add(RecordRing<AccessRecord>& ring) { rings_.push_back(&ring); }
  // Opens the file and begins to write. The error is one clear line.
  [[nodiscard]] std::expected<void, std::string> start();
  // The file was moved away: a new one takes its place. Returns at once.
  void reopen();
  // Writes what is in the rings and ends the thread. Call when the shards are gone; a second call does nothing. A slow
  // file is given kLastPatience, a little more when that ends in the middle of a batch.
  void stop();

  [[nodiscard]] const AccessLogCounters& counters() const { return counters_; }

 private:
  static constexpr Duration kLastPatience = seconds(2);

  enum class Wish : std::uint8_t { none, reopen, stop };

  void run();
  [[nodiscard]] Wish wait(Duration at_most);
  // Writes what there is; how many records were taken from the rings.
  std::uint64_t write_all(Instant until);
  std::uint32_t fill(RecordRing<AccessRecord>& ring, std::uint32_t shard);
  void flush();
  void look(Instant now);
  void reopen_now();
  void close_out();
  // One line when trouble of one kind begins, one when it is over.
  void note(bool& trouble, const std::expected<void, std::string>& outcome);
  // Records stay in the rings: what is written now would be lost.
  [[nodiscard]] bool holding() const { return write_trouble_ || nameless_; }

  control::AccessFile file_;
  control::AccessFormat format_;
  std::vector<RecordRing<AccessRecord>*> rings_;  // by shard
  AccessLogCounters counters_;
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable wished_;
  Wish wish_ = Wish::none;

  // The writer's own.
  std::string text_;             // lines that wait for the file; the first may be a rest
  std::uint64_t in_text_ = 0;    // records of them
  std::int64_t unix_minus_ = 0;  // wall clock minus monotonic clock, ns
  bool write_trouble_ = false;
  bool open_trouble_ = false;
  bool nameless_ = false;  // the file was removed and no new one could be made
  bool want_reopen_ = false;
  Instant next_look_;  // at the file's name, and at one that failed
};

}  // namespace wp::daemon
