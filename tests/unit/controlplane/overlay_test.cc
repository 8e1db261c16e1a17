#include "controlplane/overlay.h"

#include <gtest/gtest.h>

#include "controlplane/overlay_text.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

Overlay over(std::initializer_list<std::string_view> configured, Changes changes = {}) {
  std::vector<ReplicaSpec> specs;
  for (const std::string_view text : configured) specs.push_back(spec_of(text));
  Overlay overlay(std::move(changes));
  overlay.configure(specs);
  return overlay;
}

// "a:1*7 drained" for each, in order.
std::string wanted(const Overlay& overlay) {
  std::string text;
  for (const auto& [spec, drained] : overlay.wanted()) {
    text += (text.empty() ? "" : " ") + spec.name + "*" + std::to_string(spec.weight) + (drained ? "!" : "");
  }
  return text;
}

TEST(Overlay, ChangesLieOverTheConfiguration) {
  Overlay overlay = over({"a:1", "b:1,weight=50", "c:1"});
  overlay.set_weight("a:1", 7);
  overlay.set_drained("b:1", true);
  overlay.remove("c:1");
  overlay.add(spec_of("d:1,weight=9"));
  EXPECT_EQ(wanted(overlay), "a:1*7 b:1*50! d:1*9");
  EXPECT_EQ(overlay.changes().size(), 4U);
}

TEST(Overlay, WhatIsAsConfiguredIsNoChange) {
  Overlay overlay = over({"a:1,weight=50"});
  overlay.set_weight("a:1", 7);
  overlay.set_weight("a:1", 50);
  overlay.set_drained("a:1", true);
  overlay.set_drained("a:1", false);
  overlay.remove("a:1");
  overlay.add(spec_of("a:1,weight=50"));
  overlay.add(spec_of("x:1"));
  overlay.remove("x:1");
  EXPECT_TRUE(overlay.changes().empty());
  EXPECT_FALSE(overlay.reset("a:1"));
}

TEST(Overlay, AReplicaThatWasRemovedComesBackWithItsNewWeight) {
  Overlay overlay = over({"a:1,weight=50,priority=1"});
  overlay.remove("a:1");
  EXPECT_EQ(wanted(overlay), "");
  EXPECT_NE(overlay.objection(spec_of("a:1")), "");
  EXPECT_EQ(overlay.objection(spec_of("a:1,priority=1")), "");
  overlay.add(spec_of("a:1,weight=8,priority=1"));
  EXPECT_EQ(wanted(overlay), "a:1*8");
  EXPECT_TRUE(overlay.reset("a:1"));
  EXPECT_EQ(wanted(overlay), "a:1*50");
}

TEST(Overlay, AnAdditionThatIsConfiguredNowIsTheConfigurations) {
  Overlay overlay = over({});
  overlay.add(spec_of("a:1,weight=9"));
  overlay.set_weight("a:1", 8);
  overlay.set_drained("a:1", true);
  overlay.configure(std::vector{spec_of("a:1,weight=50")});
  EXPECT_EQ(wanted(overlay), "a:1*50!");
  EXPECT_FALSE(overlay.find("a:1")->added.has_value());
}

TEST(Overlay, AChangeOutlivesTheConfigurationThatHadItsReplica) {
  Overlay overlay = over({"a:1", "b:1"});
  overlay.set_drained("a:1", true);
  overlay.remove("b:1");
  overlay.configure({});
  EXPECT_EQ(wanted(overlay), "");
  EXPECT_EQ(overlay.dormant(), (std::vector<std::string>{"a:1", "b:1"}));
  overlay.configure(std::vector{spec_of("a:1"), spec_of("b:1")});
  EXPECT_EQ(wanted(overlay), "a:1*100!");
  EXPECT_TRUE(overlay.dormant().empty());
}

TEST(OverlayText, WhatIsWrittenIsRead) {
  Overlay overlay = over({"a:1", "b:1", "c:1"});
  overlay.set_weight("a:1", 7);
  overlay.set_drained("a:1", true);
  overlay.remove("b:1");
  overlay.add(spec_of("[::1]:80,weight=9,priority=3"));
  const std::string text = state_text(overlay.changes());
  const auto read = read_state(text);
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(state_text(*read), text);
  EXPECT_EQ(wanted(over({"a:1", "b:1", "c:1"}, *read)), "a:1*7! c:1*100 [::1]:80*9");
  EXPECT_EQ(read->at("[::1]:80").added->priority, 3);
  EXPECT_TRUE(read->at("[::1]:80").added->literal.has_value());
}

TEST(OverlayText, NothingIsHalfUnderstood) {
  const auto error = [](std::string_view text) {
    const auto read = read_state(text);
    return read ? std::string() : read.error();
  };
  const auto with = [](const std::string& replicas) {
    return R"({"format":"warmpath-state","version":1,"replicas":)" + replicas + "}";
  };
  EXPECT_EQ(error(with("{}")), "");
  EXPECT_EQ(error(""), "it is no state of warmpathd");
  EXPECT_EQ(error("{\"version\":1}"), "it is no state of warmpathd");
  EXPECT_EQ(error(with("{").substr(0, 40)), "it is no state of warmpathd");
  EXPECT_EQ(error(R"({"format":"warmpath-state","version":2})"),
            "it is of version 2, and this warmpathd knows version 1");
  EXPECT_EQ(error(R"({"format":"warmpath-state","version":1})"), "it has no 'replicas'");
  EXPECT_EQ(error(R"({"format":"warmpath-state","version":1,"replicas":{},"x":1})"), "unknown key 'x'");
  EXPECT_EQ(error(with(R"({"a:1":{"drain":true}})")), "replica 'a:1': unknown key 'drain'");
  EXPECT_EQ(error(with(R"({"a:1":{"drained":1}})")), "replica 'a:1': 'drained' is true or false");
  EXPECT_EQ(error(with(R"({"a:1":{"removed":"yes"}})")), "replica 'a:1': 'removed' is true or false");
  EXPECT_EQ(error(with(R"({"a:1":{"weight":0}})")), "replica 'a:1': a weight from 1 to 1000 is wanted");
  EXPECT_EQ(error(with(R"({"a:1":7})")), "replica 'a:1': an object is wanted");
  EXPECT_EQ(error(with(R"({"A:1":{"added":{}}})")), "replica 'A:1': not the name of a replica");
  EXPECT_EQ(error(with(R"({"a:1":{"added":{"priority":256}}})")), "replica 'a:1': a priority from 0 to 255 is wanted");
}

}  // namespace
}  // namespace wp::control
