#include "controlplane/config/read.h"

#include <cstdlib>
#include <ctime>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controlplane/config/toml.h"
#include "controlplane/nearest.h"

namespace wp::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSmallest = "[[pool]]\nreplica = [{url = 'http://gpu-1:8000'}]\n";

Settings good(const std::string& text) {
  auto settings = read_settings(text);
  if (settings) return *settings;
  for (const ConfigError& error : settings.error()) ADD_FAILURE() << to_string(error, "text");
  return {};
}

std::vector<std::string> errors(const std::string& text) {
  const auto settings = read_settings(text);
  EXPECT_FALSE(settings.has_value());
  std::vector<std::string> lines;
  if (settings) return lines;
  for (const ConfigError& error : settings.error()) lines.push_back(to_string(error, "f"));
  return lines;
}

// Of a file that is good but for what follows the smallest one, whose last line is the second.
std::vector<std::string> errors_after(const std::string& text) {
  return errors(kSmallest + text);
}

TEST(ReadSettings, TheSmallestFileHasDefaults) {
  const Settings settings = good(kSmallest);
  ASSERT_EQ(settings.server.listen.size(), 1U);
  EXPECT_EQ(to_string(settings.server.listen[0]), "0.0.0.0:8080");
  ASSERT_EQ(settings.pools.size(), 1U);
  EXPECT_EQ(settings.pools[0].name, "default");
  ASSERT_EQ(settings.pools[0].replicas.size(), 1U);
  EXPECT_EQ(settings.pools[0].replicas[0].name, "gpu-1:8000");
  EXPECT_EQ(settings.pools[0].replicas[0].weight, kDefaultWeight);
  const auto routes = all_routes(settings);
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0].model, "*");
}

TEST(ReadSettings, EveryKindOfValueReachesItsPlace) {
  const Settings s = good(R"(
[server]
listen = ["127.0.0.1:0", "[::1]:81"]
shards = 3
transport = "epoll"
pin = false
[limits]
body = "512KiB"
head = 4096
[timeouts]
head = "250ms"
keep_alive = "2m"
[requests]
session_headers = ["X-A"]
session_fields = ["user", "metadata.user_id"]
hash_key = "fF01"
[[pool]]
name = "chat"
models = ["m-1", "m-2"]
load_factor = 2
[pool.timeouts]
first_byte = "7s"
[[pool.replica]]
url = "http://127.0.0.1:8000"
weight = 7
[[pool.replica]]
url = "http://gpu"
priority = 2
[[pool]]
name = "rest"
strategy = "least-loaded"
replica = [{url = "b:1"}]
[[route]]
model = "*"
pool = "rest"
)");
  EXPECT_EQ(s.server.listen.size(), 2U);
  EXPECT_EQ(s.server.shards, 3U);
  EXPECT_EQ(s.server.transport, TransportChoice::epoll);
  EXPECT_FALSE(s.server.pin);
  EXPECT_EQ(s.limits.body, 512U * 1024);
  EXPECT_EQ(s.limits.head, 4096U);
  EXPECT_EQ(s.client.head, millis(250));
  EXPECT_EQ(s.client.keep_alive, seconds(120));
  EXPECT_EQ(s.requests.session_headers, std::vector<std::string>{"x-a"});
  EXPECT_EQ(s.requests.session_fields, (std::vector<std::string>{"user", "metadata.user_id"}));
  EXPECT_EQ(s.requests.hash_key, 0xff01U);
  ASSERT_EQ(s.pools.size(), 2U);
  EXPECT_DOUBLE_EQ(s.pools[0].bounds.factor, 2);
  EXPECT_EQ(s.pools[0].timeouts.first_byte, seconds(7));
  EXPECT_EQ(s.pools[1].timeouts.first_byte, balance::UpstreamTimeouts{}.first_byte);
  ASSERT_EQ(s.pools[0].replicas.size(), 2U);
  EXPECT_TRUE(s.pools[0].replicas[0].literal.has_value());
  EXPECT_EQ(s.pools[0].replicas[0].weight, 7U);
  EXPECT_EQ(s.pools[0].replicas[1].name, "gpu:80");
  EXPECT_EQ(s.pools[0].replicas[1].priority, 2);
  EXPECT_EQ(s.pools[1].strategy, balance::Strategy::least_loaded);
  EXPECT_EQ(all_routes(s).size(), 3U);
  EXPECT_EQ(all_replicas(s).back().pool, "rest");
}

