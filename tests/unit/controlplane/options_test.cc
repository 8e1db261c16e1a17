#include "controlplane/options.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "controlplane/duration_text.h"

namespace wp::control {
namespace {

std::expected<Options, ParseStop> parse(const std::vector<std::string>& arguments) {
  return parse_options(arguments, "warmpathd 1.2.3");
}

Settings good(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--replica", "127.0.0.1:8000"});
  const auto options = parse(arguments);
  EXPECT_TRUE(options.has_value()) << options.error().text;
  return options.value_or(Options{}).settings;
}

// The one line of a command line that is wrong.
std::string problem(const std::vector<std::string>& arguments) {
  const auto options = parse(arguments);
  EXPECT_FALSE(options.has_value());
  if (options) return "";
  EXPECT_EQ(options.error().exit_code, 2);
  const std::string& text = options.error().text;
  EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
  EXPECT_TRUE(text.starts_with("warmpathd: ") && text.ends_with("\n")) << text;
  return text.substr(11, text.size() - 12);
}

TEST(Options, DefaultsServeOnEveryAddress) {
  const Settings settings = good({});
  ASSERT_EQ(settings.server.listen.size(), 1U);
  EXPECT_EQ(to_string(settings.server.listen[0]), "0.0.0.0:8080");
  EXPECT_EQ(to_string(settings.admin.listen), "127.0.0.1:9090");
  ASSERT_EQ(settings.pools.size(), 1U);
  EXPECT_EQ(settings.pools[0].strategy, balance::Strategy::warm);
  EXPECT_EQ(settings.server.shards, 0U);
  EXPECT_TRUE(settings.server.pin);
  EXPECT_EQ(settings.server.transport, TransportChoice::automatic);
  EXPECT_TRUE(settings.admin.control_socket.empty());
  EXPECT_EQ(settings.pools[0].ring_slots, 65'536U);
  EXPECT_EQ(settings.server.resolve_interval, seconds(5));
  EXPECT_EQ(settings.server.drain_timeout, seconds(30));
}

TEST(Options, EverythingCanBeSet) {
  const Settings o = good({"--listen",
                           "127.0.0.1:0",
                           "--listen",
                           "[::1]:8081",
                           "--replica",
                           "gpu:9000,weight=7",
                           "--strategy",
                           "least-loaded",
                           "--shards=3",
                           "--admin",
                           "0.0.0.0:9",
                           "--control-socket",
                           "/run/w.sock",
                           "--transport",
                           "epoll",
                           "--decision-headers",
                           "--ring-slots",
                           "1000",
                           "--load-factor",
                           "1.5",
                           "--max-body",
                           "1m",
                           "--max-connections",
                           "10",
                           "--session-header",
                           "X-A",
                           "--session-header",
                           "x-b",
                           "--session-field",
                           "user",
                           "--pass-path",
                           "/tokenize",
                           "--hash-key=fF01",
                           "--no-pin",
                           "--resolve-seconds",
                           "500ms",
                           "--connect-timeout",
                           "250ms",
                           "--first-byte-timeout",
                           "2m",
                           "--idle-timeout",
                           "3",
                           "--drain-seconds=7"});
  ASSERT_EQ(o.server.listen.size(), 2U);
  EXPECT_EQ(to_string(o.server.listen[1]), "[::1]:8081");
  ASSERT_EQ(o.pools[0].replicas.size(), 2U);
  EXPECT_EQ(o.pools[0].replicas[1].weight, 7U);
  EXPECT_EQ(o.pools[0].strategy, balance::Strategy::least_loaded);
  EXPECT_EQ(o.server.shards, 3U);
  EXPECT_EQ(to_string(o.admin.listen), "0.0.0.0:9");
  EXPECT_EQ(o.admin.control_socket, "/run/w.sock");
  EXPECT_EQ(o.server.transport, TransportChoice::epoll);
  EXPECT_TRUE(o.requests.decision_headers);
  EXPECT_EQ(o.pools[0].ring_slots, 1000U);
  EXPECT_DOUBLE_EQ(o.pools[0].bounds.factor, 1.5);
  EXPECT_EQ(o.limits.body, 1U << 20U);
  EXPECT_EQ(o.limits.connections, 10U);
  EXPECT_EQ(o.requests.session_headers, (std::vector<std::string>{"x-a", "x-b"}));
  EXPECT_EQ(o.requests.session_fields, std::vector<std::string>{"user"});
  EXPECT_EQ(o.requests.pass_paths, std::vector<std::string>{"/tokenize"});
  EXPECT_EQ(o.requests.hash_key, 0xff01U);
  EXPECT_FALSE(o.server.pin);
  EXPECT_EQ(o.server.resolve_interval, millis(500));
  EXPECT_EQ(o.pools[0].timeouts.connect, millis(250));
  EXPECT_EQ(o.pools[0].timeouts.first_byte, seconds(120));
  EXPECT_EQ(o.pools[0].timeouts.progress, seconds(3));
  EXPECT_EQ(o.server.drain_timeout, seconds(7));
}

TEST(Options, HelpAndVersionAreNoErrors) {
  const auto help = parse({"--help"});
  ASSERT_FALSE(help.has_value());
  EXPECT_EQ(help.error().exit_code, 0);
  EXPECT_NE(help.error().text.find("--replica"), std::string::npos);
  EXPECT_NE(help.error().text.find("0.0.0.0:8080"), std::string::npos);
  const auto version = parse({"--version"});
  ASSERT_FALSE(version.has_value());
  EXPECT_EQ(version.error().exit_code, 0);
  EXPECT_EQ(version.error().text, "warmpathd 1.2.3\n");
}

TEST(Options, PagesNeedNoReplica) {
  const auto reasons = parse({"--print-reasons"});
  ASSERT_TRUE(reasons.has_value());
  EXPECT_EQ(reasons->action, Action::print_reasons);
  EXPECT_EQ(parse({"--print-strictness"})->action, Action::print_strictness);
  EXPECT_EQ(parse({"--print-metrics"})->action, Action::print_metrics);
}

TEST(Options, AReplicaOrAWayToAddOneIsNeeded) {
  EXPECT_EQ(problem({}),
            "no replica: give --config FILE, --replica URL, or --control-socket PATH to add them at run time");
  EXPECT_TRUE(parse({"--control-socket", "/run/w.sock"}).has_value());
}

TEST(Options, AFileStandsAlone) {
  const auto options = parse({"--config", "some.toml"});
  ASSERT_TRUE(options.has_value()) << options.error().text;
  EXPECT_EQ(options->config_file, "some.toml");
  EXPECT_EQ(problem({"--config", "some.toml", "--shards", "2"}),
            "--shards: the settings come from some.toml, write it there");
  EXPECT_EQ(problem({"--replica", "a:1", "--config", "f"}), "--replica: the settings come from f, write it there");
}

TEST(Options, TheDefaultFileIsForWhoSaysNothingElse) {
  const auto file_of = [](const std::vector<std::string>& arguments) {
    const auto options = parse_options(arguments, "", "default.toml");
    EXPECT_TRUE(options.has_value()) << options.error().text;
    return options ? options->config_file : "?";
  };
  EXPECT_EQ(file_of({}), "default.toml");
  EXPECT_EQ(file_of({"--config", "own.toml"}), "own.toml");
  EXPECT_EQ(file_of({"--replica", "a:1"}), "");
  EXPECT_EQ(file_of({"--listen", ":1", "--replica", "a:1"}), "");
  EXPECT_EQ(file_of({"--control-socket", "s"}), "");
  const auto mixed = parse_options({"--shards", "2"}, "", "default.toml");
  ASSERT_FALSE(mixed.has_value());
  EXPECT_EQ(mixed.error().text, "warmpathd: --shards: the settings come from default.toml, write it there\n");
}

TEST(Options, UnknownStrategyNamesTheNearest) {
  EXPECT_EQ(problem({"--strategy", "least-load"}),
            "--strategy 'least-load': there are warm, kv, prefix, session, least-loaded and round-robin; did you mean "
            "least-loaded?");
  EXPECT_EQ(problem({"--strategy", "x"}),
            "--strategy 'x': there are warm, kv, prefix, session, least-loaded and round-robin");
}

TEST(Options, UnknownOptionNamesTheNearest) {
  EXPECT_EQ(problem({"--replcia", "a:1"}), "unknown option '--replcia'; did you mean --replica?");
  EXPECT_EQ(problem({"--zzzzzzzz"}), "unknown option '--zzzzzzzz'");
  EXPECT_EQ(problem({"serve"}), "unexpected argument 'serve'");
  EXPECT_EQ(problem({"--tls-cert=f"}),
            "unknown option '--tls-cert=f'; TLS is not supported yet: run warmpathd behind a TLS terminator");
}

TEST(Options, WhatMakesNoSenseAlone) {
  EXPECT_EQ(problem({"--replica", "a:1", "--group", "web"}), "--group: a group is of use with a user only");
  EXPECT_EQ(problem({"--replica", "a:1", "--control-group", "ops"}),
            "--control-group: a group is of use with a control socket only");
  EXPECT_EQ(problem({"--replica", "a:1", "--control-token-file", "f"}),
            "--control-token-file: a token file is of use with a control address only");
}

TEST(Options, ReplicaProblemsQuoteTheReplicaOnce) {
  EXPECT_EQ(problem({"--replica", "https://gpu"}),
            "--replica 'https://gpu': TLS towards replicas is not supported yet; run a TLS terminator next to the "
            "replica and give its http:// address");
  EXPECT_EQ(problem({"--replica", "gpu:1", "--replica", "http://GPU:1"}),
            "--replica 'http://GPU:1': gpu:1 is given twice");
}

TEST(Options, ValuesOutOfRangeAreOneLine) {
  EXPECT_EQ(problem({"--shards", "many"}), "--shards 'many': a whole number from 0 to 256 is wanted");
  EXPECT_EQ(problem({"--shards", "257"}), "--shards '257': a whole number from 0 to 256 is wanted");
  EXPECT_EQ(problem({"--listen", "localhost"}),
            "--listen 'localhost': an address and port are wanted, such as 0.0.0.0:8080 or [::]:8080");
  EXPECT_EQ(problem({"--listen", ":80", "--listen", "0.0.0.0:80"}), "--listen '0.0.0.0:80': given twice");
  EXPECT_EQ(problem({"--load-factor", "1"}), "--load-factor '1': a number above 1, up to 100, is wanted");
  EXPECT_EQ(problem({"--usage", "always"}), "--usage 'always': there are ask and as-is");
  EXPECT_EQ(problem({"--hash-key", "0x12"}), "--hash-key '0x12': up to 16 hexadecimal digits are wanted");
  EXPECT_EQ(problem({"--connect-timeout", "0"}), "--connect-timeout '0': it must be above zero");
  EXPECT_EQ(problem({"--connect-timeout", "5h"}),
            "--connect-timeout '5h': a duration is a whole number with ms, s or m, up to a day");
  EXPECT_EQ(problem({"--transport", "iouring"}),
            "--transport 'iouring': there are auto, io_uring and epoll; did you mean io_uring?");
  EXPECT_EQ(problem({"--max-body", "1"}),
            "--max-body '1': a number of bytes from 4096 to 268435456 is wanted, k and m may follow");
  EXPECT_EQ(problem({"--session-header", "a b"}), "--session-header 'a b': not the name of a header");
  EXPECT_EQ(problem({"--session-field", "x"}),
            "--session-field 'x': no member of a body that names a session; there are prompt_cache_key, conversation, "
            "conversation_id, session_id, session_params.session_id, user, user_id, metadata.user_id");
  EXPECT_EQ(problem({"--pass-path", "v1"}), "--pass-path 'v1': a path begins with '/' and has no query");
  EXPECT_EQ(problem({"--control-socket", std::string(108, 'x')}),
            "--control-socket '" + std::string(108, 'x') + "': a path of 1 to 107 bytes is wanted");
}

TEST(Options, MissingAndRepeatedValuesAreOneLine) {
  EXPECT_NE(problem({"--strategy"}).find("--strategy"), std::string::npos);
  EXPECT_NE(problem({"--strategy", "prefix", "--strategy", "prefix"}).find("--strategy"), std::string::npos);
}

TEST(DurationText, ReadsUnitsAndWritesTheShortest) {
  EXPECT_EQ(parse_duration("5").value(), seconds(5));
  EXPECT_EQ(parse_duration("5s").value(), seconds(5));
  EXPECT_EQ(parse_duration("1440m").value(), seconds(86'400));
  for (const char* bad : {"", "s", "-1", "1.5s", "1 s", "86401", "99999999999"}) {
    EXPECT_FALSE(parse_duration(bad).has_value()) << bad;
  }
  EXPECT_EQ(to_string(millis(1500)), "1500ms");
  EXPECT_EQ(to_string(seconds(2)), "2s");
}

TEST(Options, APostmortemHasAPlaceOrNone) {
  EXPECT_TRUE(good({}).log.postmortem_dir.empty());
  EXPECT_TRUE(good({"--postmortem-dir", "auto"}).log.postmortem_dir.empty());
  EXPECT_EQ(good({"--postmortem-dir", "/var/tmp"}).log.postmortem_dir, "/var/tmp");
  EXPECT_EQ(problem({"--replica", "a:1", "--postmortem-dir", ""}),
            "--postmortem-dir '': a directory, auto or off is wanted");
}

TEST(Options, TheAccessLogIsOffUntilItHasAPath) {
  EXPECT_TRUE(good({}).log.access.empty());
  EXPECT_TRUE(good({"--access-log", "off"}).log.access.empty());
  const LogSettings log = good({"--access-log", "-", "--access-log-format", "text", "--access-log-ring", "1000"}).log;
  EXPECT_EQ(log.access, "-");
  EXPECT_EQ(log.access_format, AccessFormat::text);
  EXPECT_EQ(log.access_ring, 1000U);
  EXPECT_EQ(problem({"--replica", "a:1", "--access-log-format", "jsn"}),
            "--access-log-format 'jsn': there are json and text; did you mean json?");
}

}  // namespace
}  // namespace wp::control
