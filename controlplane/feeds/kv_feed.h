// The KV events of engines, turned into what replicas hold: follows the engines that are to be read, asks the gateway
// which prompts it sent where, makes out whose blocks there are, and reports it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/feeds/gateway_link.h"
#include "controlplane/feeds/kv_engine.h"
#include "controlplane/feeds/prompt_book.h"
#include "controlplane/feeds/prompt_notes.h"
#include "controlplane/feeds/target.h"
#include "controlplane/feeds/zmq_socket.h"

namespace wp::feeds {

struct KvFeedConfig {
  Duration interval = seconds(2);  // between two looks whether an engine's events are all known
  Duration timeout = seconds(5);   // of one: an engine that has all of its batches sent again takes a while
  Duration round = millis(50);     // between two questions to the gateway, while there is an engine
  std::string reporter;
  Instant (*now)() = nullptr;
  std::function<void(const std::string& line)> say;
};

class KvFeed {
 public:
  static constexpr std::size_t kMaxPrompts = 65'536;  // under way, of all engines

  // The link outlives it.
  KvFeed(boost::asio::io_context& io, GatewayLink& link, KvFeedConfig config);
  KvFeed(const KvFeed&) = delete;
  KvFeed& operator=(const KvFeed&) = delete;

  // Reads the events of those targets that have any, and of no others.
  void follow(std::span<const Target> targets);

 private:
  using Answer = std::expected<GatewayLink::Answer, std::string>;

  void ask();
  void take(const Answer& answer);
  void note(PromptNotes notes);
  void settle();
  void report();
  void reported(const Answer& answer);
  void rest();
  void say_once(const std::string& replica, const std::string& line);
  [[nodiscard]] KvEngine* engine_of(std::uint64_t prompt);

  boost::asio::io_context& io_;
  GatewayLink& link_;
  KvFeedConfig config_;
  boost::asio::steady_timer timer_;
  ZmqContext context_;
  PromptBook book_;
  std::map<std::string, std::unique_ptr<KvEngine>> engines_;  // by replica
  std::unordered_map<std::uint64_t, std::string> prompts_;    // under way: the replica
  std::map<std::string, std::string> said_;                   // by replica: what was last said of it
  bool running_ = false;                                      // a round is under way, or rests
};

}  // namespace wp::feeds