TEST(ReadSettings, UnknownKeysNameTheNearest) {
  EXPECT_THAT(errors_after("strategi = 'prefix'\n"),
              ElementsAre("f:3: unknown key 'pool.strategi'; did you mean 'pool.strategy'?"));
  EXPECT_THAT(errors_after("[server]\nshard = 1\n"),
              ElementsAre("f:4: unknown key 'server.shard'; did you mean 'server.shards'?"));
  EXPECT_THAT(errors_after("[limit]\nbody = 1\n"), ElementsAre("f:3: unknown table 'limit'; did you mean 'limits'?"));
  EXPECT_THAT(errors_after("[pool.timeout]\nidle = '4s'\n"),
              ElementsAre("f:3: unknown table 'pool.timeout'; did you mean 'pool.timeouts'?"));
  EXPECT_THAT(errors_after("[server]\nbody = 1\n"),
              ElementsAre("f:4: unknown key 'server.body'; did you mean 'limits.body'?"));
  EXPECT_THAT(errors("[[pool]]\nreplicas = ['a:1']\nreplica = [{url = 'a:1'}]\n"),
              ElementsAre("f:2: unknown key 'pool.replicas'; did you mean 'pool.replica'?"));
  EXPECT_THAT(errors_after("weigth = 1\n"),
              ElementsAre("f:3: unknown key 'pool.weigth'; did you mean 'pool.replica.weight'?"));
  EXPECT_THAT(errors_after("[server]\nfoo = 1\n"), ElementsAre("f:4: unknown key 'server.foo'"));
  EXPECT_THAT(errors_after("[server]\ntls_cert = 'f'\n"),
              ElementsAre("f:4: unknown key 'server.tls_cert'; TLS is not supported yet: run warmpathd behind a TLS "
                          "terminator"));
  EXPECT_THAT(errors_after("[zzzzzzzzzz]\n"), ElementsAre("f:3: unknown table 'zzzzzzzzzz'"));
  EXPECT_THAT(errors_after("[[route]]\nmodel = 'm'\npool = 'default'\nweigth = 1\n"),
              ElementsAre("f:6: unknown key 'route.weigth'; did you mean 'pool.replica.weight'?"));
}

TEST(ReadSettings, AWordThatIsTooLongHasNoNearest) {
  const std::string longest = "least-loaded" + std::string(64 - 12, 'x');
  const std::vector<std::string_view> known = {longest};
  EXPECT_EQ(nearest(longest.substr(1), known), longest);
  EXPECT_EQ(nearest(longest, known), longest);
  EXPECT_EQ(nearest(longest + "x", known), "");
}

