#include "controlplane/config/reload.h"

#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "controlplane/admin_config.h"
#include "controlplane/config/read.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kFile = "[[pool]]\nhealth = {enabled = false}\nreplica = [{url = '10.0.0.1:1'}]\n";

// A world whose settings are a file's.
struct ReloadBox {
  ReloadBox() {
    write(kFile);
    const Settings settings = load_settings(path).value();
    EXPECT_TRUE(world.fleet.start(all_replicas(settings)).has_value());
    reloader.emplace(path, settings, world.fleet);
  }
  ~ReloadBox() { std::remove(path.c_str()); }

  void write(const std::string& text) { std::ofstream(path) << text; }
  std::string metrics() const {
    MetricText text;
    reloader->write(text);
    return text.text();
  }
  Json config(const std::string& method, const std::string& rest, const std::string& body, unsigned status) {
    AdminConfig admin(*reloader);
    const AdminReply reply = admin.handle({method, "", body, true}, rest);
    EXPECT_EQ(reply.status, status) << reply.body;
    return Json::parse(reply.body);
  }

  std::string path = testing::TempDir() + "warmpath-reload-" + std::to_string(getpid()) + ".toml";
  World world;
  std::optional<Reloader> reloader;
};

TEST(Reloader, AppliesWhatDiffersInOneSnapshot) {
  ReloadBox box;
  const std::uint64_t version = box.world.snapshot().version;
  box.write(
      "[timeouts]\nhead = '3s'\n[[pool]]\nhealth = {enabled = false}\nreplica = [{url = '10.0.0.1:1', weight = 7}, "
      "{url = '10.0.0.2:1'}]\n");
  const ReloadReport report = box.reloader->reload();
  EXPECT_EQ(report.result, ReloadResult::applied);
  EXPECT_EQ(report.changes.size(), 3U);  // the timeout, the weight, and that the second one came
  EXPECT_EQ(box.world.snapshot().version, version + 1);
  EXPECT_EQ(box.world.snapshot().replicas.size(), 2U);
  EXPECT_EQ(box.world.snapshot().client.head, seconds(3));
  EXPECT_EQ(box.reloader->settings().client.head, seconds(3));
}

TEST(Reloader, RunTimeChangesLieOverTheFile) {
  ReloadBox box;
  const auto file = [&box](const std::string& replicas) {
    box.write("[[pool]]\nhealth = {enabled = false}\nreplica = [" + replicas + "]\n");
    return box.reloader->reload().result;
  };
  ASSERT_EQ(file("{url = '10.0.0.1:1'}, {url = '10.0.0.2:1'}, {url = '10.0.0.3:1'}"), ReloadResult::applied);
  ASSERT_TRUE(box.world.fleet.set_weight("10.0.0.1:1", 7).has_value());
  ASSERT_TRUE(box.world.fleet.drain("10.0.0.2:1").has_value());
  ASSERT_TRUE(box.world.fleet.remove("10.0.0.3:1").has_value());
  ASSERT_TRUE(box.world.fleet.add(spec_of("10.0.0.4:1")).has_value());
  const balance::ReplicaRef added = box.world.registry.find("10.0.0.4:1")->ref;
  ASSERT_EQ(file("{url = '10.0.0.1:1', weight = 8}, {url = '10.0.0.2:1', priority = 1}, {url = '10.0.0.3:1'}"),
            ReloadResult::applied);
  EXPECT_EQ(box.world.registry.find("10.0.0.1:1")->spec.weight, 7U);
  EXPECT_TRUE(box.world.registry.find("10.0.0.2:1")->draining);
  EXPECT_EQ(box.world.registry.find("10.0.0.2:1")->spec.priority, 1);
  EXPECT_EQ(box.world.registry.find("10.0.0.3:1"), nullptr);
  EXPECT_EQ(box.world.registry.find("10.0.0.4:1")->ref, added);
  ASSERT_EQ(file("{url = '10.0.0.4:1', weight = 5}"), ReloadResult::applied);
  EXPECT_EQ(box.world.registry.find("10.0.0.4:1")->ref, added) << "the file's from now on, and still the same";
  EXPECT_EQ(box.world.registry.find("10.0.0.4:1")->spec.weight, 5U);
  EXPECT_EQ(box.world.registry.members().size(), 1U);
}

TEST(Reloader, AnUnchangedFileIsNoChange) {
  ReloadBox box;
  const std::uint64_t version = box.world.snapshot().version;
  box.write(std::string("# a comment\n") + kFile);
  EXPECT_EQ(box.reloader->reload().result, ReloadResult::unchanged);
  EXPECT_EQ(box.world.snapshot().version, version);
}

