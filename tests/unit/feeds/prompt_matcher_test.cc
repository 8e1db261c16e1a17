#include "controlplane/feeds/prompt_matcher.h"

#include <optional>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace wp::feeds {
namespace {

constexpr Instant kMatchStart{1'000'000'000'000};
constexpr std::uint32_t kBlock = 4;  // tokens
constexpr std::uint32_t kTokenBytes = 4;

// An engine whose prompts are texts of numbers: the text of `lengths` {5, 3} and `contents` {1, 2} is five tokens of 1
// and three of 2. Each rung is at the end of such a part, and each part is a multiple of a block.
struct Fitting {
  struct Part {
    std::uint64_t content = 0;
    std::uint32_t blocks = 0;
  };
  using Prompt = std::vector<Part>;

  BlockCache cache;
  PromptBook book;
  PromptMatcher matcher;
  std::uint64_t numbered = 0;

  [[nodiscard]] static std::uint32_t blocks_of(const Prompt& prompt) {
    std::uint32_t blocks = 0;
    for (const Part& part : prompt) blocks += part.blocks;
    return blocks;
  }

  [[nodiscard]] static std::vector<PromptRung> rungs_of(const Prompt& prompt) {
    std::vector<PromptRung> rungs;
    std::uint32_t end = 0;
    PromptKey key = 17;
    for (const Part& part : prompt) {
      end += part.blocks * kBlock * kTokenBytes;
      key = key * 1'000'003 + part.content * 31 + part.blocks;
      rungs.push_back({key, end});
    }
    return rungs;
  }

  std::uint64_t sent(const Prompt& prompt, Instant at) {
    const std::uint32_t tokens = blocks_of(prompt) * kBlock;
    matcher.sent({.number = ++numbered,
                  .sent = at,
                  .bytes = std::uint64_t{tokens} * kTokenBytes,
                  .estimated_tokens = tokens,
                  .rungs = rungs_of(prompt)});
    return numbered;
  }

  void ended(std::uint64_t number, const Prompt& prompt, Instant first_byte, std::optional<std::uint32_t> cached = {}) {
    matcher.first_byte(number, first_byte);
    matcher.ended({.number = number,
                   .prompt_tokens = blocks_of(prompt) * kBlock,
                   .completion_tokens = 2,
                   .cached_tokens = cached},
                  first_byte + millis(20));
  }

  // The engine computes it, and finds what is there.
  void computed(const Prompt& prompt, Instant at) {
    BlockEvent event{.kind = BlockEvent::Kind::stored, .block_tokens = kBlock};
    BlockName name = 1;
    for (const Part& part : prompt) {
      for (std::uint32_t i = 0; i < part.blocks; ++i) {
        name = name * 1'000'003 + part.content;
        if (event.blocks.empty() && names_.contains(name)) {
          event.parent = name;
          continue;
        }
        names_.insert(name);
        event.blocks.push_back(name);
        event.tokens.insert(event.tokens.end(), kBlock, part.content);
      }
    }
    if (!event.blocks.empty()) cache.apply({.events = {event}}, at);
  }

  void settle(Instant now) { matcher.settle(cache, book, now, now); }

  // Asked alone, 10 ms before its blocks and 20 before its first byte.
  void asked(const Prompt& prompt, Instant at) {
    const std::uint64_t number = sent(prompt, at);
    computed(prompt, at + millis(10));
    ended(number, prompt, at + millis(20));
    settle(at + millis(50));
  }

  // The depth of the prompt's last key, if its block is there.
  [[nodiscard]] std::uint32_t known(const Prompt& prompt) const {
    const PromptBook::Place* place = book.find(rungs_of(prompt).back().key);
    return place != nullptr && cache.holds(place->block) ? place->depth : 0;
  }