// A file that nobody could read must not keep the control thread busy: of each of the first errors, what was probably
// meant is looked for, which takes many times as long as to parse the line.
TEST(ReadSettings, AFloodOfUnknownKeysTakesHardlyLongerThanToParseIt) {
  std::string text = kSmallest;
  for (int i = 0; i < 20'000; ++i) text.append("unknown_key_").append(std::to_string(i)).append(" = 1\n");
  const std::clock_t begun = std::clock();
  EXPECT_TRUE(parse_toml(text));
  const std::clock_t parsed = std::clock();
  const auto lines = errors(text);
  const std::clock_t read = std::clock();
  ASSERT_EQ(lines.size(), 101U);
  EXPECT_EQ(lines.back(), "f:102: more errors follow");
  EXPECT_LT(read - parsed, 12 * (parsed - begun));  // 2 times; 23 times when all are looked for
}

TEST(ReadSettings, WrongTypesAndRangesSayWhatIsWanted) {
  EXPECT_THAT(errors_after("[server]\nshards = 'two'\n"),
              ElementsAre("f:4: 'server.shards': a whole number from 0 to 256 is wanted"));
  EXPECT_THAT(errors_after("[server]\nshards = 257\npin = 'yes'\n"),
              ElementsAre("f:4: 'server.shards': a whole number from 0 to 256 is wanted",
                          "f:5: 'server.pin': true or false is wanted, without quotes"));
  EXPECT_THAT(errors_after("[server]\nshards = -1\n"),
              ElementsAre("f:4: 'server.shards': a whole number from 0 to 256 is wanted"));
  EXPECT_THAT(errors_after("[server]\nlisten = '0.0.0.0:80'\n"),
              ElementsAre("f:4: 'server.listen': a list in brackets is wanted"));
  EXPECT_THAT(errors_after("[server]\nlisten = ['localhost']\n"),
              ElementsAre("f:4: 'server.listen': 'localhost': an address and port are wanted, such as 0.0.0.0:8080 or "
                          "[::]:8080"));
  EXPECT_THAT(errors_after("[server]\ntransport = 'iouring'\n"),
              ElementsAre("f:4: 'server.transport': there are auto, io_uring and epoll; did you mean io_uring?"));
  EXPECT_THAT(
      errors_after("[limits]\nbody = '1GiB'\n"),
      ElementsAre("f:4: 'limits.body': a size from 4KiB to 256MiB is wanted: a number of bytes, or a text such as "
                  "\"512KiB\""));
  EXPECT_THAT(
      errors_after("[timeouts]\nhead = 30\nbody = '30'\nclient = '2d'\n"),
      ElementsAre(HasSubstr("f:4: 'timeouts.head': a duration from 1ms to 86400s is wanted"),
                  HasSubstr("f:5: 'timeouts.body': a duration"), HasSubstr("f:6: 'timeouts.client': a duration")));
  EXPECT_THAT(errors_after("load_factor = 1.0\n"),
              ElementsAre("f:3: 'pool.load_factor': a number above 1, up to 100, is wanted"));
  EXPECT_THAT(errors_after("load_factor = nan\nname = 'a b'\n"),
              ElementsAre("f:3: 'pool.load_factor': a number above 1, up to 100, is wanted",
                          "f:4: 'pool.name': a name has letters, digits, '-' and '_', up to 64 of them"));
  EXPECT_THAT(errors_after("server = 1\n"), ElementsAre("f:3: unknown key 'pool.server'; did you mean 'server'?"));
  EXPECT_THAT(errors("server = 1\n[[pool]]\nreplica = [{url = 'a:1'}]\n"),
              ElementsAre("f:1: 'server' is a table: write [server]"));
  EXPECT_THAT(errors("[pool]\nname = 'x'\n"), ElementsAre("f:1: 'pool' is a list of tables: write [[pool]]"));
  EXPECT_THAT(errors("[[pool]]\n[pool.replica]\nurl = 'a:1'\n"),
              ElementsAre("f:2: 'pool.replica' is a list of tables: write [[pool.replica]]"));
}

TEST(ReadSettings, RepeatedKeysAndBrokenTextHaveTheirLine) {
  EXPECT_THAT(errors("[server]\nshards = 1\nshards = 2\n"), ElementsAre("f:3: 'shards' is given a second time"));
  EXPECT_THAT(errors("[[pool]]\nreplica = [{url = 'a:1', url = 'b:1'}]\n"),
              ElementsAre("f:2: 'url' is given a second time"));
  EXPECT_THAT(errors("[[pool]]\n[[pool.replica]]\n[pool]\n"), ElementsAre("f:3: 'pool' is given a second time"));
  EXPECT_THAT(errors("[server]\nshards = \n"), ElementsAre("f:2: expected value, saw '\\n'"));
  EXPECT_THAT(errors("[server\n"), ElementsAre(HasSubstr("f:1: ")));
  EXPECT_THAT(errors_after("[server]\npin = true\n[server]\n"), ElementsAre("f:5: 'server' is given a second time"));
  EXPECT_THAT(errors(std::string(kMaxConfigBytes + 1, ' ')), ElementsAre("f: larger than 4194304 bytes"));
}

TEST(ReadSettings, ReplicasThatCannotBe) {
  EXPECT_THAT(
      errors("[[pool]]\n[[pool.replica]]\nurl = 'https://gpu'\n"),
      ElementsAre("f:3: 'pool.replica.url': TLS towards replicas is not supported yet; run a TLS terminator next "
                  "to the replica and give its http:// address"));
  EXPECT_THAT(errors("[[pool]]\n[[pool.replica]]\nweight = 3\n"), ElementsAre("f:2: the replica has no 'url'"));
  EXPECT_THAT(errors("[[pool]]\n[[pool.replica]]\nurl = 'a:1,weight=3'\n"),
              ElementsAre("f:3: 'pool.replica.url': weight and priority are keys of their own here"));
  EXPECT_THAT(errors("[[pool]]\n[[pool.replica]]\nurl = 'a:1'\n[[pool.replica]]\nurl = 'http://A:1/'\n"),
              ElementsAre("f:5: the replica a:1 is given twice (the first is in line 2)"));
  EXPECT_THAT(errors("[[pool]]\nname = 'x'\n"),
              ElementsAre("f:1: the pool 'x' has no replica: add a [[pool.replica]]"));
  EXPECT_THAT(errors(""), ElementsAre("f: there is no pool: add a [[pool]] with a [[pool.replica]]"));
}

TEST(ReadSettings, RoutesThatLeadNowhereOrTwice) {
  EXPECT_THAT(errors_after("[[route]]\nmodel = '*'\npool = 'defualt'\n"),
              ElementsAre("f:1: no request reaches the pool 'default': give it 'models', or a [[route]]",
                          "f:5: there is no pool 'defualt'; did you mean 'default'?"));
  EXPECT_THAT(errors_after("[[route]]\nmodel = 'm'\npool = 'default'\n[[route]]\nmodel = 'm'\npool = 'default'\n"),
              ElementsAre("f:7: the model 'm' has a route already (the first is in line 3)"));
  EXPECT_THAT(errors_after("[[route]]\nmodel = 'a*b'\npool = 'default'\n[[route]]\n"),
              ElementsAre("f:4: 'route.model': the name of a model is wanted, its beginning with one '*' behind it, or "
                          "'*' for all",
                          "f:6: the route has no 'model'", "f:6: the route has no 'pool'"));
  EXPECT_THAT(errors_after("[[pool]]\nname = 'b'\nreplica = [{url = 'b:1'}]\n[[route]]\nmodel = '*'\npool = 'b'\n"),
              ElementsAre("f:1: no request reaches the pool 'default': give it 'models', or a [[route]]"));
  EXPECT_THAT(errors_after("models = ['m']\n[[pool]]\nname = 'b'\nmodels = ['m', 'n']\nreplica = [{url = 'b:1'}]\n"),
              ElementsAre("f:6: the model 'm' leads to two pools (the first is in line 3)"));
  EXPECT_THAT(errors_after("models = ['m']\n[[pool]]\nmodels = ['n']\nreplica = [{url = 'b:1'}]\n"),
              ElementsAre("f:4: there is a pool 'default' already (the first is in line 1)"));
}

TEST(ReadSettings, AddressesThatCannotBothBeOpen) {
  EXPECT_THAT(errors_after("[server]\nlisten = [':80', '127.0.0.1:80']\n"),
              ElementsAre("f:4: 0.0.0.0:80 and 127.0.0.1:80 cannot both be open"));
  EXPECT_THAT(errors_after("[server]\nlisten = [':80', ':80']\n"),
              ElementsAre("f:4: 'server.listen': \"0.0.0.0:80\" is listed twice"));
  EXPECT_THAT(errors_after("[admin]\nlisten = '127.0.0.1:8080'\n"),
              ElementsAre("f:4: the admin address 127.0.0.1:8080 is one of server.listen"));
  EXPECT_THAT(errors_after("[server]\nlisten = [':9090']\n"),
              ElementsAre("f:4: the admin address 127.0.0.1:9090 is one of server.listen"));
  EXPECT_THAT(errors_after("[admin]\ncontrol_listen = '127.0.0.1:9090'\ncontrol_token_file = 'f'\n"),
              ElementsAre("f:4: the control address 127.0.0.1:9090 is the admin address: it needs one of its own"));
  EXPECT_THAT(errors_after("[admin]\ncontrol_listen = '127.0.0.1:8080'\ncontrol_token_file = 'f'\n"),
              ElementsAre("f:4: the control address 127.0.0.1:8080 is one of server.listen"));
  good(std::string(kSmallest) + "[server]\nlisten = [':80', '[::]:80', '127.0.0.1:0', '127.0.0.2:0']\n");
}

TEST(ReadSettings, WhatMakesNoSenseAlone) {
  EXPECT_THAT(errors_after("[admin]\ncontrol_listen = '127.0.0.1:1'\n"),
              ElementsAre("f:4: a token file is wanted, too: without a token anybody who reaches 127.0.0.1:1 could "
                          "change the replicas"));
  EXPECT_THAT(errors_after("[admin]\ncontrol_group = 'ops'\ncontrol_token_file = 'f'\n[server]\ngroup = 'web'\n"),
              ElementsAre("f:4: a group is of use with a control socket only",
                          "f:5: a token file is of use with a control address only",
                          "f:7: a group is of use with a user only"));
}

TEST(ReadSettings, EveryErrorOfAFileIsTold) {
  EXPECT_THAT(errors("[server]\nshards = 'x'\nlsten = []\n[[pool]]\nname = ''\n[[route]]\nmodel = 'm'\npool = 'p'\n"),
              ElementsAre("f:2: 'server.shards': a whole number from 0 to 256 is wanted",
                          "f:3: unknown key 'server.lsten'; did you mean 'server.listen'?",
                          "f:4: the pool 'default' has no replica: add a [[pool.replica]]",
                          "f:4: no request reaches the pool 'default': give it 'models', or a [[route]]",
                          "f:5: 'pool.name': a name has letters, digits, '-' and '_', up to 64 of them",
                          "f:8: there is no pool 'p'"));
  std::string many = kSmallest;
  for (int i = 0; i < 200; ++i) many += "x" + std::to_string(i) + " = 1\n";
  const auto told = errors(many);
  ASSERT_EQ(told.size(), 101U);
  EXPECT_EQ(told.back(), "f:102: more errors follow");
}

TEST(LoadSettings, AFileThatIsNotThereIsOneLine) {
  const auto missing = load_settings("/nonexistent/warmpath.toml");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error(), ElementsAre("/nonexistent/warmpath.toml: cannot be read: No such file or directory"));
  const auto folder = load_settings(WARMPATH_DEPLOY);
  ASSERT_FALSE(folder.has_value());
  EXPECT_THAT(folder.error(), ElementsAre(HasSubstr(": cannot be read: ")));
}

TEST(LoadSettings, TheExampleInDeployIsGood) {
  const std::string example = std::string(WARMPATH_DEPLOY) + "/warmpath.toml";
  const auto settings = load_settings(example);
  ASSERT_TRUE(settings.has_value()) << settings.error().front();
  EXPECT_GE(settings->pools.size(), 2U);
  EXPECT_FALSE(settings->routes.empty());
}

}  // namespace
}  // namespace wp::control
