#include "controlplane/feeds/feeder.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <utility>

#include "controlplane/feeds/scrape.h"

namespace wp::feeds {

Feeder::Feeder(boost::asio::io_context& io, std::unique_ptr<GatewayLink> link, FeederConfig config)
    : io_(io),
      link_(std::move(link)),
      config_(std::move(config)),
      kv_(io, *link_,
          {.interval = config_.interval, .reporter = config_.reporter, .now = config_.now, .say = config_.say}),
      timer_(io) {}

void Feeder::lose(const std::string& why) {
  config_.say("warmpathd is gone: " + why);
  io_.stop();
}

// The same line again says nothing new; an empty one is nothing said, and forgets.
void Feeder::say_once(const std::string& replica, const std::string& line) {
  if (line.empty()) {
    if (said_.erase(replica) > 0) config_.say("replica " + replica + ": its metrics are read");
    return;
  }
  std::string& last = said_[replica];
  if (last == line) return;
  last = line;
  config_.say("replica " + replica + ": " + line);
}

void Feeder::say_refused(const std::vector<std::string>& lines) {
  refused_ = refused_ || !lines.empty();
  for (const std::string& line : lines) {
    if (refusals_.size() < kMaxReadings && refusals_.insert(line).second) config_.say("a report is refused: " + line);
  }
}

void Feeder::list() {
  began_ = config_.now();
  link_->ask("GET", "/replicas", "", [this](std::expected<GatewayLink::Answer, std::string> answer) {
    if (!answer) return lose(answer.error());
    auto targets = read_targets(answer->body);
    if (answer->status != 200 || !targets) return lose("it answers " + std::to_string(answer->status));
    targets_ = std::move(*targets);
    kv_.follow(targets_);
    std::erase_if(targets_, [](const Target& target) { return target.path.empty(); });
    std::set<std::string_view> here;
    for (const Target& target : targets_) here.insert(target.replica);
    std::erase_if(said_, [&](const auto& entry) { return !here.contains(entry.first); });
    next_ = 0;
    readings_.clear();
    if (targets_.empty()) return rest();
    scrape_some();
  });
}

void Feeder::scrape_some() {
  while (under_way_ < config_.concurrent && next_ < targets_.size()) {
    const Target& target = targets_[next_++];
    ++under_way_;
    start_scrape(io_, {target.endpoints, target.replica, target.path, config_.timeout},
                 [this, &target, began = config_.now()](const std::expected<std::string, std::string>& page) {
                   scraped(target, began, page);
                 });
  }
}

void Feeder::scraped(const Target& target, Instant began, const std::expected<std::string, std::string>& page) {
  --under_way_;
  if (!page) {
    say_once(target.replica, "no metrics at " + target.path + ": " + page.error());
  } else {
    const EngineFacts facts = read_engine(*page);
    say_once(target.replica, facts.any() ? "" : "no engine's metrics are on the page at " + target.path);
    // Dated back to when it was asked for: it is at least as new.
    if (facts.any()) readings_.push_back({target.replica, target.generation, facts, began});
  }
  scrape_some();
  if (under_way_ == 0 && next_ == targets_.size()) push();
}

void Feeder::push() {
  if (readings_.empty()) return rest();
  ++sequence_;
  push_from(0);
}

void Feeder::push_from(std::size_t first) {
  const std::size_t count = std::min(kMaxReadings, readings_.size() - first);
  const std::span some = std::span(readings_).subspan(first, count);
  std::string body = write_reports(some, config_.reporter, sequence_, config_.now());
  link_->ask("POST", "/v1/reports", std::move(body),
             [this, behind = first + count](std::expected<GatewayLink::Answer, std::string> answer) {
               if (!answer) return lose(answer.error());
               say_refused(read_refusals(answer->body));
               if (behind < readings_.size()) return push_from(behind);
               if (!std::exchange(refused_, false)) refusals_.clear();
               rest();
             });
}

// Rounds begin an interval apart, and at once when one took longer than that.
void Feeder::rest() {
  const Duration left = began_ + config_.interval - config_.now();
  timer_.expires_after(std::chrono::nanoseconds(std::max<std::int64_t>(left.ns, 0)));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) list();
  });
}

}  // namespace wp::feeds
