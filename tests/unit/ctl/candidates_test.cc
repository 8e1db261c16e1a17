#include "tools/ctl/candidates.h"

#include <sstream>

#include <gmock/gmock.h>

#include "tests/unit/ctl/served.h"
#include "tools/ctl/program.h"

namespace wp::ctl {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

// The words offered behind these, the last of which may be a beginning.
std::vector<std::string> offered(std::vector<std::string> words, const std::string& socket = "/nowhere/control.sock") {
  words.insert(words.begin(), {"complete", "--"});
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run(words, {.out = out, .err = err, .colour = false, .environment = socket}), ExitCode::done);
  EXPECT_EQ(err.str(), "");
  std::vector<std::string> found;
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) found.push_back(line.substr(0, line.find('\t')));
  return found;
}

// A daemon with two replicas, one of which drains, and two pools.
control::AdminReply answer(const control::AdminRequest& request) {
  if (request.target == "/replicas") {
    return {200,
            "application/json",
            R"({"replicas": [{"name": "gpu-1:80", "state": "up", "pool": "chat", "draining": false},
                             {"name": "gpu-2:80", "state": "draining", "pool": "small", "draining": true}]})",
            {}};
  }
  if (request.target == "/changes") {
    return {200, "application/json", R"({"changes": {"gone:80": {}, "gpu-2:80": {}}})", {}};
  }
  if (request.target == "/metrics") {
    return {200, "text/plain", "# TYPE a_total counter\na_total{x=\"1\"} 1\na_total{x=\"2\"} 1\nb 2\n", {}};
  }
  EXPECT_EQ(request.target, "/status");
  return {200,
          "application/json",
          R"({"pools": [{"name": "chat", "strategy": "prefix"}, {"name": "small", "strategy": "least-loaded"}]})",
          {}};
}

TEST(Candidates, CommandsAtEveryLevel) {
  EXPECT_THAT(offered({""}), IsSupersetOf({"status", "replicas", "ring", "config", "metrics", "postmortem"}));
  EXPECT_THAT(offered({""}), Not(Contains("complete"))) << "that is the scripts'";
  EXPECT_THAT(offered({"st"}), ElementsAre("status"));
  EXPECT_THAT(offered({"replicas", ""}), ElementsAre("list", "add", "drain", "undrain", "remove", "weight", "reset"));
  EXPECT_THAT(offered({"config", ""}), ElementsAre("check", "show", "diff", "reload"));
  EXPECT_THAT(offered({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(offered({"no-such", "x"}), IsEmpty());
  EXPECT_THAT(offered({}), Contains("status"));
}

TEST(Candidates, OptionsOfTheCommandAndOfAll) {
  EXPECT_THAT(offered({"replicas", "drain", "--w"}), ElementsAre("--wait"));
  EXPECT_THAT(offered({"replicas", "drain", "--"}), AllOf(IsSupersetOf({"--wait", "--help", "--json", "--socket"}),
                                                          Not(Contains("--version")), Not(Contains("--weight"))));
  EXPECT_THAT(offered({"--json", "status", "--j"}), IsEmpty()) << "given already";
  EXPECT_THAT(offered({"ring", "lookup", "--request", "f", "--r"}), ElementsAre("--request")) << "may be given again";
  EXPECT_THAT(offered({"route", "explain", "--header", "a: b", "--he"}), Contains("--header"));
  EXPECT_THAT(offered({"route", "ex"}), ElementsAre("explain"));
  EXPECT_THAT(offered({"status", ""}), Contains("--json")) << "nothing else can stand there";
  EXPECT_THAT(offered({"--socket", "/x", "--timeout=3s", "replicas", "dr"}), ElementsAre("drain"));
}

TEST(Candidates, FilesWhereFilesAreWanted) {
  EXPECT_THAT(offered({"config", "check", ""}), ElementsAre(kFiles));
  EXPECT_THAT(offered({"postmortem", "/tm"}), ElementsAre(kFiles));
  EXPECT_THAT(offered({"--token-file", "x"}), ElementsAre(kFiles));
  EXPECT_THAT(offered({"--socket=/r"}), ElementsAre(kFiles));
  EXPECT_THAT(offered({"replicas", "drain", "--wait", ""}), IsEmpty()) << "a duration is nobody's to guess";
  EXPECT_THAT(offered({"--nosuch=x"}), IsEmpty());
}

TEST(Candidates, NamesThatTheDaemonKnows) {
  const Served served(answer);
  EXPECT_THAT(offered({"replicas", "weight", ""}, served.socket), ElementsAre("gpu-1:80", "gpu-2:80"));
  EXPECT_THAT(offered({"replicas", "remove", "gpu-1:80", ""}, served.socket), ElementsAre("gpu-2:80"));
  EXPECT_THAT(offered({"replicas", "drain", "g"}, served.socket), ElementsAre("gpu-1:80"));
  EXPECT_THAT(offered({"replicas", "undrain", ""}, served.socket), ElementsAre("gpu-2:80"));
  EXPECT_THAT(offered({"replicas", "reset", ""}, served.socket), ElementsAre("gone:80", "gpu-2:80"));
  EXPECT_THAT(offered({"replicas", "weight", "gpu-1:80", ""}, served.socket), IsEmpty()) << "a number";
  EXPECT_THAT(offered({"replicas", "add", "x:1", "--pool", ""}, served.socket), ElementsAre("chat", "small"));
  EXPECT_THAT(offered({"ring", "lookup", "k", "--pool=s"}, served.socket), ElementsAre("--pool=small"));
  EXPECT_THAT(offered({"metrics", ""}, served.socket), ElementsAre("a_total", "b"));
}

TEST(Candidates, TheWordsSayWhereTheDaemonIs) {
  const Served served(answer);
  EXPECT_THAT(offered({"--socket", served.socket, "replicas", "undrain", ""}), ElementsAre("gpu-2:80"));
  EXPECT_THAT(offered({"replicas", "undrain", "--socket=" + served.socket, ""}), ElementsAre("gpu-2:80"));
  EXPECT_THAT(offered({"--address", served.address, "replicas", "undrain", ""}), ElementsAre("gpu-2:80"));
  EXPECT_THAT(offered({"replicas", "undrain", ""}), IsEmpty()) << "nobody answers";
}

}  // namespace
}  // namespace wp::ctl
