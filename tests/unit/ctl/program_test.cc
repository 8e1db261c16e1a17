#include "tools/ctl/program.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include "tests/unit/ctl/ran.h"
#include "tests/unit/ctl/served.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;

std::string usage_error(const std::vector<std::string>& arguments) {
  const Ran ran = run_with(arguments);
  EXPECT_EQ(ran.code, ExitCode::usage) << ran.out << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(ran.err.starts_with("warmpathctl: ") && ran.err.find('\n') == ran.err.size() - 1) << ran.err;
  return ran.err.substr(13);
}

TEST(Program, AMistypedWordIsExplained) {
  EXPECT_EQ(usage_error({"stauts"}), "there is no command 'stauts'; did you mean status? (see: warmpathctl --help)\n");
  EXPECT_EQ(usage_error({"replicas", "lsit"}),
            "there is no command 'lsit'; did you mean list? (see: warmpathctl replicas --help)\n");
  EXPECT_EQ(usage_error({"status", "--jsno"}),
            "unknown option '--jsno'; did you mean --json? (see: warmpathctl status --help)\n");
  EXPECT_EQ(usage_error({"status", "now"}), "unexpected argument 'now' (see: warmpathctl status --help)\n");
}

TEST(Program, WhatIsMissingIsSaid) {
  EXPECT_EQ(usage_error({}), "a command is wanted (see: warmpathctl --help)\n");
  EXPECT_EQ(usage_error({"replicas"}), "a command is wanted (see: warmpathctl replicas --help)\n");
  EXPECT_NE(usage_error({"replicas", "drain"}).find("REPLICA"), std::string::npos);
  EXPECT_NE(usage_error({"replicas", "weight", "a:1", "x"}).find("WEIGHT"), std::string::npos);
  EXPECT_NE(usage_error({"replicas", "drain", "a:1", "--wait", "0"}).find("above zero"), std::string::npos);
  EXPECT_NE(usage_error({"replicas", "drain", "a:1", "--wait", "1h"}).find("--wait '1h'"), std::string::npos);
}

TEST(Program, GlobalOptionsAreChecked) {
  EXPECT_NE(usage_error({"--address", "here", "status"}).find("write HOST:PORT"), std::string::npos);
  EXPECT_NE(usage_error({"--address", "a:1", "--socket", "b", "status"}).find("excludes"), std::string::npos);
  EXPECT_NE(usage_error({"--token-file", "f", "status"}).find("--address"), std::string::npos);
  EXPECT_NE(usage_error({"--address", "a:1", "--token-file", "/nowhere/token", "status"}).find("/nowhere/token"),
            std::string::npos);
  EXPECT_NE(usage_error({"--socket", std::string(108, 'x'), "status"}).find("1 to 107 bytes"), std::string::npos);
  const std::string path = temporary_path("token");
  std::ofstream(path) << "two words\n";
  EXPECT_NE(usage_error({"--address", "a:1", "--token-file", path, "status"}).find("one word"), std::string::npos);
  std::ofstream(path) << " \n";
  EXPECT_NE(usage_error({"--address", "a:1", "--token-file", path, "status"}).find("is empty"), std::string::npos);
  std::filesystem::remove(path);
}

TEST(Program, NoDaemonIsExitThreeAndOneLine) {
  const Ran ran = run_with({"status"});
  EXPECT_EQ(ran.code, ExitCode::unreachable);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err,
            "warmpathctl: no warmpathd listens on /nowhere/control.sock; start it with --control-socket "
            "/nowhere/control.sock, or name another with --socket\n");
}

TEST(Program, HelpTeachesAtEveryLevel) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"status", "--help"}, {"replicas", "--help"}, {"replicas", "drain", "--help"}}) {
    const Ran ran = run_with(arguments);
    EXPECT_EQ(ran.code, ExitCode::done);
    EXPECT_NE(ran.out.find("Examples:\n  warmpathctl "), std::string::npos) << ran.out;
    EXPECT_EQ(ran.err, "");
  }
}

