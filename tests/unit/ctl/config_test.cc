#include "tools/ctl/config.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/unit/ctl/ran.h"
#include "tests/unit/ctl/served.h"
#include "tools/ctl/program.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

// Against a daemon that has one answer.
Ran run_against(unsigned status, const char* body, const std::vector<std::string>& arguments) {
  const Served served(
      [&](const control::AdminRequest&) -> control::AdminReply { return {status, "application/json", body, {}}; });
  return run_with(arguments, served.socket);
}

// A file of a test, gone at its end.
struct File {
  explicit File(const std::string& text) { std::ofstream(path) << text; }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path); }
  std::string path = temporary_path("config.toml");
};

constexpr const char* kGood = "[[pool]]\nreplica = [{url = 'http://gpu-1:8000'}, {url = 'http://gpu-2:8000'}]\n";

TEST(ConfigCheck, AGoodFileIsCounted) {
  const File file(kGood);
  const Ran ran = run_with({"config", "check", file.path});
  EXPECT_EQ(ran.code, ExitCode::done) << ran.err;
  EXPECT_EQ(ran.out, file.path + " is good: 1 pool, 2 replicas, 1 route\n");
  EXPECT_EQ(Json::parse(run_with({"config", "check", file.path, "--json"}).out),
            Json({{"file", file.path}, {"good", true}, {"problems", Json::array()}}));
}

TEST(ConfigCheck, EveryErrorIsALineWithItsPlace) {
  const File file(std::string(kGood) + "[server]\nshard = 2\nshards = 'two'\n");
  const Ran ran = run_with({"config", "check", file.path});
  EXPECT_EQ(ran.code, ExitCode::refused);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "warmpathctl: " + file.path + ":4: unknown key 'server.shard'; did you mean 'server.shards'?\n" +
                         "warmpathctl: " + file.path + ":5: 'server.shards': a whole number from 0 to 256 is wanted\n");
}

TEST(ConfigCheck, ErrorsInJsonHaveTheirLines) {
  const File file("x = 1\n");
  const Ran ran = run_with({"config", "check", file.path, "--json"});
  EXPECT_EQ(ran.code, ExitCode::refused);
  const Json json = Json::parse(ran.out);
  EXPECT_EQ(json.at("good"), false);
  ASSERT_EQ(json.at("problems").size(), 2U);
  EXPECT_TRUE(json["problems"][0].at("line").is_null()) << "of the whole file";
  EXPECT_EQ(json["problems"][1], Json({{"line", 1}, {"message", "unknown key 'x'"}}));
  EXPECT_THAT(ran.err, HasSubstr(":1: unknown key 'x'\n")) << "people read it all the same";
}

TEST(ConfigCheck, WhatCannotBeReadIsTheCommandLinesFault) {
  for (const std::string& path : {std::string("/nowhere/warmpath.toml"), testing::TempDir()}) {
    const Ran ran = run_with({"config", "check", path});
    EXPECT_EQ(ran.code, ExitCode::usage) << path;
    EXPECT_THAT(ran.err, StartsWith("warmpathctl: cannot read " + path + ": "));
  }
}

TEST(ConfigShow, IsTheFileOrTheSameInJson) {
  const std::string text = "[server]\nlisten = [\"0.0.0.0:8080\"]\npin = true\n\n[[pool]]\nload_factor = 1.25\n";
  const Served served([&](const control::AdminRequest& request) -> control::AdminReply {
    EXPECT_EQ(request.target, "/config");
    return {200, "application/toml", text, {}};
  });
  EXPECT_EQ(run_with({"config", "show"}, served.socket).out, text);
  EXPECT_EQ(Json::parse(run_with({"config", "show", "--json"}, served.socket).out),
            Json({{"server", {{"listen", {"0.0.0.0:8080"}}, {"pin", true}}},
                  {"pool", Json::array({{{"load_factor", 1.25}}})}}));
}

