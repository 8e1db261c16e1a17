#include "controlplane/daemon/shard_config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "controlplane/daemon/listen_check.h"
#include "controlplane/health/prober.h"
#include "dataplane/net/socket.h"

namespace wp::daemon {
namespace {

TEST(ShardConfig, TheSettingsHaveTheRequestPathsOwnDefaults) {
  const ShardConfig config = shard_config(control::Settings{}, 7);
  const proxy::ProxyConfig defaults;
  EXPECT_EQ(config.proxy.head.head_bytes, defaults.head.head_bytes);
  EXPECT_EQ(config.proxy.head.target_bytes, defaults.head.target_bytes);
  EXPECT_EQ(config.proxy.head.fields, defaults.head.fields);
  EXPECT_EQ(config.proxy.max_clients, defaults.max_clients);
  EXPECT_EQ(config.proxy.max_upstreams, defaults.max_upstreams);
  EXPECT_EQ(config.proxy.body.max_body, defaults.body.max_body);
  EXPECT_EQ(config.proxy.decision_headers, defaults.decision_headers);
  EXPECT_EQ(config.proxy.session_headers, defaults.session_headers);
  EXPECT_EQ(config.proxy.session_fields, defaults.session_fields);
  EXPECT_EQ(config.proxy.pass_paths, defaults.pass_paths);
  EXPECT_EQ(config.proxy.max_per_source, defaults.max_per_source);
  EXPECT_EQ(config.proxy.max_requests, defaults.max_requests);
  EXPECT_EQ(config.proxy.head_slabs, defaults.head_slabs);
  EXPECT_EQ(config.proxy.body_min_rate, defaults.body_min_rate);
  EXPECT_EQ(config.proxy.client_min_rate, defaults.client_min_rate);
  EXPECT_EQ(config.proxy.hash_key, defaults.hash_key);
  EXPECT_EQ(config.proxy.seed, 7U);
}

TEST(ShardConfig, EverySettingReachesItsPlace) {
  control::Settings settings;
  settings.limits = {.head = 4096,
                     .headers = 20,
                     .body = 5000,
                     .body_min_rate = 6,
                     .client_min_rate = 7,
                     .connections = 3,
                     .connections_per_source = 1,
                     .requests = 2,
                     .heads = 4};
  settings.requests = {.decision_headers = true,
                       .session_headers = {"x-a"},
                       .session_fields = {"user", "conversation_id"},
                       .pass_paths = {"/p"},
                       .probe_prefix = "/wp",
                       .hash_key = 0xff01};
  const proxy::ProxyConfig config = shard_config(settings, 0).proxy;
  EXPECT_EQ(config.head.head_bytes, 4096U);
  EXPECT_EQ(config.head.target_bytes, 4096U) << "a target is part of its head";
  EXPECT_EQ(config.head.fields, 20U);
  EXPECT_EQ(config.body.max_body, 5000U);
  EXPECT_EQ(config.body_min_rate, 6U);
  EXPECT_EQ(config.client_min_rate, 7U);
  EXPECT_EQ(config.max_clients, 3U);
  EXPECT_EQ(config.max_per_source, 1U);
  EXPECT_EQ(config.max_requests, 2U);
  EXPECT_EQ(config.head_slabs, 4U);
  EXPECT_TRUE(config.decision_headers);
  EXPECT_EQ(config.session_headers, std::vector<std::string>{"x-a"});
  EXPECT_EQ(config.session_fields, (std::vector{prompt::SessionField::user, prompt::SessionField::conversation_id}));
  EXPECT_EQ(config.pass_paths, std::vector<std::string>{"/p"});
  EXPECT_EQ(config.hash_key, 0xff01U);
}

TEST(ShardConfig, MoreConnectionsNeedMorePorts) {
  control::Settings settings;
  settings.limits.connections = 100'000;
  const ShardConfig config = shard_config(settings, 0);
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
