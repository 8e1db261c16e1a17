#include "controlplane/admin_prompts.h"

#include <array>

#include <gtest/gtest.h>

#include "controlplane/feeds/prompt_notes.h"
#include "dataplane/base/access_record.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

constexpr Instant kNow{7'000'000'000};
constexpr AdminRequest kAsked{.method = "POST", .target = "/v1/prompts", .body = "", .may_report = true};

// A fleet of one, and a shard that notes what it is sent.
struct Noted : World {
  Noted() {
    EXPECT_TRUE(fleet.start(std::vector{spec_of("127.0.0.1:8000")}));
    tap.open();
    prompts.add(tap);
  }

  balance::PromptTap tap;
  AdminPrompts prompts{registry, [] { return kNow; }};
};

TEST(AdminPrompts, WhatIsNotedIsGivenOnce) {
  Noted a;
  EXPECT_FALSE(a.tap.wanted(kNow));
  EXPECT_EQ(a.prompts.handle(kAsked).status, 200U);
  EXPECT_TRUE(a.tap.wanted(kNow + seconds(4)));
  EXPECT_FALSE(a.tap.wanted(kNow + seconds(5)));
  const std::array<prompt::Rung, 2> ladder = {{{0xabc, 256}, {0xdef, 320}}};
  const std::array<prompt::Rung, 1> ends = {{{0xffffffffffffffff, 400}}};
  const auto number = a.tap.sent(a.registry.members().front().ref, ladder, ends, 400, 90, kNow + millis(1));
  a.tap.first_byte(number, kNow + millis(2));
  a.tap.ended(number, 100, kNotTold, 64, kNow + millis(3));
  const auto notes = feeds::read_prompt_notes(a.prompts.handle(kAsked).body);
  ASSERT_TRUE(notes) << notes.error();
  ASSERT_EQ(notes->sent.size(), 1U);
  const feeds::SentPrompt& sent = notes->sent[0].prompt;
  EXPECT_EQ(notes->sent[0].replica, "127.0.0.1:8000");
  EXPECT_EQ(notes->sent[0].generation, 1U);
  EXPECT_EQ(sent.sent, kNow + millis(1));
  EXPECT_EQ(sent.estimated_tokens, 90U);
  ASSERT_EQ(sent.rungs.size(), 3U);
  EXPECT_EQ(sent.rungs[1].key, 0xdefU);
  EXPECT_EQ(sent.rungs[2].key, UINT64_MAX);
  EXPECT_EQ(sent.rungs[2].end, 400U);
  EXPECT_EQ(notes->first_bytes.at(0).at, kNow + millis(2));
  EXPECT_EQ(notes->first_bytes[0].number, sent.number);
  EXPECT_EQ(notes->ended.at(0).prompt_tokens, 100U);
  EXPECT_FALSE(notes->ended[0].completion_tokens);
  EXPECT_EQ(notes->ended[0].cached_tokens, 64U);
  EXPECT_TRUE(feeds::read_prompt_notes(a.prompts.handle(kAsked).body)->sent.empty());
}

TEST(AdminPrompts, WhatFindsNoRoomIsCounted) {
  Noted a;
  const std::array<prompt::Rung, 1> rungs = {{{1, 256}}};
  const balance::ReplicaRef replica = a.registry.members().front().ref;
  for (std::uint32_t i = 0; i < balance::PromptTap::kNotes; ++i) {
    EXPECT_NE(a.tap.sent(replica, rungs, {}, 256, 64, kNow), 0U);
  }
  EXPECT_EQ(a.tap.sent(replica, rungs, {}, 256, 64, kNow), 0U) << "and nothing of it follows";
  EXPECT_EQ(feeds::read_prompt_notes(a.prompts.handle(kAsked).body)->dropped, 1U);
}

TEST(AdminPrompts, OnlyReportersAreTold) {
  Noted a;
  EXPECT_EQ(a.prompts.handle({.method = "POST", .target = "/v1/prompts", .body = ""}).status, 403U);
  EXPECT_EQ(a.prompts.handle({.method = "GET", .target = "/v1/prompts", .body = "", .may_report = true}).status, 405U);
  EXPECT_FALSE(feeds::read_prompt_notes(R"({"sent": [{"number": 1}], "first_bytes": [], "ended": []})"));
  EXPECT_FALSE(feeds::read_prompt_notes("{}"));
}

}  // namespace
}  // namespace wp::control