TEST(ConfigShow, WhatIsNoTomlIsNoAnswer) {
  EXPECT_EQ(run_against(200, "<html>", {"config", "show"}).code, ExitCode::garbled);
}

constexpr const char* kChanges =
    R"({"file": "/etc/w.toml", "result": "applied", "changes": [
      {"key": "timeouts.head", "old": "\"10s\"", "new": "\"3s\"", "restart": false},
      {"key": "pool.a.replica.b:1.url", "old": "", "new": "\"http://b:1\"", "restart": false}]})";

TEST(ConfigDiff, ShowsWhatWouldChangeAndHow) {
  const Served served([&](const control::AdminRequest& request) -> control::AdminReply {
    EXPECT_EQ(std::string(request.method) + " " + std::string(request.target), "GET /config/diff");
    return {200, "application/json", kChanges, {}};
  });
  const Ran ran = run_with({"config", "diff"}, served.socket);
  EXPECT_EQ(ran.code, ExitCode::done) << ran.err;
  EXPECT_EQ(ran.out,
            "KEY                     OLD    NEW           TAKES EFFECT\n"
            "timeouts.head           \"10s\"  \"3s\"          reload\n"
            "pool.a.replica.b:1.url  -      \"http://b:1\"  reload\n"
            "apply /etc/w.toml with: warmpathctl config reload\n");
  EXPECT_EQ(Json::parse(run_with({"config", "diff", "--json"}, served.socket).out), Json::parse(kChanges));
}

TEST(ConfigDiff, SendsAFileAndNamesItInErrors) {
  const File file(kGood);
  const Served served([&](const control::AdminRequest& request) -> control::AdminReply {
    EXPECT_EQ(std::string(request.method) + " " + std::string(request.target), "POST /config/diff");
    EXPECT_EQ(request.body, kGood);
    return {400, "application/json", R"({"error": "line 1: a", "problems": ["line 1: a", "line 2: b"]})", {}};
  });
  const Ran ran = run_with({"config", "diff", file.path}, served.socket);
  EXPECT_EQ(ran.code, ExitCode::refused);
  EXPECT_EQ(ran.err, "warmpathctl: " + file.path + ": line 1: a\n" + "warmpathctl: " + file.path + ": line 2: b\n");
}

TEST(ConfigDiff, SaysWhenARestartIsNeeded) {
  const File file(kGood);
  const Served served([](const control::AdminRequest&) -> control::AdminReply {
    return {200,
            "application/json",
            R"({"changes": [{"key": "server.shards", "old": "1", "new": "2", "restart": true}]})",
            {}};
  });
  EXPECT_THAT(run_with({"config", "diff", file.path}, served.socket).out,
              HasSubstr("restart\na reload will be refused as a whole"));
}

TEST(ConfigReload, TellsWhatWasApplied) {
  const Served served([](const control::AdminRequest& request) -> control::AdminReply {
    EXPECT_EQ(std::string(request.method) + " " + std::string(request.target), "POST /config/reload");
    return {200, "application/json", kChanges, {}};
  });
  EXPECT_THAT(run_with({"config", "reload"}, served.socket).out, StartsWith("/etc/w.toml is applied: 2 changes\nKEY "));
}

TEST(ConfigReload, SaysWhenNothingChanged) {
  EXPECT_EQ(run_against(200, R"({"file": "/w.toml", "result": "unchanged", "changes": []})", {"config", "reload"}).out,
            "/w.toml has not changed\n");
}

TEST(ConfigReload, ARefusalHasALineForEachProblem) {
  const Ran ran =
      run_against(400, R"({"error": "f:1: a", "problems": ["f:1: a", "f:2: b"]})", {"config", "reload", "--json"});
  EXPECT_EQ(ran.code, ExitCode::refused);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "warmpathctl: f:1: a\nwarmpathctl: f:2: b\n");
}

}  // namespace
}  // namespace wp::ctl
