// A shard in a box for the proxy's tests: real Shard, real Proxy, the simulated network with no delays, and helpers to
// speak HTTP from both sides. Time moves only when a test moves it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/ring_builder.h"
#include "dataplane/balance/seal.h"
#include "dataplane/shard/shard.h"
#include "tests/sim/sim_net.h"

namespace wp::test {

using Conn = std::shared_ptr<sim::SimConn>;

class Box {
 public:
  explicit Box(std::uint32_t replicas = 1, proxy::ProxyConfig config = default_config(),
               stream::StreamLimits limits = small_limits());
  ~Box();

  static proxy::ProxyConfig default_config();
  static stream::StreamLimits small_limits();
  static Endpoint replica_address(std::uint32_t i);

  void turn();
  // Turns at the present time, until nothing moves any more.
  void settle();
  void advance(Duration by);

  [[nodiscard]] Conn client();
  // The connections the proxy opened to replica i since the last call.
  [[nodiscard]] std::vector<Conn> accepted(std::uint32_t i = 0);
  // Exactly one, asserted.
  [[nodiscard]] Conn accept_one(std::uint32_t i = 0);

  // Publishes another snapshot; `edit` changes a copy of the present one.
  template <class Edit>
  void publish(Edit&& edit) {
    auto next = std::make_unique<balance::Snapshot>(*current_);
    edit(*next);
    publish_snapshot(std::move(next));
  }

  [[nodiscard]] std::uint64_t count(Reason reason) { return proxy().counters().reasons.value(reason); }
  [[nodiscard]] proxy::Proxy& proxy() { return shard_->proxy(); }
  // Every charge released, every slab and buffer back: what must hold when nothing is in flight.
  void expect_nothing_held();

  sim::SimNet& net() { return *net_; }
  stream::PortTable& ports() { return *ports_; }
  balance::Accounts& accounts() { return accounts_; }
  shard::ShardMailbox& mailbox() { return mailbox_; }
  Instant now{1'000'000'000};
  Duration own_time;  // what each turn is said to have taken

 private:
  void publish_snapshot(std::unique_ptr<balance::Snapshot> next);

  balance::Accounts accounts_{64, 4};
  balance::Residency residency_{1024, 64};
  Qsbr qsbr_;
  Published<balance::Snapshot> published_;
  std::unique_ptr<const balance::Snapshot> current_;
  std::unique_ptr<stream::PortTable> ports_;
  std::unique_ptr<sim::SimNet> net_;
  shard::ShardMailbox mailbox_;
  std::unique_ptr<shard::Shard<sim::SimNet>> shard_;
};

// A POST with a JSON body, ready to send.
[[nodiscard]] std::string post(std::string_view path, std::string_view body, std::string_view extra_headers = "");
// A chat request of one user turn.
[[nodiscard]] std::string chat(std::string_view text, std::string_view extra_headers = "");
// A whole reply with a length.
[[nodiscard]] std::string ok_reply(std::string_view body, std::string_view extra_headers = "");
// The status of a reply's text, 0 when it has none.
[[nodiscard]] int status_of(std::string_view reply);
[[nodiscard]] std::string body_of(std::string_view reply);
// Takes what is in the inbox.
[[nodiscard]] std::string take(const Conn& conn);
// Sends a request; what the client has got when all has settled.
[[nodiscard]] std::string ask(Box& box, const Conn& client, const std::string& request);
// Serves one request on a fresh client connection through the replica's newest connection, so that it is pooled.
[[nodiscard]] Conn pooled(Box& box);

// Box::default_config() with probes, which are answered without a replica.
[[nodiscard]] proxy::ProxyConfig probed_config();
// The only client of a box with probes: it reads nothing, and so many replies wait for it that no more are made.
[[nodiscard]] Conn deaf_client(Box& box);

inline constexpr const char* kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
[[nodiscard]] std::string chunk(std::string_view data);

}  // namespace wp::test
