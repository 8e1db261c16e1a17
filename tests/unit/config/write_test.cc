#include "controlplane/config/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controlplane/config/read.h"

namespace wp::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Settings read(const std::string& text) {
  auto settings = read_settings(text);
  EXPECT_TRUE(settings.has_value()) << to_string(settings.error().front(), text);
  return settings.value_or(Settings{});
}

std::string two_pools(const std::string& in_a = "", const std::string& in_replica = "", const std::string& more = "") {
  return "[[pool]]\nname = 'a'\n" + in_a + "[[pool.replica]]\nurl = 'gpu-1:8000'\n" + in_replica +
         "[[pool.replica]]\nurl = 'http://[::1]:8000'\n" +
         "[[pool]]\nname = 'b'\nmodels = ['m']\nreplica = [{url = 'c:1', weight = 9}]\n[[route]]\nmodel = 'x*'\npool = "
         "'a'\n" +
         more;
}

std::vector<std::string> diff(const std::string& from, const std::string& to) {
  std::vector<std::string> lines;
  for (const SettingsChange& change : diff_settings(read(from), read(to))) lines.push_back(to_string(change));
  return lines;
}

TEST(WriteSettings, WhatIsWrittenReadsBackTheSame) {
  for (const std::string& text :
       {std::string("[[pool]]\nreplica = [{url = 'a:1'}]\n"), two_pools(),
        two_pools("load_factor = 1.375\nring_slots = 257\nusage = 'as-is'\n", "priority = 3\n",
                  "[limits]\nbody = 4097\n[timeouts]\nhead = '1ms'\n[admin]\ncontrol_socket = "
                  "\"a b\\\"\\\\\\u0007\"\n[requests]\nhash_key = '00ff'\npass_paths = []\n")}) {
    const Settings settings = read(text);
    const std::string written = write_settings(settings);
    const Settings again = read(written);
    EXPECT_THAT(diff_settings(settings, again), IsEmpty()) << written;
    EXPECT_EQ(write_settings(again), written);
  }
}

TEST(WriteSettings, EveryKeyIsShownUnderItsTable) {
  const std::string text = write_settings(read(two_pools("", "weight = 7\n")));
  EXPECT_TRUE(text.starts_with("[server]\nlisten = [\"0.0.0.0:8080\"]\n")) << text;
  EXPECT_THAT(text, HasSubstr("\n[timeouts]\nhead = \"10s\"\n"));
  EXPECT_THAT(text,
              HasSubstr("\n[[pool.replica]]\nurl = \"http://gpu-1:8000\"\nweight = 7\npriority = 0\nkv_events = 0\n"));
  EXPECT_THAT(text, HasSubstr("\n[[route]]\nmodel = \"x*\"\npool = \"a\"\n"));
}

TEST(DiffSettings, NothingDiffersFromItself) {
  EXPECT_THAT(diff(two_pools(), two_pools()), IsEmpty());
  EXPECT_THAT(diff(two_pools(), "# the same\n" + two_pools()), IsEmpty());
}

TEST(DiffSettings, NamesTheKeyBothValuesAndARestart) {
  EXPECT_THAT(diff(two_pools(), two_pools("strategy = 'round-robin'\n", "weight = 7\n", "[server]\nshards = 3\n")),
              ElementsAre("server.shards: 0 -> 3 (needs a restart)", "pool.a.strategy: \"warm\" -> \"round-robin\"",
                          "pool.a.replica.gpu-1:8000.weight: 100 -> 7"));
}

TEST(DiffSettings, MembersThatComeAndGo) {
  EXPECT_THAT(diff("[[pool]]\nreplica = [{url = 'a:1'}, {url = 'b:1'}]\n",
                   "[[pool]]\nreplica = [{url = 'b:1'}, {url = 'c:1', weight = 5}]\n"),
              ElementsAre("pool.default.replica.c:1.url: (none) -> \"http://c:1\"",
                          "pool.default.replica.c:1.weight: (none) -> 5",
                          "pool.default.replica.a:1.url: \"http://a:1\" -> (none)"))
      << "what is as usual goes without saying";
}

TEST(DiffSettings, WhoComesIsNamedHoweverUsualTheName) {
  const std::string a = "[[pool]]\nname = 'a'\nmodels = ['m']\nreplica = [{url = 'a:1'}]\n";
  EXPECT_THAT(diff(a, a + "[[pool]]\nmodels = ['n']\nreplica = [{url = 'b:1'}]\n"),
              ElementsAre("pool.default.name: (none) -> \"default\"", "pool.default.models: (none) -> [\"n\"]",
                          "pool.default.replica.b:1.url: (none) -> \"http://b:1\""));
}

TEST(DiffSettings, OrderOfMembersIsNoDifference) {
  EXPECT_THAT(diff("[[pool]]\nreplica = [{url = 'a:1'}, {url = 'b:1'}]\n",
                   "[[pool]]\nreplica = [{url = 'b:1'}, {url = 'a:1'}]\n"),
              IsEmpty());
}

}  // namespace
}  // namespace wp::control
