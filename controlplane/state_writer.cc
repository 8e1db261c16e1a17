#include "controlplane/state_writer.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/asio/post.hpp>
#include <pthread.h>

#include "controlplane/duration_text.h"
#include "controlplane/log.h"
#include "controlplane/thread_signals.h"
#include "dataplane/base/assert.h"

namespace wp::control {

namespace asio = boost::asio;

struct StateWriter::Desk {
  Desk(asio::io_context& on, Write by) : io(on), write(std::move(by)) {}

  struct Job {
    std::uint64_t number = 0;
    Changes changes;
  };
  struct Outcome {
    std::uint64_t number = 0;
    std::expected<void, std::string> written;
  };

  static void work(const std::shared_ptr<Desk>& desk);

  asio::io_context& io;  // not touched once `stopped`
  const Write write;
  StateWriter* owner = nullptr;  // control thread only
  std::thread thread;            // control thread only

  std::mutex mutex;
  std::condition_variable wished;
  std::condition_variable ended;
  std::optional<Job> job;      // the newest
  std::vector<Outcome> news;   // not taken yet
  std::uint64_t finished = 0;  // number of the last job that ended
  bool stopped = false;
};

// Until it is stopped and the newest job has ended.
void StateWriter::Desk::work(const std::shared_ptr<Desk>& desk) {
  const ThreadSignals signals;
  pthread_setname_np(pthread_self(), "wp-state");
  std::unique_lock lock(desk->mutex);
  for (;;) {
    desk->wished.wait(lock, [&] { return desk->job || desk->stopped; });
    if (!desk->job) return;
    const Job job = std::move(*desk->job);
    desk->job.reset();
    lock.unlock();
    auto written = desk->write(job.changes);
    lock.lock();
    desk->news.push_back({job.number, std::move(written)});
    desk->finished = job.number;
    desk->ended.notify_all();
    if (desk->stopped) continue;
    asio::post(desk->io, [desk] {
      if (desk->owner != nullptr) desk->owner->take_news();
    });
  }
}

StateWriter::StateWriter(asio::io_context& io, const std::shared_ptr<const StateFile>& file, Duration patience)
    : StateWriter(io, file->path(), [file](const Changes& changes) { return file->write(changes); }, patience) {}

StateWriter::StateWriter(asio::io_context& io, std::string path, Write write, Duration patience)
    : desk_(std::make_shared<Desk>(io, std::move(write))), path_(std::move(path)), patience_(patience), timer_(io) {
  desk_->owner = this;
  desk_->thread = std::thread([desk = desk_] { Desk::work(desk); });
}

StateWriter::~StateWriter() {
  stop();
}

void StateWriter::write(Changes changes) {
  const std::scoped_lock lock(desk_->mutex);
  desk_->job = Desk::Job{++asked_, std::move(changes)};
  desk_->wished.notify_one();
}

void StateWriter::when_written(std::function<void()> done) {
  WP_ASSERT(busy());
  waiting_.emplace_back(asked_, std::move(done));
  if (waiting_.size() == 1) expect_news();
}

void StateWriter::expect_news() {
  timer_.expires_after(std::chrono::nanoseconds(patience_.ns));
  timer_.async_wait([desk = desk_](const boost::system::error_code& error) {
    if (!error && desk->owner != nullptr) desk->owner->give_up();
  });
}

void StateWriter::take_news() {
  std::vector<Desk::Outcome> news;
  {
    const std::scoped_lock lock(desk_->mutex);
    news.swap(desk_->news);
  }
  for (const Desk::Outcome& outcome : news) {
    written_ = outcome.number;
    (outcome.written ? counters_.written : counters_.failed).add();
    if (!outcome.written) log::error("run-time changes are not kept: " + outcome.written.error());
    if (outcome.written && overdue_) log::info("run-time changes are kept again in " + path_);
    overdue_ = false;
    trouble_ = outcome.written ? "" : outcome.written.error();
  }
  tell();
  if (waiting_.empty()) {
    timer_.cancel();
  } else if (!news.empty()) {
    expect_news();  // a disk that answers has all the time anew
  }
}

void StateWriter::give_up() {
  overdue_ = true;
  trouble_ = path_ + " is not written yet: the disk has not answered for " + to_string(patience_);
  log::error("run-time changes are not kept yet: " + trouble_);
  tell();
}

// Those whose state has come to an end, or all when there is no hope.
void StateWriter::tell() {
  std::vector<std::function<void()>> told;
  std::erase_if(waiting_, [&](auto& waiting) {
    if (waiting.first > written_ && !overdue_) return false;
    told.push_back(std::move(waiting.second));
    return true;
  });
  for (const auto& done : told) done();
}

bool StateWriter::stop(Duration patience) {
  if (!desk_->thread.joinable()) return true;
  desk_->owner = nullptr;
  timer_.cancel();
  waiting_.clear();
  std::unique_lock lock(desk_->mutex);
  desk_->stopped = true;
  desk_->wished.notify_one();
  const bool ended =
      desk_->ended.wait_for(lock, std::chrono::nanoseconds(patience.ns), [this] { return desk_->finished == asked_; });
  const bool good = ended && (desk_->news.empty() || desk_->news.back().written.has_value());
  if (!ended) log::error("run-time changes are lost: the disk of " + path_ + " does not answer");
  if (ended && !good) log::error("run-time changes are not kept: " + desk_->news.back().written.error());
  lock.unlock();
  // A thread that the disk holds cannot be waited for; it ends with the process, and touches nothing but the desk.
  if (ended) {
    desk_->thread.join();
  } else {
    desk_->thread.detach();
  }
  return good;
}

}  // namespace wp::control