TEST(Program, HelpSaysWhichPoolIsMeantWithoutAName) {
  EXPECT_NE(run_with({"replicas", "add", "--help"}).out.find("[where it is configured, else the first]"),
            std::string::npos);
}

TEST(Program, VersionNeedsNoDaemon) {
  EXPECT_TRUE(run_with({"--version"}).out.starts_with("warmpathctl "));
  const Ran ran = run_with({"version"});
  EXPECT_EQ(ran.code, ExitCode::done);
  EXPECT_NE(ran.out.find("warmpathd: no warmpathd listens"), std::string::npos);
  const Json json = Json::parse(run_with({"version", "--json"}).out);
  EXPECT_TRUE(json.at("warmpathd").is_null());
}

TEST(Program, TheDaemonsRefusalIsExitOne) {
  const Served served([](const control::AdminRequest&) { return control::admin_error(404, "there is no replica x"); });
  const Ran ran = run_with({"replicas", "drain", "x:1", "--socket", served.socket});
  EXPECT_EQ(ran.code, ExitCode::refused);
  EXPECT_EQ(ran.err, "warmpathctl: there is no replica x\n");
}

TEST(Program, AnAnswerOfAnotherShapeIsExitFive) {
  const Served served([](const control::AdminRequest& request) -> control::AdminReply {
    if (request.target == "/status") return {200, "application/json", "{\"version\": 7}", {}};
    return {200, "text/html", "<html>", {}};
  });
  EXPECT_EQ(run_with({"status"}, served.socket).code, ExitCode::garbled);
  EXPECT_EQ(run_with({"replicas", "list"}, served.socket).code, ExitCode::garbled);
  EXPECT_EQ(run_with({"metrics"}, served.socket).code, ExitCode::garbled);
}

// A replica whose streams end as they are asked for.
struct Draining {
  control::AdminReply operator()(const control::AdminRequest& request) {
    EXPECT_EQ(request.target, request.method == "POST" ? "/replicas/gpu:1/drain" : "/replicas/gpu:1");
    const int streams = left > 0 ? left-- : 0;
    return {200, "application/json", Json({{"name", "gpu:1"}, {"streams", streams}}).dump(), {}};
  }
  int left;
};

TEST(Program, DrainWaitsForTheLastStream) {
  const Served served(Draining{2});
  const Ran ran = run_with({"replicas", "drain", "http://gpu:1", "--wait", "10s"}, served.socket);
  EXPECT_EQ(ran.code, ExitCode::done) << ran.err;
  EXPECT_EQ(ran.out, "gpu:1 drains, with 2 streams to finish\ngpu:1 is drained\n");
}

TEST(Program, DrainThatTakesTooLongIsExitFour) {
  const Served served(Draining{1'000'000});
  const Ran ran = run_with({"replicas", "drain", "gpu:1", "--wait", "1ms"}, served.socket);
  EXPECT_EQ(ran.code, ExitCode::not_in_time);
  EXPECT_NE(ran.err.find("after 1ms; it goes on draining"), std::string::npos) << ran.err;
}

TEST(Program, JsonOfSeveralReplicasIsOneArray) {
  const Served served(Draining{0});
  const Ran ran = run_with({"replicas", "drain", "gpu:1", "gpu:1", "--json"}, served.socket);
  EXPECT_EQ(Json::parse(ran.out).size(), 2U) << ran.out;
}

TEST(Program, MetricsAreFiltered) {
  const Served served([](const control::AdminRequest&) -> control::AdminReply {
    return {200, "text/plain", "# TYPE a_total counter\na_total 0\na_total{x=\"1\"} 5\nb 1\n", {}};
  });
  EXPECT_EQ(run_with({"metrics", "a_t", "--nonzero"}, served.socket).out,
            "METRIC          VALUE\na_total{x=\"1\"}      5\n");
  EXPECT_EQ(Json::parse(run_with({"metrics", "b", "--json"}, served.socket).out),
            Json({{{"name", "b"}, {"labels", ""}, {"kind", ""}, {"value", "1"}}}));
  EXPECT_NE(run_with({"metrics", "zzz"}, served.socket).out.find("no metric fits"), std::string::npos);
}

}  // namespace
}  // namespace wp::ctl