TEST(Reloader, WhatIsWrongIsToldAndNothingApplied) {
  ReloadBox box;
  const std::uint64_t version = box.world.snapshot().version;
  box.write(std::string(kFile) + "[server]\nshard = 1\n");
  const ReloadReport invalid = box.reloader->reload();
  EXPECT_EQ(invalid.result, ReloadResult::invalid);
  EXPECT_THAT(invalid.problems,
              ElementsAre(box.path + ":5: unknown key 'server.shard'; did you mean 'server.shards'?"));
  box.write(std::string(kFile) + "[server]\nshards = 1\n[limits]\nbody = '1MiB'\n[timeouts]\nhead = '1s'\n");
  const ReloadReport fixed = box.reloader->reload();
  EXPECT_EQ(fixed.result, ReloadResult::needs_restart);
  EXPECT_THAT(fixed.problems, ElementsAre(box.path + ": a restart is needed to change server.shards, limits.body"));
  std::remove(box.path.c_str());
  EXPECT_EQ(box.reloader->reload().result, ReloadResult::invalid);
  EXPECT_EQ(box.world.snapshot().version, version);
  EXPECT_EQ(box.reloader->settings().client.head, balance::ClientTimeouts{}.head);
  EXPECT_THAT(box.metrics(), HasSubstr("warmpath_config_reloads_total{result=\"invalid\"} 2\n"));
  EXPECT_THAT(box.metrics(), HasSubstr("warmpath_config_reloads_total{result=\"needs_restart\"} 1\n"));
}

TEST(Reloader, WithoutAFileThereIsNothingToReload) {
  World world;
  Reloader reloader("", {}, world.fleet);
  EXPECT_EQ(reloader.reload().result, ReloadResult::no_file);
}

TEST(AdminConfig, AnswersWithChangesOrProblems) {
  ReloadBox box;
  box.write("[[pool]]\nhealth = {enabled = false}\nreplica = [{url = '10.0.0.1:1', weight = 7}]\n");
  const Json applied = box.config("POST", "reload", "", 200);
  EXPECT_EQ(applied.at("result"), "applied");
  EXPECT_EQ(
      applied.at("changes"),
      Json::array(
          {{{"key", "pool.default.replica.10.0.0.1:1.weight"}, {"old", "100"}, {"new", "7"}, {"restart", false}}}));
  box.write("x = 1\n");
  const Json refused = box.config("POST", "reload", "", 400);
  EXPECT_EQ(refused.at("problems").back(), box.path + ":1: unknown key 'x'");
  EXPECT_EQ(box.config("POST", "diff", std::string(kFile) + "[server]\npin = false\n", 200).at("changes").size(), 2U);
  EXPECT_EQ(box.config("POST", "diff", "[[pool]]\n", 400).at("problems").size(), 1U);
}

TEST(AdminConfig, TellsBeforehandWhatAReloadWouldChange) {
  ReloadBox box;
  EXPECT_EQ(box.config("GET", "diff", "", 200), Json({{"file", box.path}, {"changes", Json::array()}}));
  box.write(std::string(kFile) + "[limits]\nbody = '1MiB'\n[timeouts]\nhead = '1s'\n");
  const Json changes = box.config("GET", "diff", "", 200).at("changes");
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].at("restart"), true);
  EXPECT_EQ(changes[1].at("restart"), false);
  EXPECT_EQ(box.reloader->settings().client.head, balance::ClientTimeouts{}.head) << "nothing is applied";
  box.write("x = 1\n");
  EXPECT_EQ(box.config("GET", "diff", "", 400).at("problems").back(), box.path + ":1: unknown key 'x'");
  EXPECT_THAT(box.metrics(), HasSubstr("{result=\"invalid\"} 0\n")) << "looking is no reload";
  Reloader without("", {}, box.world.fleet);
  EXPECT_EQ(AdminConfig(without).handle({"GET", "", "", true}, "diff").status, 409U);
}

TEST(AdminConfig, TheStatusTellsOfTheLastReload) {
  ReloadBox box;
  const AdminConfig admin(*box.reloader);
  admin.join(box.world.api.status());
  const auto section = [&] {
    return Json::parse(box.world.api.handle({"GET", "/status", "", false}).body).at("config");
  };
  EXPECT_EQ(section().at("file"), box.path);
  EXPECT_TRUE(section().at("last_reload").is_null());
  EXPECT_LT(section().at("loaded_seconds_ago").get<int>(), 600);
  box.write("x = 1\n");
  static_cast<void>(box.reloader->reload());
  EXPECT_EQ(section().at("last_reload").at("result"), "invalid");
  EXPECT_EQ(section().at("last_reload").at("problems").size(), 2U);
}

TEST(AdminConfig, IsForTheControlSocketAlone) {
  ReloadBox box;
  AdminConfig admin(*box.reloader);
  EXPECT_EQ(admin.handle({"GET", "", "", false}, "").status, 403U);
  EXPECT_EQ(admin.handle({"POST", "", "", false}, "reload").status, 403U);
  EXPECT_EQ(admin.handle({"POST", "", "", true}, "").allow, "GET, HEAD");
  EXPECT_EQ(admin.handle({"GET", "", "", true}, "reload").allow, "POST");
  EXPECT_EQ(admin.handle({"GET", "", "", true}, "show").status, 404U);
  const AdminReply shown = admin.handle({"GET", "", "", true}, "");
  EXPECT_EQ(shown.body, write_settings(box.reloader->settings()));
}

}  // namespace
}  // namespace wp::control
