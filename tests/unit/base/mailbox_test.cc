#include "dataplane/base/mailbox.h"

#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace wp {
namespace {

TEST(Mailbox, IsEmptyAtFirst) {
  Mailbox<int> box(4);
  int message = 7;
  EXPECT_FALSE(box.pop(message));
  EXPECT_EQ(message, 7);
}

TEST(Mailbox, KeepsTheOrder) {
  Mailbox<int> box(4);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(box.push(i));
  for (int i = 0; i < 3; ++i) {
    int message = -1;
    ASSERT_TRUE(box.pop(message));
    EXPECT_EQ(message, i);
  }
}

TEST(Mailbox, HoldsExactlyItsCapacity) {
  for (const std::uint32_t capacity : {1U, 2U, 64U}) {
    Mailbox<std::uint32_t> box(capacity);
    for (std::uint32_t i = 0; i < capacity; ++i) ASSERT_TRUE(box.push(i));
    EXPECT_FALSE(box.push(99));
    std::uint32_t message = 0;
    ASSERT_TRUE(box.pop(message));
    EXPECT_EQ(message, 0U) << "the refused one did not overwrite";
    EXPECT_TRUE(box.push(capacity));
    EXPECT_FALSE(box.push(99));
  }
}

TEST(Mailbox, GoesRoundManyTimes) {
  Mailbox<std::uint32_t> box(4);
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  for (int round = 0; round < 1'000; ++round) {
    for (int i = 0; i < round % 5; ++i) sent += box.push(sent) ? 1U : 0U;
    for (std::uint32_t message = 0; box.pop(message); ++received) ASSERT_EQ(message, received);
  }
  EXPECT_EQ(received, sent);
  EXPECT_GT(sent, 1'000U);
}

TEST(Mailbox, CarriesWhatCanOnlyBeMovedAndKeepsNothing) {
  Mailbox<std::unique_ptr<int>> box(2);
  auto shared = std::make_shared<int>(1);
  ASSERT_TRUE(box.push(std::make_unique<int>(5)));
  std::unique_ptr<int> message;
  ASSERT_TRUE(box.pop(message));
  EXPECT_EQ(*message, 5);

  Mailbox<std::shared_ptr<int>> counted(2);
  ASSERT_TRUE(counted.push(shared));
  std::shared_ptr<int> out;
  ASSERT_TRUE(counted.pop(out));
  EXPECT_EQ(shared.use_count(), 2) << "the slot holds no copy";
}

TEST(MailboxDeathTest, ACapacityThatIsNoPowerOfTwoIsAWrongProgram) {
  EXPECT_DEATH(Mailbox<int>(3), "assertion failed");
  EXPECT_DEATH(Mailbox<int>(0), "assertion failed");
}

// The payload is written outside of the box: only the box's own order makes it safe to read, which is what the thread
// sanitizer checks. The small capacity makes both ends meet full and empty all the time.
TEST(Mailbox, HandsOverBetweenTwoThreadsInOrderAndWhole) {
  constexpr std::uint32_t kMessages = 50'000;
  struct Letter {
    std::uint32_t number = 0;
    std::unique_ptr<std::uint64_t> text;
  };
  Mailbox<Letter> box(8);
  std::thread sender([&] {
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      // push() takes its argument even when it refuses: a fresh one each time.
      while (!box.push({i, std::make_unique<std::uint64_t>(std::uint64_t{i} * i)})) std::this_thread::yield();
    }
  });
  std::uint32_t wrong = 0;
  for (std::uint32_t expected = 0; expected < kMessages;) {
    Letter letter;
    if (!box.pop(letter)) {
      std::this_thread::yield();
      continue;
    }
    wrong += letter.number == expected && *letter.text == std::uint64_t{expected} * expected ? 0U : 1U;
    ++expected;
  }
  sender.join();
  EXPECT_EQ(wrong, 0U);
  Letter none;
  EXPECT_FALSE(box.pop(none));
}

}  // namespace
}  // namespace wp