 private:
  std::set<BlockName> names_;
};

TEST(PromptMatcher, AChainOfItsLengthInItsTimeIsAPromptsOwn) {
  Fitting a;
  const Fitting::Prompt prompt = {{1, 3}, {2, 5}};
  a.asked(prompt, kMatchStart);
  EXPECT_EQ(a.matcher.counts().matched, 1U);
  EXPECT_EQ(a.known(prompt), 8U);
  EXPECT_EQ(a.known({{1, 3}}), 3U);
  EXPECT_EQ(a.matcher.open(), 0U);
}

TEST(PromptMatcher, PromptsOfOtherLengthsAreToldApart) {
  Fitting a;
  const std::vector<Fitting::Prompt> prompts = {{{1, 8}}, {{2, 9}}, {{3, 12}}, {{4, 2}}};
  for (const auto& prompt : prompts) static_cast<void>(a.sent(prompt, kMatchStart));
  for (const auto& prompt : prompts) a.computed(prompt, kMatchStart + millis(10));
  for (std::size_t i = 0; i < prompts.size(); ++i) a.ended(i + 1, prompts[i], kMatchStart + millis(20));
  a.settle(kMatchStart + millis(100));
  EXPECT_EQ(a.matcher.counts().matched, 4U);
  for (const auto& prompt : prompts) EXPECT_EQ(a.known(prompt), Fitting::blocks_of(prompt));
}

TEST(PromptMatcher, WhatMayBeAnothersIsNobodys) {
  Fitting a;
  const Fitting::Prompt first = {{1, 8}};
  const Fitting::Prompt second = {{2, 8}};
  for (const auto& prompt : {first, second}) static_cast<void>(a.sent(prompt, kMatchStart));
  for (const auto& prompt : {first, second}) a.computed(prompt, kMatchStart + millis(10));
  a.ended(1, first, kMatchStart + millis(20));
  a.ended(2, second, kMatchStart + millis(20));
  a.settle(kMatchStart + seconds(30));
  EXPECT_EQ(a.matcher.open(), 2U);
  a.settle(kMatchStart + seconds(61));
  EXPECT_EQ(a.matcher.counts().ambiguous, 2U);
  EXPECT_EQ(a.known(first) + a.known(second), 0U);
}

// One of them was all in the cache: the chain is the other's, and nobody can know.
TEST(PromptMatcher, OneChainOfTwoPromptsIsNobodys) {
  Fitting a;
  const Fitting::Prompt there = {{1, 8}};
  const Fitting::Prompt fresh = {{2, 8}};
  a.computed(there, kMatchStart - seconds(100));
  for (const auto& prompt : {there, fresh}) static_cast<void>(a.sent(prompt, kMatchStart));
  a.computed(fresh, kMatchStart + millis(10));
  a.ended(1, there, kMatchStart + millis(20));
  a.settle(kMatchStart + seconds(5));
  EXPECT_EQ(a.matcher.counts().matched, 0U) << "the other may be as long";
  a.ended(2, fresh, kMatchStart + seconds(6));
  a.settle(kMatchStart + seconds(70));
  EXPECT_EQ(a.matcher.counts().ambiguous, 2U);
  EXPECT_EQ(a.known(there) + a.known(fresh), 0U);
}

TEST(PromptMatcher, ATimeThatFitsOneLeavesTheOtherToTheSecond) {
  Fitting a;
  const Fitting::Prompt first = {{1, 8}};
  const Fitting::Prompt second = {{2, 8}};
  const auto early = a.sent(first, kMatchStart);
  a.computed(first, kMatchStart + millis(10));
  const auto late = a.sent(second, kMatchStart + millis(100));
  a.computed(second, kMatchStart + millis(110));
  a.ended(early, first, kMatchStart + millis(200));  // it was held up on its way: both are in its time
  a.ended(late, second, kMatchStart + millis(120));
  a.settle(kMatchStart + millis(300));
  EXPECT_EQ(a.matcher.counts().matched, 2U);
  EXPECT_EQ(a.known(first) + a.known(second), 16U);
}

TEST(PromptMatcher, WhatPromptsBeginWithTellsThemApart) {
  Fitting a;
  a.asked({{1, 6}, {9, 7}}, kMatchStart);
  a.asked({{2, 6}, {9, 8}}, kMatchStart + seconds(1));
  const Fitting::Prompt first = {{1, 6}, {3, 2}, {4, 2}};
  const Fitting::Prompt second = {{2, 6}, {3, 2}, {4, 2}};
  const Instant at = kMatchStart + seconds(2);
  for (const auto& prompt : {first, second}) static_cast<void>(a.sent(prompt, at));
  for (const auto& prompt : {second, first}) a.computed(prompt, at + millis(10));
  a.ended(3, first, at + millis(20));
  a.ended(4, second, at + millis(20));
  a.settle(at + millis(100));
  EXPECT_EQ(a.matcher.counts().matched, 4U);
  EXPECT_EQ(a.known(first), 10U);
  EXPECT_EQ(a.known(second), 10U);
}

// Two prompts share two parts of three; the first says that the second part is longer than it is.
TEST(PromptMatcher, WhereOthersPartAKeyEndsAtTheLatest) {
  Fitting a;
  a.asked({{1, 4}, {2, 4}, {3, 8}}, kMatchStart);
  Fitting::Prompt longer = {{1, 4}, {2, 4}, {5, 9}};
  const auto number = a.sent(longer, kMatchStart + seconds(1));
  a.computed({{1, 4}, {2, 2}, {6, 11}}, kMatchStart + seconds(1) + millis(10));
  a.ended(number, longer, kMatchStart + seconds(1) + millis(20));
  a.settle(kMatchStart + seconds(2));
  EXPECT_EQ(a.matcher.counts().matched, 2U);
  EXPECT_EQ(a.known({{1, 4}, {2, 4}}), 6U);
}

TEST(PromptMatcher, WhatContradictsWhatIsKnownIsForgotten) {
  Fitting a;
  a.asked({{1, 4}, {2, 4}, {3, 8}}, kMatchStart);
  const Fitting::Prompt other = {{1, 4}, {2, 4}, {3, 8}, {4, 16}};
  const auto number = a.sent(other, kMatchStart + seconds(1));
  a.computed({{7, 32}}, kMatchStart + seconds(1) + millis(10));
  a.ended(number, other, kMatchStart + seconds(1) + millis(20));
  a.settle(kMatchStart + seconds(2));
  EXPECT_EQ(a.matcher.counts().contradicted, 1U);
  EXPECT_EQ(a.known({{1, 4}}), 0U);
  EXPECT_EQ(a.known(other), 0U);
}

TEST(PromptMatcher, AnEngineThatTellsLateIsWaitedFor) {
  Fitting a;
  const Fitting::Prompt prompt = {{1, 8}};
  const auto number = a.sent(prompt, kMatchStart);
  a.ended(number, prompt, kMatchStart + millis(20));
  a.settle(kMatchStart + millis(500));
  EXPECT_EQ(a.matcher.open(), 1U);
  a.computed(prompt, kMatchStart + seconds(2));
  a.matcher.settle(a.cache, a.book, kMatchStart + seconds(2), kMatchStart + seconds(9));
  EXPECT_EQ(a.matcher.open(), 1U) << "more may have come that is not told yet";
  a.settle(kMatchStart + seconds(10));
  EXPECT_EQ(a.known(prompt), 8U);
}

TEST(PromptMatcher, BlocksOfTheReplyMayComeWithThePrompts) {
  Fitting a;
  const Fitting::Prompt prompt = {{1, 8}};
  const auto number = a.sent(prompt, kMatchStart);
  a.computed({{1, 8}, {5, 1}}, kMatchStart + millis(10));
  a.matcher.first_byte(number, kMatchStart + millis(20));
  a.matcher.ended({.number = number, .prompt_tokens = 32, .completion_tokens = 6}, kMatchStart + millis(90));
  a.settle(kMatchStart + seconds(4));
  EXPECT_EQ(a.known(prompt), 8U);
}

TEST(PromptMatcher, WhatAReplyHadCachedIsHeldAgainstTheChain) {
  Fitting a;
  const Fitting::Prompt prompt = {{1, 8}};
  a.computed({{1, 6}}, kMatchStart - seconds(1));
  const auto number = a.sent(prompt, kMatchStart);
  a.computed(prompt, kMatchStart + millis(10));
  a.ended(number, prompt, kMatchStart + millis(20), 4 * kBlock);
  a.settle(kMatchStart + seconds(4));
  EXPECT_EQ(a.matcher.counts().unseen, 1U) << "six blocks were there, and its own found four";
  const auto all_there = a.sent(prompt, kMatchStart + seconds(5));
  a.computed({{2, 8}}, kMatchStart + seconds(5) + millis(10));
  a.ended(all_there, prompt, kMatchStart + seconds(5) + millis(20), 8 * kBlock);
  a.settle(kMatchStart + seconds(9));
  EXPECT_EQ(a.matcher.counts().unseen, 2U);
}

TEST(PromptMatcher, WhatIsNotMadeOutIsCounted) {
  Fitting a;
  a.asked({{1, 8}}, kMatchStart);
  const auto nothing_new = a.sent({{1, 8}}, kMatchStart + seconds(1));
  a.ended(nothing_new, {{1, 8}}, kMatchStart + seconds(1) + millis(5));
  a.settle(kMatchStart + seconds(5));
  EXPECT_EQ(a.matcher.counts().unseen, 1U);
  const auto untold = a.sent({{2, 8}}, kMatchStart + seconds(6));
  a.matcher.first_byte(untold, kMatchStart + seconds(7));
  a.matcher.ended({.number = untold}, kMatchStart + seconds(7));
  EXPECT_EQ(a.matcher.counts().untold, 1U);
  static_cast<void>(a.sent({{2, 8}}, kMatchStart + seconds(8)));
  a.matcher.forget();
  EXPECT_EQ(a.matcher.counts().lost, 1U);
  PromptMatcher small({.prompts = 1});
  for (std::uint64_t i = 0; i < 3; ++i) small.sent({.number = i, .sent = kMatchStart, .bytes = 1, .rungs = {{1, 1}}});
  EXPECT_EQ(small.counts().lost, 2U);
}

TEST(PromptMatcher, WhatMadeRoomForAMatchedPromptIsCounted) {
  Fitting a;
  a.book = PromptBook(3);
  a.asked({{1, 3}, {2, 5}}, kMatchStart);
  EXPECT_EQ(a.matcher.counts().displaced, 0U);
  a.asked({{3, 3}, {4, 5}}, kMatchStart + seconds(1));
  EXPECT_EQ(a.matcher.counts().matched, 2U);
  EXPECT_EQ(a.matcher.counts().displaced, 1U);
}

}  // namespace
}  // namespace wp::feeds
