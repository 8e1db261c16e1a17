#include "controlplane/daemon/access_log.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <pthread.h>

#include "controlplane/clock.h"
#include "controlplane/log.h"
#include "controlplane/thread_signals.h"

namespace wp::daemon {
namespace {

// Between two looks at the rings: short enough that a ring of the default size does not fill, and longer while nothing
// comes, so that an idle daemon sleeps.
constexpr Duration kShortPause = millis(5);
constexpr Duration kLongPause = millis(40);
// A file that failed, or lost its name, is tried again this often.
constexpr Duration kRetry = seconds(1);
// Lines gathered for one write.
constexpr std::size_t kBatchBytes = 64 * 1024;
// Records taken from one ring before the next has its turn.
constexpr std::uint32_t kShare = 64;
constexpr Duration kPatience = millis(100);

}  // namespace

void AccessLogCounters::describe(MetricList& list) const {
  list.counter("warmpath_access_log_records_total", "Requests written to the access log.", "", written);
  list.counter("warmpath_access_log_lost_total",
               "Requests that the access log misses because it could not be written when the daemon stopped or the "
               "file was changed.",
               "", lost);
  list.counter("warmpath_access_log_errors_total", "Failed opens and writes of the access log's file.", "", errors);
  list.counter("warmpath_access_log_reopens_total", "Times the access log's file was opened anew.", "", reopens);
}

std::expected<void, std::string> AccessLog::start() {
  if (auto opened = file_.open(); !opened) return opened;
  text_.reserve(kBatchBytes * 2);
  thread_ = std::thread([this] {
    const control::ThreadSignals signals;
    pthread_setname_np(pthread_self(), "wp-access-log");
    run();
  });
  return {};
}

void AccessLog::reopen() {
  const std::scoped_lock lock(mutex_);
  if (wish_ == Wish::none) wish_ = Wish::reopen;
  wished_.notify_one();
}

void AccessLog::stop() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    wish_ = Wish::stop;
    wished_.notify_one();
  }
  thread_.join();
}

AccessLog::Wish AccessLog::wait(Duration at_most) {
  std::unique_lock lock(mutex_);
  wished_.wait_for(lock, std::chrono::nanoseconds(at_most.ns), [this] { return wish_ != Wish::none; });
  return std::exchange(wish_, Wish::none);
}

void AccessLog::run() {
  Duration pause = kShortPause;
  for (;;) {
    const Wish wish = wait(pause);
    if (wish == Wish::stop) return close_out();
    if (wish == Wish::reopen) {
      write_all(kNever);  // what came before the signal belongs to the old file
      want_reopen_ = true;
      next_look_ = {};
    }
    const Instant now = control::monotonic_now();
    if (now >= next_look_) look(now);
    const std::uint64_t taken = write_all(kNever);
    pause = taken > 0 ? kShortPause : std::min(pause * 2, kLongPause);
  }
}

void AccessLog::look(Instant now) {
  next_look_ = now + kRetry;
  nameless_ = !file_.named();
  if (nameless_ || want_reopen_) reopen_now();
  if (write_trouble_) flush();
}

void AccessLog::reopen_now() {
  const bool torn = file_.mid_line();
  const auto opened = file_.open();
  note(open_trouble_, opened);
  if (!opened) return;
  want_reopen_ = false;
  nameless_ = false;
  counters_.reopens.add();
  if (!torn) return;
  // The rest of a line whose beginning stands in the old file is no line in the new one.
  text_.erase(0, text_.find('\n') + 1);
  --in_text_;
  counters_.lost.add();
}

std::uint32_t AccessLog::fill(RecordRing<AccessRecord>& ring, std::uint32_t shard) {
  const std::uint32_t taken = ring.drain(kShare, [&](const AccessRecord& record) {
    control::write_access_line(text_, format_, {record, shard, unix_minus_ + record.start.ns});
  });
  in_text_ += taken;
  return taken;
}

std::uint64_t AccessLog::write_all(Instant until) {
  unix_minus_ = control::unix_offset().ns;
  std::uint64_t total = 0;
  std::uint64_t before = 0;
  do {
    before = total;
    for (std::uint32_t shard = 0; shard < rings_.size(); ++shard) {
      if (holding()) return total;
      total += fill(*rings_[shard], shard);
      if (text_.size() >= kBatchBytes) flush();
    }
  } while (total > before && control::monotonic_now() < until);
  flush();
  return total;
}

void AccessLog::flush() {
  if (text_.empty()) return;
  note(write_trouble_, file_.write(text_, kPatience));
  const auto left = static_cast<std::uint64_t>(std::ranges::count(text_, '\n'));
  counters_.written.add(in_text_ - left);
  in_text_ = left;
}

void AccessLog::note(bool& trouble, const std::expected<void, std::string>& outcome) {
  if (!outcome) counters_.errors.add();
  if (trouble == !outcome.has_value()) return;
  trouble = !trouble;
  if (trouble) {
    control::log::warn("access log: " + outcome.error() + "; trying again every second");
  } else {
    control::log::info("access log: " + file_.path() + " is written again");
  }
}

// The shards are gone, so that the rings only shrink.
void AccessLog::close_out() {
  const Instant until = control::monotonic_now() + kLastPatience;
  if (holding()) look(control::monotonic_now());
  write_all(until);
  std::uint64_t left = in_text_;
  for (RecordRing<AccessRecord>* ring : rings_) left += ring->drain(UINT32_MAX, [](const AccessRecord&) {});
  counters_.lost.add(left);
  if (left > 0) control::log::warn("access log: " + std::to_string(left) + " requests could not be written");
}

}  // namespace wp::daemon
