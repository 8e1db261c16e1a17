#include "controlplane/daemon/shard_config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "controlplane/daemon/listen_check.h"
#include "controlplane/health/prober.h"
#include "dataplane/net/socket.h"

namespace wp::daemon {
namespace {

control::Options parsed(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--replica", "a:1"});
  return control::parse_options(arguments, default_path_options(), "").value();
}

TEST(ShardConfig, WithoutOptionsItIsTheRequestPathsOwnDefaults) {
  const ShardConfig config = shard_config(parsed({}), 7);
  const proxy::ProxyConfig defaults;
  EXPECT_EQ(config.proxy.max_clients, defaults.max_clients);
  EXPECT_EQ(config.proxy.max_upstreams, defaults.max_upstreams);
  EXPECT_EQ(config.proxy.body.max_body, defaults.body.max_body);
  EXPECT_EQ(config.proxy.session_headers, defaults.session_headers);
  EXPECT_EQ(config.proxy.pass_paths, defaults.pass_paths);
  EXPECT_EQ(config.proxy.timeouts.head, defaults.timeouts.head);
  EXPECT_EQ(config.proxy.timeouts.body, defaults.timeouts.body);
  EXPECT_EQ(config.proxy.timeouts.keep_alive, defaults.timeouts.keep_alive);
  EXPECT_EQ(config.proxy.timeouts.connect, defaults.timeouts.connect);
  EXPECT_EQ(config.proxy.timeouts.first_byte, defaults.timeouts.first_byte);
  EXPECT_EQ(config.proxy.timeouts.reply_progress, defaults.timeouts.reply_progress);
  EXPECT_EQ(config.proxy.timeouts.client_progress, defaults.timeouts.client_progress);
  EXPECT_EQ(config.proxy.timeouts.upstream_idle, defaults.timeouts.upstream_idle);
  EXPECT_EQ(config.proxy.max_per_source, defaults.max_per_source);
  EXPECT_EQ(config.proxy.max_requests, defaults.max_requests);
  EXPECT_EQ(config.proxy.head_slabs, defaults.head_slabs);
  EXPECT_EQ(config.proxy.head.head_bytes, defaults.head.head_bytes);
  EXPECT_EQ(config.proxy.head.target_bytes, defaults.head.target_bytes);
  EXPECT_EQ(config.proxy.head.fields, defaults.head.fields);
  EXPECT_EQ(config.proxy.body_min_rate, defaults.body_min_rate);
  EXPECT_EQ(config.proxy.client_min_rate, defaults.client_min_rate);
  EXPECT_EQ(config.proxy.seed, 7U);
}

TEST(ShardConfig, EveryTimeoutReachesItsPlace) {
  const ShardConfig config =
      shard_config(parsed({"--head-timeout", "1", "--body-timeout", "2", "--keep-alive-timeout", "3",
                           "--connect-timeout", "4", "--first-byte-timeout", "5", "--idle-timeout", "6",
                           "--client-timeout", "7", "--upstream-idle-timeout", "8"}),
                   0);
  const proxy::Timeouts& t = config.proxy.timeouts;
  EXPECT_EQ(t.head, seconds(1));
  EXPECT_EQ(t.body, seconds(2));
  EXPECT_EQ(t.keep_alive, seconds(3));
  EXPECT_EQ(t.connect, seconds(4));
  EXPECT_EQ(t.first_byte, seconds(5));
  EXPECT_EQ(t.reply_progress, seconds(6));
  EXPECT_EQ(t.client_progress, seconds(7));
  EXPECT_EQ(t.upstream_idle, seconds(8));
}

TEST(ShardConfig, EveryLimitReachesItsPlace) {
  const ShardConfig config =
      shard_config(parsed({"--max-per-source", "1", "--max-requests", "2", "--max-heads", "3", "--max-head", "4k",
                           "--max-headers", "9", "--body-min-rate", "6", "--client-min-rate", "7"}),
                   0);
  EXPECT_EQ(config.proxy.max_per_source, 1U);
  EXPECT_EQ(config.proxy.max_requests, 2U);
  EXPECT_EQ(config.proxy.head_slabs, 3U);
  EXPECT_EQ(config.proxy.head.head_bytes, 4096U);
  EXPECT_EQ(config.proxy.head.target_bytes, 4096U) << "a target is part of its head";
  EXPECT_EQ(config.proxy.head.fields, 9U);
  EXPECT_EQ(config.proxy.body_min_rate, 6U);
  EXPECT_EQ(config.proxy.client_min_rate, 7U);
}

TEST(ShardConfig, MoreConnectionsNeedMorePorts) {
  const ShardConfig config = shard_config(parsed({"--max-connections", "100000"}), 0);
  EXPECT_EQ(config.proxy.max_clients, 100'000U);
  EXPECT_EQ(config.proxy.max_upstreams, 100'000U);
  EXPECT_EQ(config.streams.ports, 200'000U);
  EXPECT_GE(config.streams.nodes, 8 * config.streams.ports);
  EXPECT_EQ(descriptors_needed(config, 3), 600'256U + control::Prober::kConcurrent);
}

TEST(ListenCheck, APortThatASharingListenerHoldsIsInUse) {
  const auto held = net::open_listener(parse_endpoint("127.0.0.1:0").value(), {}, net::Blocking::no);
  ASSERT_TRUE(held.has_value()) << held.error();
  EXPECT_EQ(check_free(held->bound).error(), "cannot listen on " + to_string(held->bound) + ": the port is in use");
  close(held->fd);
  EXPECT_TRUE(check_free(held->bound).has_value());
  EXPECT_FALSE(check_free(parse_endpoint("192.0.2.1:8080").value()).has_value()) << "not an address of this host";
}

}  // namespace
}  // namespace wp::daemon
