// The work of warmpath-feeds: every interval it asks warmpathd for the replicas, reads their engines' metrics, a few at
// a time, and pushes what they say. Whose KV events are to be read is handed on (kv_feed.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/feeds/gateway_link.h"
#include "controlplane/feeds/kv_feed.h"
#include "controlplane/feeds/target.h"
#include "dataplane/base/time.h"

namespace wp::feeds {

struct FeederConfig {
  Duration interval = seconds(2);
  Duration timeout = seconds(1);  // of one page
  std::size_t concurrent = 64;
  std::string reporter;  // new in each process
  // A monotonic clock.
  Instant (*now)() = nullptr;
  // One line for the operator.
  std::function<void(const std::string& line)> say;
};

class Feeder {
 public:
  // The link is of the same io_context, which ends when the gateway is gone.
  Feeder(boost::asio::io_context& io, std::unique_ptr<GatewayLink> link, FeederConfig config);
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  void start() { list(); }

 private:
  void list();
  void scrape_some();
  void scraped(const Target& target, Instant began, const std::expected<std::string, std::string>& page);
  void push();
  void push_from(std::size_t first);
  void rest();
  void lose(const std::string& why);
  void say_once(const std::string& replica, const std::string& line);
  void say_refused(const std::vector<std::string>& lines);

  boost::asio::io_context& io_;
  std::unique_ptr<GatewayLink> link_;
  FeederConfig config_;
  KvFeed kv_;
  boost::asio::steady_timer timer_;
  Instant began_;  // this round
  std::uint64_t sequence_ = 0;
  std::vector<Target> targets_;
  std::size_t next_ = 0;  // of the targets
  std::size_t under_way_ = 0;
  std::vector<Reading> readings_;
  std::map<std::string, std::string> said_;  // by replica: what was last said of it
  std::set<std::string> refusals_;           // said since a round without any
  bool refused_ = false;                     // any of this round
};

}  // namespace wp::feeds
