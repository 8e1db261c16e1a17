#include "tools/replica/options.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace wp::replica {
namespace {

std::expected<Options, Leave> read(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "warmpath-replica");
  return read_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, DefaultsAreTheStructs) {
  const auto options = read({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->port, 9001);
  EXPECT_EQ(options->count, 1U);
  EXPECT_EQ(options->replica.engine.overhead, millis(10));
  EXPECT_EQ(options->connection.idle_close, Duration{});
  EXPECT_FALSE(options->replica.cache_report);
}

TEST(Options, HelpIsTextToItsEnd) {
  const auto leave = read({"--help"});
  ASSERT_FALSE(leave);
  EXPECT_EQ(leave.error().status, 0);
  EXPECT_TRUE(std::ranges::none_of(leave.error().text, [](unsigned char c) { return c < ' ' && c != '\n'; }));
  EXPECT_NE(leave.error().text.find("--finish-reason"), std::string::npos);
}

TEST(Options, EveryOneIsTaken) {
  const auto options = read({"--port",
                             "0",
                             "--count",
                             "8",
                             "--listen-host",
                             "::1",
                             "--name-prefix",
                             "r",
                             "--transport",
                             "epoll",
                             "--model",
                             "a",
                             "--model",
                             "b",
                             "--api-key",
                             "k",
                             "--cache-report",
                             "--finish-reason",
                             "stop",
                             "--prefill-rate",
                             "4000",
                             "--decode-rate",
                             "60.5",
                             "--ttft-overhead-ms",
                             "1.5",
                             "--block",
                             "32",
                             "--kv-tokens",
                             "1000",
                             "--max-running",
                             "3",
                             "--max-waiting",
                             "0",
                             "--idle-close-seconds",
                             "5",
                             "--max-requests-per-connection",
                             "100",
                             "--max-body",
                             "1000",
                             "--seed",
                             "7",
                             "--default-tokens-min",
                             "1",
                             "--default-tokens-max",
                             "2"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->port, 0);
  EXPECT_EQ(options->count, 8U);
  EXPECT_EQ(options->listen_host, "::1");
  EXPECT_EQ(options->name_prefix, "r");
  EXPECT_EQ(options->transport, loop::TransportChoice::epoll);
  EXPECT_EQ(options->replica.models, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options->replica.api_key, "k");
  EXPECT_TRUE(options->replica.cache_report);
  EXPECT_EQ(options->replica.finish, Finish::stop);
  EXPECT_EQ(options->replica.engine.prefill_rate, 4000);
  EXPECT_EQ(options->replica.engine.decode_rate, 60.5);
  EXPECT_EQ(options->replica.engine.overhead, micros(1500));
  EXPECT_EQ(options->replica.engine.block_tokens, 32U);
  EXPECT_EQ(options->replica.engine.kv_tokens, 1000U);
  EXPECT_EQ(options->replica.engine.max_running, 3U);
  EXPECT_EQ(options->replica.engine.max_waiting, 0U);
  EXPECT_EQ(options->connection.idle_close, seconds(5));
  EXPECT_EQ(options->connection.max_requests, 100U);
  EXPECT_EQ(options->connection.max_body, 1000U);
  EXPECT_EQ(options->replica.seed, 7U);
  EXPECT_EQ(options->replica.default_tokens_max, 2U);
}

TEST(Options, WhatCannotBeIsRefusedInOneLine) {
  const std::vector<std::vector<const char*>> cases = {{"--nonsense"},
                                                       {"stray"},
                                                       {"--port", "70000"},
                                                       {"--port", "65535", "--count", "2"},
                                                       {"--count", "0"},
                                                       {"--prefill-rate", "0"},
                                                       {"--decode-rate", "fast"},
                                                       {"--block", "0"},
                                                       {"--kv-tokens", "8"},
                                                       {"--micro-batch", "8", "--attention-tile", "9"},
                                                       {"--kv-events-hashes", "hex"},
                                                       {"--transport", "carrier-pigeon"},
                                                       {"--name-prefix", "a b"},
                                                       {"--model", "a\nb"},
                                                       {"--max-waiting", "-1"},
                                                       {"--default-tokens-min", "0"},
                                                       {"--finish-reason", "bored"},
                                                       {"--max-running", "0"}};
  for (const auto& arguments : cases) {
    const auto options = read(arguments);
    ASSERT_FALSE(options) << arguments[0];
    EXPECT_EQ(options.error().status, 2) << arguments[0];
    EXPECT_EQ(std::count(options.error().text.begin(), options.error().text.end(), '\n'), 1) << options.error().text;
    EXPECT_NE(options.error().text.find("warmpath-replica: "), std::string::npos);
  }
}

TEST(Options, HelpNamesThemAll) {
  const auto options = read({"--help"});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().status, 0);
  for (const char* name : {"--port", "--kv-tokens", "--cache-report", "--idle-close-seconds", "--transport"}) {
    EXPECT_NE(options.error().text.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace wp::replica
